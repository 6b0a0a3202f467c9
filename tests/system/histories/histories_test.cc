// Histories: many random actions of users, faults and strangers, none waiting for another. In the
// end everything is as the last specs demand, and nothing is left over. TENANTRY_HISTORY_SEED plays
// one again, TENANTRY_HISTORY_FIRST_SEED (1) is the first of many; TENANTRY_HISTORY_ACTIONS (1000),
// TENANTRY_HISTORY_SECONDS (170: in which new ones are
// begun) and TENANTRY_HISTORY_SEEDS (how many at least) say how much is done. The file
// TENANTRY_HISTORY_LOG gets every action of all.

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iostream>
#include <limits>

#include "tests/system/histories/actor.h"
#include "tests/system/histories/survey.h"
#include "tests/system/histories/watcher.h"

namespace tenantry::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

constexpr seconds kPatience{150};  // backoffs after long outages included
constexpr std::size_t kTailLines = 120;

std::optional<std::uint64_t> Setting(const char* name) {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): nothing sets it
  const char* text = std::getenv(name);
  return text == nullptr ? std::nullopt : std::optional(std::strtoull(text, nullptr, 10));
}

double Since(steady_clock::time_point begun) {
  return std::chrono::duration<double>(steady_clock::now() - begun).count();
}

class History {
 public:
  explicit History(std::uint64_t seed) : seed_(seed) {}

  void Run(int actions) {
    ASSERT_TRUE(test_.BecomesReady("datastore", "main"));
    const auto begun = steady_clock::now();
    const int drawn = Act(actions);
    const double acting = Since(begun);
    actor_.Mend();
    if (!IsClean()) {
      return;
    }
    ExpectQuiet("after the actions");
    actor_.ResumeAll();
    ExpectQuiet("after all was resumed");
    ExpectAll("facts", [&] { return survey_.FactsThatDiffer(); });
    ExpectAll("data", [&] { return survey_.DataThatDiffers(); });
    ExpectAll("work", [&] { return survey_.WorkInProgress(); });
    for (int slot = 0; slot < kTenantSlots; ++slot) {
      if (!model_.tenant(slot).wanted) {
        actor_.CheckRemains(slot);
      }
    }
    const Watcher::Counts counts = watcher_.counts();
    ExpectEndable(drawn);
    std::cout << "seed " << seed_ << ": " << actions << " actions in " << acting << " s, "
              << counts.statuses << " statuses seen, " << counts.looks << " looks at the data, "
              << Since(begun) << " s in all" << std::endl;
  }

  // For the message of a failure.
  std::string Story() const {
    std::string story = "TENANTRY_HISTORY_SEED=" + std::to_string(seed_) +
                        " plays this history again. Its last lines (seconds, #position):\n" +
                        ledger_.Tail(kTailLines);
    for (const std::string& violation : ledger_.violations()) {
      story += "VIOLATION: " + violation + "\n";
    }
    return story;
  }
  void WriteLog(const std::string& file) const {
    std::ofstream(file, std::ios::app) << "seed " << seed_ << "\n"
                                       << ledger_.Tail(std::numeric_limits<std::size_t>::max());
  }
  bool IsClean() const { return ledger_.violations().empty(); }

 private:
  // Returns how many were drawn; some do not fit.
  int Act(int actions) {
    int position = 0;
    for (int done = 0; done < actions && IsClean() && !::testing::Test::HasFailure();) {
      ++position;
      done += actor_.Do(MakeAction(seed_, position), position) ? 1 : 0;
    }
    return position;
  }

  void ExpectAll(const std::string& what,
                 const std::function<std::vector<std::string>()>& differences) {
    std::vector<std::string> last;
    const bool right = WaitUntil(
        kPatience,
        [&] {
          actor_.Tend();
          last = differences();
          return last.empty();
        },
        milliseconds(200));
    if (right) {
      return;
    }
    std::string text;
    for (const std::string& difference : last) {
      text += "  " + difference + "\n";
    }
    ADD_FAILURE() << what << " that are not as they should be:\n" << text;
  }

  void ExpectQuiet(const std::string& when) {
    ledger_.Log("quiet " + when);
    ExpectAll("statuses " + when, [&] { return survey_.StatusesThatDiffer(); });
    test_.Judge();
  }

  // All is deleted in the end, and nothing is left.
  void ExpectEndable(int position) {
    actor_.PrepareToEnd(position + 1);
    ExpectAll("statuses before the end", [&] { return survey_.StatusesThatDiffer(); });
    actor_.DeleteAll();
    ExpectAll("what is left in the end", [&] { return survey_.FactsThatDiffer(); });
    ExpectAll("work in the end", [&] { return survey_.WorkInProgress(); });
  }

  const std::uint64_t seed_;
  Proxies& proxies_ = Proxies::Instance();
  const TenantTest test_{"histories"};
  Model model_;
  Ledger ledger_;
  Actor actor_{test_, proxies_, model_, ledger_};
  Survey survey_{test_, model_};
  Watcher watcher_{test_, ledger_};
};

void Play(std::uint64_t seed, int actions) {
  SCOPED_TRACE("TENANTRY_HISTORY_SEED=" + std::to_string(seed));
  History history(seed);
  history.Run(actions);
  // NOLINTNEXTLINE(concurrency-mt-unsafe): nothing sets it
  if (const char* file = std::getenv("TENANTRY_HISTORY_LOG"); file != nullptr) {
    history.WriteLog(file);
  }
  if (::testing::Test::HasFailure() || !history.IsClean()) {
    ADD_FAILURE() << history.Story();
  }
}

TEST(Histories, EndAsTheLastSpecsDemand) {
  const auto begun = steady_clock::now();
  const int actions = static_cast<int>(Setting("TENANTRY_HISTORY_ACTIONS").value_or(1000));
  const double budget = static_cast<double>(Setting("TENANTRY_HISTORY_SECONDS").value_or(170));
  const std::uint64_t at_least = Setting("TENANTRY_HISTORY_SEEDS").value_or(1);
  if (const auto seed = Setting("TENANTRY_HISTORY_SEED")) {
    return Play(*seed, actions);
  }
  const std::uint64_t first = Setting("TENANTRY_HISTORY_FIRST_SEED").value_or(1);
  double longest = 0;
  std::uint64_t played = 0;
  // None is begun that would not fit.
  while ((played < at_least || Since(begun) + longest < budget) && !::testing::Test::HasFailure()) {
    const auto start = steady_clock::now();
    Play(first + played, actions);
    longest = std::max(longest, Since(start));
    ++played;
  }
  std::cout << played << " histories of " << actions << " actions in " << Since(begun) << " s"
            << std::endl;
}

}  // namespace
}  // namespace tenantry::testing
