#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "cli/result_text.h"
#include "tests/adapter/cli/command.h"
#include "tests/support/server_process.h"
#include "tests/support/shared_servers.h"

// The program itself is killed here, at moments that chance chooses. TENANTRY_KILL_SEED plays one
// run again, TENANTRY_KILLS says how often to kill.
namespace tenantry::cli {
namespace {

using std::chrono::microseconds;
using testing::Postgres;

constexpr char kTable[] =
    "CREATE TABLE public.killed (id bigint PRIMARY KEY, grp integer CHECK (grp <> 77), "
    "name text, at timestamptz, amount numeric)";
constexpr int kRows = 30'000;

// With values that are none, a check that some rows violate, and keys that come twice.
std::string MakeRows() {
  std::string text = "id,grp,name,at,amount\n";
  for (int i = 1; i <= kRows; ++i) {
    const std::string id = i % 997 == 0 ? std::to_string(i - 1) : std::to_string(i);
    text += id + "," + (i % 501 == 0 ? "none" : std::to_string(i % 1000)) + ",\"row " +
            std::to_string(i) + "\",2026-01-02T03:04:05Z," + std::to_string(i) + ".25\n";
  }
  return text;
}

std::string ReadFile(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string Setting(const char* name, const std::string& otherwise) {
  const char* value = std::getenv(name);
  return value == nullptr ? otherwise : value;
}

class Program {
 public:
  Program(const std::vector<std::string>& words, const std::string& out) {
    const std::string path =
        std::filesystem::read_symlink("/proc/self/exe").parent_path() / "tenantry";
    std::vector<std::string> arguments = {path};
    arguments.insert(arguments.end(), words.begin(), words.end());
    std::vector<char*> pointers;
    for (std::string& argument : arguments) {
      pointers.push_back(argument.data());
    }
    pointers.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 1, out.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    EXPECT_EQ(posix_spawn(&pid_, path.c_str(), &actions, nullptr, pointers.data(), environ), 0)
        << path;
    posix_spawn_file_actions_destroy(&actions);
  }
  void Kill() const { ::kill(pid_, SIGKILL); }
  // The exit code; -1 when it was killed.
  int Wait() const {
    int status = 0;
    ::waitpid(pid_, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

 private:
  pid_t pid_ = -1;
};

class KilledLoad : public ::testing::Test {
 protected:
  void SetUp() override { file_ = folder_.Write("killed.csv", MakeRows()); }

  std::vector<std::string> Words() const {
    // Little memory makes many small chunks.
    return {"load",    "--store",  UrlOf(Postgres().superuser()),
            "--table", "killed",   "--memory-limit",
            "1Mi",     "--output", "json",
            "-q",      file_};
  }
  std::string OutPath() const { return folder_.path() + "/out.json"; }
  static void Empty() {
    ASSERT_TRUE(
        Postgres().Script("app", std::string("DROP TABLE IF EXISTS public.killed; ") + kTable));
  }
  static std::string Content() {
    return Postgres().Value("app",
                            "SELECT count(*) || ' ' || sum(hashtextextended(k::text, 0)) FROM "
                            "public.killed k");
  }
  static void KillServerSessions() {
    Postgres().Value("app",
                     "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE "
                     "application_name = 'tenantry-load'");
  }
  int RunToItsEnd() const { return Program(Words(), OutPath()).Wait(); }
  // What the load is recorded to have done (the last output may be that of a program that found it
  // done), and the lines of its reject file.
  std::string Counters() const {
    const std::string rejects = ReadFile(file_ + ".rejects.ndjson");
    return Postgres().Value(
               "app",
               "SELECT concat_ws(' ', counters ->> 'read', counters ->> 'inserted', counters ->> "
               "'updated', counters ->> 'unchanged', counters ->> 'skipped', counters ->> "
               "'rejected') FROM tenantry_loads.loads WHERE table_name = 'killed'") +
           " " + std::to_string(std::count(rejects.begin(), rejects.end(), '\n'));
  }

  testing::TemporaryFolder folder_;
  std::string file_;
};

TEST_F(KilledLoad, EndsAsOneThatWasNotKilled) {
  Empty();
  const auto start = std::chrono::steady_clock::now();
  ASSERT_EQ(RunToItsEnd(), 3);
  const auto whole =
      std::chrono::duration_cast<microseconds>(std::chrono::steady_clock::now() - start);
  const std::string content = Content(), counters = Counters();
  const auto seed = static_cast<std::uint32_t>(
      std::stoul(Setting("TENANTRY_KILL_SEED", std::to_string(std::random_device()()))));
  std::mt19937 random(seed);
  std::uniform_int_distribution<std::int64_t> moment(0, whole.count());
  SCOPED_TRACE("TENANTRY_KILL_SEED=" + std::to_string(seed));

  for (int left = std::stoi(Setting("TENANTRY_KILLS", "12")); left > 0;) {
    Empty();
    int exit_code = -1;
    for (; exit_code != 3 && left > 0; --left) {
      const Program program(Words(), OutPath());
      std::this_thread::sleep_for(microseconds(moment(random)));
      if (left % 3 == 0) {
        KillServerSessions();
      } else {
        program.Kill();
      }
      exit_code = program.Wait();
    }
    ASSERT_TRUE(exit_code == 3 || RunToItsEnd() == 3);
    ASSERT_EQ(Content(), content);
    ASSERT_EQ(Counters(), counters);
  }
}

}  // namespace
}  // namespace tenantry::cli
