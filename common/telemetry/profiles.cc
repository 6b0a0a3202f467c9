#include "common/telemetry/profiles.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <gperftools/malloc_extension.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>

#include "common/base/strings.h"
#include "common/net/socket.h"
#include "common/telemetry/log.h"

namespace tenantry::telemetry {
namespace {

using std::chrono::steady_clock;

constexpr int kDefaultSeconds = 30;
constexpr int kMostSeconds = 300;
constexpr char kProfilerLibrary[] = "libprofiler.so.0";
constexpr char kAllocatorLibrary[] = "libtcmalloc.so.4";
constexpr char kSampling[] = "TCMALLOC_SAMPLE_PARAMETER";
constexpr char kSampleBytes[] = "524288";  // of allocation between two samples: hardly any cost

// `message` is a constant of ours: it needs no escaping.
net::ServerResponse Refusal(int status, std::string_view message) {
  return {.status = status,
          .body = std::string(R"({"error":{"code":"Unavailable","message":")")
                      .append(message)
                      .append("\"}}")};
}

template <class Function>
Function Find(void* library, const char* name) {
  return reinterpret_cast<Function>(dlsym(library, name));
}

// gperftools' CPU profiler: one for the process.
class CpuProfiler {
 public:
  // None: the library is not installed.
  static std::optional<CpuProfiler> Load() {
    void* library = dlopen(kProfilerLibrary, RTLD_NOW | RTLD_GLOBAL);
    if (library == nullptr) {
      return std::nullopt;
    }
    const CpuProfiler profiler{Find<int (*)(const char*)>(library, "ProfilerStart"),
                               Find<void (*)()>(library, "ProfilerStop")};
    return profiler.start != nullptr && profiler.stop != nullptr ? std::optional(profiler)
                                                                 : std::nullopt;
  }

  int (*start)(const char* path);
  void (*stop)();
};

// A profile that is being taken; its end, whatever the reason, makes way for the next one.
class RunningProfile {
 public:
  // Null: another one runs, or the profiler cannot start.
  static std::shared_ptr<RunningProfile> Start(const CpuProfiler& profiler, int seconds) {
    if (Running().exchange(true)) {
      return nullptr;
    }
    std::shared_ptr<RunningProfile> profile(new RunningProfile(profiler, seconds));
    return profile->has_begun_ ? profile : nullptr;
  }

  ~RunningProfile() {
    Stop();
    Running() = false;
  }
  RunningProfile(const RunningProfile&) = delete;
  RunningProfile& operator=(const RunningProfile&) = delete;

  // As ServerResponse::next_chunk: nothing until the time is over, then all, then the end.
  std::optional<std::string> Next(const std::stop_token& stop) {
    constexpr std::chrono::milliseconds kStep{100};
    if (!has_begun_ || stop.stop_requested()) {
      return std::nullopt;
    }
    if (steady_clock::now() < until_) {
      std::this_thread::sleep_for(
          std::min<steady_clock::duration>(kStep, until_ - steady_clock::now()));
      return "";
    }
    Stop();
    return Read();
  }

 private:
  RunningProfile(const CpuProfiler& profiler, int seconds)
      : profiler_(profiler),
        until_(steady_clock::now() + std::chrono::seconds(seconds)),
        file_(memfd_create("cpu-profile", MFD_CLOEXEC)) {
    // The profiler writes to a path: this one is memory, as the disk may be read-only.
    has_begun_ = file_.get() >= 0 &&
                 profiler_.start(("/proc/self/fd/" + std::to_string(file_.get())).c_str()) != 0;
  }

  void Stop() {
    if (std::exchange(has_begun_, false)) {
      profiler_.stop();
    }
  }

  std::string Read() const {
    std::string text;
    std::array<char, 16 << 10> buffer;
    for (ssize_t count = 0; (count = pread(file_.get(), buffer.data(), buffer.size(),
                                           static_cast<off_t>(text.size()))) > 0;) {
      text.append(buffer.data(), static_cast<std::size_t>(count));
    }
    return text;
  }

  static std::atomic<bool>& Running() {
    static std::atomic<bool> running = false;
    return running;
  }

  const CpuProfiler profiler_;
  const steady_clock::time_point until_;
  const net::UniqueFd file_;
  bool has_begun_ = false;
};

std::optional<int> SecondsOf(const std::string& query) {
  int seconds = kDefaultSeconds;
  for (const std::string_view part : Split(query, '&')) {
    if (!part.starts_with("seconds=")) {
      continue;
    }
    const std::string_view value = part.substr(8);
    const auto parsed = std::from_chars(value.data(), value.data() + value.size(), seconds);
    if (parsed.ec != std::errc() || parsed.ptr != value.data() + value.size()) {
      return std::nullopt;
    }
  }
  return seconds >= 1 && seconds <= kMostSeconds ? std::optional(seconds) : std::nullopt;
}

net::ServerResponse AnswerCpu(const net::ServerRequest& request) {
  const std::optional<int> seconds = SecondsOf(request.query);
  if (!seconds) {
    return Refusal(400, "seconds must be a whole number from 1 to 300");
  }
  const auto profiler = CpuProfiler::Load();
  if (!profiler) {
    return Refusal(501, "CPU profiles need libprofiler.so.0: install libgoogle-perftools4");
  }
  auto profile = RunningProfile::Start(*profiler, *seconds);
  if (!profile) {
    return Refusal(409, "another profile is being taken");
  }
  return {.content_type = "application/octet-stream",
          .next_chunk = [profile = std::move(profile)](const std::stop_token& stop) {
            return profile->Next(stop);
          }};
}

// The class is the library's, which is loaded while the program runs: there is no type to check.
__attribute__((no_sanitize("vptr"))) net::ServerResponse AnswerHeap(
    const net::ServerRequest& /*request*/) {
  // MallocExtension::instance()
  const auto instance =
      Find<MallocExtension* (*)()>(RTLD_DEFAULT, "_ZN15MallocExtension8instanceEv");
  if (instance == nullptr || std::getenv(kSampling) == nullptr) {
    return Refusal(501,
                   "heap profiles need libtcmalloc.so.4: install libgoogle-perftools4 and "
                   "start this program anew");
  }
  std::string profile;
  instance()->GetHeapSample(&profile);
  return {.body = std::move(profile), .content_type = "application/octet-stream"};
}

bool IsLoopback(const std::string& host) {
  return net::IsIpAddress(host) && (host.starts_with("127.") || host == "::1");
}

}  // namespace

Result<std::string> ParseDebugAddress(const std::string& text) {
  if (text == "0") {
    return std::string();
  }
  const auto address = net::ParseHostPort(text);
  if (!address || !IsLoopback(address->host)) {
    return Error{.code = ErrorCode::kInvalid,
                 .message =
                     "must be a loopback address such as 127.0.0.1:6060, or 0 for none: "
                     "profiles show what is in memory"};
  }
  return text;
}

Result<std::unique_ptr<net::HttpServer>> ServeProfiles(const std::string& address) {
  if (address.empty()) {
    return std::unique_ptr<net::HttpServer>();
  }
  auto server = TRY(net::HttpServer::Make(
      {.bind_address = address, .max_threads = 2, .on_error = [](const std::string& error) {
         log::Warn("a request for a profile failed", {{"error", error}});
       }}));
  server->Handle("GET", "/debug/pprof/profile", AnswerCpu);
  server->Handle("GET", "/debug/pprof/heap", AnswerHeap);
  TRY(server->Start());
  log::Info("serving profiles", {{"port", server->port()}});
  return server;
}

void RestartForHeapProfiles(const char* const* arguments) {
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  if (std::getenv(kSampling) != nullptr) {
    return;
  }
  std::error_code error;
  const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", error);
  const char* const preloaded = std::getenv("LD_PRELOAD");
  const std::string libraries = std::string(kAllocatorLibrary) + (preloaded == nullptr ? "" : ":") +
                                (preloaded == nullptr ? "" : preloaded);
  setenv("LD_PRELOAD", libraries.c_str(), 1);
  setenv(kSampling, kSampleBytes, 1);
  execv(program.c_str(), const_cast<char* const*>(arguments));  // changes none of them
  log::Warn("there are no heap profiles: the program cannot start itself anew", {});
#else
  static_cast<void>(arguments);  // the sanitizers' allocator must stay
#endif
}

}  // namespace tenantry::telemetry
