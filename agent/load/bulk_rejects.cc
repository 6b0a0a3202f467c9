#include "agent/load/bulk_rejects.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>
#include <utility>

#include "common/api/reasons.h"

namespace tenantry::load {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kMaxRawBytes = 64 << 10;  // of a record in the file
constexpr std::int64_t kPercentFrom = 1000;     // records, before a percentage means anything

std::string Line(const Origin& origin, const Part& part, const Reject& reject) {
  const Json json = {{"file", origin.source},
                     {"record", reject.record},
                     {"line", reject.line},
                     {"byte", reject.byte},
                     {"column", reject.column.empty() ? Json() : Json(reject.column)},
                     {"reason", reject.reason},
                     {"what", reject.what},
                     {"raw", reject.raw.substr(0, kMaxRawBytes)},
                     {"chunk", part.chunk->number},
                     {"lane", part.lane}};
  // Rejected for bytes that are no UTF-8, for instance: they are replaced, not refused again.
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

Error FileError(const std::string& path, const char* what) {
  return {.code = ErrorCode::kInvalid,
          .message = std::string("The reject file ") + path + " cannot be " + what + " (" +
                     std::strerror(errno) + "). Make room, or name another one."};
}

Result<void> WriteAll(int file, std::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(file, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) {
      continue;
    }
    if (written < 0) {
      return FileError(path, "written");
    }
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

}  // namespace

RejectLog::RejectLog(const BulkOptions& options, Origin origin)
    : options_(options), origin_(std::move(origin)) {}

RejectLog::~RejectLog() {
  if (file_ >= 0) {
    ::close(file_);
  }
}

Result<void> RejectLog::Open(const CommittedParts& committed) {
  const MutexLock lock(mutex_);
  if (options_.reject_file.empty()) {
    return {};
  }
  if (!committed.empty()) {
    return KeepCommitted(committed);
  }
  if (::unlink(options_.reject_file.c_str()) != 0 && errno != ENOENT) {
    return FileError(options_.reject_file, "replaced");
  }
  return {};
}

Result<void> RejectLog::KeepCommitted(const CommittedParts& committed) {
  std::ifstream old(options_.reject_file);
  if (!old) {
    return {};
  }
  const std::string kept_path = options_.reject_file + ".part";
  std::ofstream kept(kept_path, std::ios::trunc);
  std::string line;
  while (std::getline(old, line)) {
    const Json json = Json::parse(line, nullptr, false);
    if (!json.is_object()) {
      continue;  // the line that was being written when the last run ended
    }
    const std::pair<std::int32_t, std::int32_t> part(json.value("chunk", -1),
                                                     json.value("lane", -1));
    if (committed.contains(part)) {
      kept << line << '\n';
      ++reasons_[json.value("reason", "")];
      ++count_;
    }
  }
  kept.close();
  if (!kept || std::rename(kept_path.c_str(), options_.reject_file.c_str()) != 0) {
    return FileError(options_.reject_file, "written");
  }
  return {};
}

Result<void> RejectLog::Add(const Part& part, const std::vector<Reject>& rejects,
                            std::int64_t read) {
  const MutexLock lock(mutex_);
  read_ += read;
  if (rejects.empty()) {
    return {};
  }
  count_ += static_cast<std::int64_t>(rejects.size());
  for (const Reject& reject : rejects) {
    ++reasons_[reject.reason];
  }
  TRY(Append(part, rejects));
  return CheckLimit(rejects);
}

Result<void> RejectLog::Append(const Part& part, const std::vector<Reject>& rejects) {
  if (options_.reject_file.empty()) {
    return {};
  }
  if (file_ < 0) {
    file_ = ::open(options_.reject_file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (file_ < 0) {
      return FileError(options_.reject_file, "opened");
    }
  }
  std::string lines;
  for (const Reject& reject : rejects) {
    lines += Line(origin_, part, reject);
  }
  TRY(WriteAll(file_, lines, options_.reject_file));
  return ::fdatasync(file_) == 0 ? Result<void>() : FileError(options_.reject_file, "written");
}

Result<void> RejectLog::CheckLimit(const std::vector<Reject>& rejects) const {
  const RejectLimit& limit = options_.max_rejects;
  const bool too_many = limit.count && count_ > *limit.count;
  const bool too_large =
      limit.percent && read_ >= kPercentFrom &&
      static_cast<double>(count_) * 100 > *limit.percent * static_cast<double>(read_);
  if (!too_many && !too_large) {
    return {};
  }
  const Reject& first = rejects.front();
  Error error = DataError(
      origin_, {.record = first.record, .byte = first.byte, .column = first.column}, first.what);
  if (!limit.count || *limit.count > 0) {
    error.message =
        std::to_string(count_) + " of " + std::to_string(read_) +
        " records were rejected, more than the limit. The last ones begin with: " + error.message;
  }
  return error;
}

Result<void> RejectLog::CheckTotal() const {
  const MutexLock lock(mutex_);
  const std::optional<double> percent = options_.max_rejects.percent;
  if (!percent || static_cast<double>(count_) * 100 <= *percent * static_cast<double>(read_)) {
    return {};
  }
  return DataError(origin_, {},
                   std::to_string(count_) + " of " + std::to_string(read_) +
                       " records were rejected, more than the limit. Correct them, or raise it.");
}

std::vector<RejectReason> RejectLog::Reasons() const {
  constexpr std::size_t kShown = 10;
  const MutexLock lock(mutex_);
  std::vector<RejectReason> reasons;
  for (const auto& [text, count] : reasons_) {
    reasons.push_back({.count = count, .text = text});
  }
  std::stable_sort(reasons.begin(), reasons.end(),
                   [](const auto& a, const auto& b) { return a.count > b.count; });
  reasons.resize(std::min(reasons.size(), kShown));
  return reasons;
}

std::int64_t RejectLog::count() const {
  const MutexLock lock(mutex_);
  return count_;
}

}  // namespace tenantry::load
