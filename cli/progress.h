#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "agent/load/bulk_load.h"
#include "cli/console.h"
#include "common/base/clock.h"
#include "common/base/mutex.h"

// How far a load is: a live line on a terminal, plain lines otherwise.
namespace tenantry::cli {

// One moment of a load.
struct Moment {
  std::string name;  // of what is loaded
  std::int64_t rows = 0;
  std::int64_t rejected = 0;
  std::int64_t bytes = 0;             // of the source, read
  std::optional<std::int64_t> total;  // its size
  std::chrono::milliseconds elapsed{0};
};

// Pure. The line of a terminal, no wider than `width`; its bar and numbers as UX wants them.
std::string LiveLine(const Moment& moment, int width);
// Pure. The same while the source is looked at before the load, to know its types.
std::string LookingLine(const std::string& file, const Moment& moment, int width);
// Pure. "tracks: 712,400 rows, 71%, 684k rows/s, 7 rejected, ETA 0.4 s"
std::string PlainLine(const Moment& moment);
// Pure. "gzip → CSV, delimiter ';', UTF-16LE, header, 9 columns"
std::string DescribeFinding(const load::Finding& finding, std::size_t columns);

// Tells of one source's load as it goes on. Thread-safe: a source may be read by a thread of its
// own.
class Progress final : public load::BulkListener {
 public:
  // `file` and `table` as people know them.
  Progress(const Console& console, const Clock& clock, std::string file, std::string table,
           std::optional<std::int64_t> total);
  ~Progress() override;
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void OnFinding(const load::Finding& finding, const std::vector<std::string>& columns) override;
  void OnProgress(const load::BulkProgress& progress) override;
  // The source is being read, be it before the load itself (to know its types): `bytes` since its
  // start, once for each pass.
  void OnRead(std::int64_t bytes);
  // Takes the live line away.
  void Finish();

 private:
  void Show() REQUIRES(mutex_);
  void Clear() REQUIRES(mutex_);

  const Console& console_;
  const Clock& clock_;
  const std::string file_;
  Mutex mutex_;
  MonotonicTime start_ GUARDED_BY(mutex_);
  Moment moment_ GUARDED_BY(mutex_);
  bool loading_ GUARDED_BY(mutex_) = false;  // after OnFinding
  MonotonicTime shown_ GUARDED_BY(mutex_);
  bool line_is_shown_ GUARDED_BY(mutex_) = false;
};

}  // namespace tenantry::cli
