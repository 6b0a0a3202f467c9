#include "agent/load/job.h"

namespace tenantry::load {
namespace {

std::optional<char> FirstCharacter(const std::string& text) {
  return text.empty() ? std::nullopt : std::optional(text.front());
}

}  // namespace

ReadOptions ReadOptionsOf(const api::Dataset& dataset) {
  ReadOptions options = {.format = dataset.format, .csv = {}, .json_path = dataset.json_path};
  if (!dataset.csv) {
    return options;
  }
  const api::CsvSpec& csv = *dataset.csv;
  if (!csv.delimiter.empty()) {
    options.csv.delimiter = csv.delimiter;
  }
  options.csv.quote = FirstCharacter(csv.quote);
  options.csv.comment = FirstCharacter(csv.comment);
  if (csv.header != api::CsvHeader::kAuto) {
    options.csv.header = csv.header == api::CsvHeader::kPresent;
  }
  options.csv.null_texts = csv.nulls;
  return options;
}

void ProgressMeter::Report(std::int64_t bytes, std::int64_t rows) {
  const auto elapsed = std::chrono::steady_clock::now() - start_;
  const std::int64_t all_bytes = bytes_before_ + bytes;
  const std::int64_t all_rows = rows_before_ + rows;
  context_.ReportProgress({.done = all_bytes,
                           .total = total_bytes_,
                           .unit = "bytes",
                           .per_second = PerSecond(all_bytes, elapsed),
                           .rows = all_rows,
                           .rows_per_second = PerSecond(all_rows, elapsed)});
}

void ProgressMeter::EndDataset(std::int64_t bytes, std::int64_t rows) {
  Report(bytes, rows);
  bytes_before_ += bytes;
  rows_before_ += rows;
}

std::int64_t PerSecond(std::int64_t count, std::chrono::steady_clock::duration elapsed) {
  const double seconds = std::chrono::duration<double>(elapsed).count();
  return seconds > 0 ? static_cast<std::int64_t>(static_cast<double>(count) / seconds) : 0;
}

Error Cancelled(const Origin& origin) {
  return {.code = ErrorCode::kCancelled,
          .message = "The load of dataset " + origin.dataset + " was cancelled."};
}

}  // namespace tenantry::load
