#pragma once

#include <condition_variable>
#include <mutex>

// A std::mutex that clang's -Wthread-safety understands (libstdc++'s is not annotated).
// Pattern: https://clang.llvm.org/docs/ThreadSafetyAnalysis.html
#if defined(__clang__)
#define TENANTRY_THREAD_ANNOTATION(x) __attribute__((x))
#else
#define TENANTRY_THREAD_ANNOTATION(x)
#endif
#define GUARDED_BY(x) TENANTRY_THREAD_ANNOTATION(guarded_by(x))
#define REQUIRES(...) TENANTRY_THREAD_ANNOTATION(requires_capability(__VA_ARGS__))
#define EXCLUDES(...) TENANTRY_THREAD_ANNOTATION(locks_excluded(__VA_ARGS__))

namespace tenantry {

class TENANTRY_THREAD_ANNOTATION(capability("mutex")) Mutex {
 public:
  void lock() TENANTRY_THREAD_ANNOTATION(acquire_capability()) { mutex_.lock(); }
  void unlock() TENANTRY_THREAD_ANNOTATION(release_capability()) { mutex_.unlock(); }

 private:
  std::mutex mutex_;
};

class TENANTRY_THREAD_ANNOTATION(scoped_lockable) MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) TENANTRY_THREAD_ANNOTATION(acquire_capability(mutex))
      : mutex_(mutex) {
    mutex_.lock();
  }
  ~MutexLock() TENANTRY_THREAD_ANNOTATION(release_capability()) { mutex_.unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex& mutex_;
};

// Waits on a Mutex that the caller holds: `changed_.wait(mutex_)`, `changed_.wait_until(...)`.
using ConditionVariable = std::condition_variable_any;

}  // namespace tenantry
