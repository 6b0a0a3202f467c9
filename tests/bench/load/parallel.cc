#include "tests/bench/load/parallel.h"

#include <atomic>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "common/base/mutex.h"

namespace tenantry::bench {

Result<void> RunParallel(int count, int side_by_side,
                         const std::function<Result<void>(int)>& work) {
  std::atomic<int> next = 0;
  Mutex mutex;
  std::optional<Error> failure;
  const auto run = [&] {
    for (int i = next++; i < count; i = next++) {
      Result<void> done = work(i);
      if (!done) {
        next = count;
        const MutexLock lock(mutex);
        failure = std::move(done).error();
      }
    }
  };
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < side_by_side; ++i) {
      threads.emplace_back(run);
    }
  }
  return failure ? Result<void>(*std::move(failure)) : Result<void>();
}

}  // namespace tenantry::bench
