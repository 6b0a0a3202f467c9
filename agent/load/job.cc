#include "agent/load/job.h"

namespace tenantry::load {

void ProgressMeter::Add(std::int64_t rows) {
  rows_ += rows;
  context_.ReportProgress(
      {.done = rows_,
       .total = 0,
       .unit = "rows",
       .per_second = PerSecond(rows_, std::chrono::steady_clock::now() - start_)});
}

std::int64_t PerSecond(std::int64_t count, std::chrono::steady_clock::duration elapsed) {
  const double seconds = std::chrono::duration<double>(elapsed).count();
  return seconds > 0 ? static_cast<std::int64_t>(static_cast<double>(count) / seconds) : 0;
}

Error Cancelled(const Origin& origin) {
  return {.code = ErrorCode::kCancelled,
          .message = "The load of dataset " + origin.dataset +
                     " was cancelled; nothing of it is in the table."};
}

}  // namespace tenantry::load
