#include "agent/load/read/json_batch_reader.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "agent/load/read/json_batch_builder.h"
#include "agent/load/read/json_columns.h"
#include "agent/load/read/json_framer.h"
#include "agent/load/read/json_matcher.h"
#include "agent/load/read/json_record.h"
#include "agent/load/read/json_scan.h"
#include "agent/load/read/json_shape.h"
#include "agent/load/read/json_walker.h"
#include "agent/load/read/json_window.h"

namespace tenantry::load {
namespace {

constexpr std::size_t kSampleBytes = 1 << 20;
// How much is kept of a record that is too long, or whose end is too far away.
constexpr std::size_t kKeptBytes = 4096;
constexpr std::int64_t kLongestRecord = std::int64_t{1} << 30;  // offsets have 32 bits

class JsonBatchReader final : public BatchReader {
 public:
  JsonBatchReader(TextStream text, std::string start, const ReadOptions& options, Origin origin)
      : origin_(std::move(origin)),
        longest_(static_cast<std::size_t>(
            std::clamp<std::int64_t>(options.max_record_bytes, 1, kLongestRecord))),
        window_(std::move(text.text), std::move(start)),
        walker_(window_, origin_, longest_),
        parser_(scan_, columns_),
        framer_(scan_),
        batch_(window_) {
    finding_.compression = text.compression;
    finding_.encoding = text.encoding;
  }

  Result<void> FindRecords(const ReadOptions& options);

  Result<const Batch*> Next() override;
  const std::vector<std::string>& columns() const override { return columns_.names(); }
  const Finding& finding() const override { return finding_; }

 private:
  enum class Step {
    kGoOn,
    kMore,  // nothing was done: the window must hold more
    kCut,   // the batch ends here
  };

  Result<void> FindPath(const ReadOptions& options);
  Result<void> EnterDocument(const std::vector<std::string>& path);
  void BeginBatch();
  void LookFurther();
  Step TakeRecord();
  Step TakeEnd();
  Step TakeFlawed(const char* start);
  Step Reject(const char* start, const JsonFlaw& flaw);
  Step RejectLong(const char* start, const JsonFlaw& flaw);
  Step SkipLong();
  Step Stop(Error error);
  JsonFramer::Rest Rest() const;
  bool IsTooLong(const char* start, const char* end) const;
  bool LineEndsBefore(const char* start, const char* at) const;
  void GoTo(const JsonFramer::End& end);
  JsonFlaw LongFlaw(const char* start) const;
  Result<void> LeaveDocument();
  Error ErrorAt(const char* at, std::string_view what) const;

  Origin origin_;
  std::size_t longest_;
  JsonWindow window_;
  JsonScan scan_;
  JsonWalker walker_;
  JsonColumns columns_;
  JsonRecordParser parser_;
  JsonFramer framer_;
  JsonBatchBuilder batch_;
  Finding finding_;
  JsonShape shape_;
  std::optional<JsonMatcher> skipped_;  // passes over the rest of a long record
  bool any_element_ = false;            // of the array
  bool stopped_ = false;
  bool left_ = false;  // what follows the records has been read
  std::optional<Error> error_;
  const char* at_ = nullptr;
};

Error JsonBatchReader::ErrorAt(const char* at, std::string_view what) const {
  return JsonError(window_, origin_, batch_.next_record(), at, what);
}

Result<void> JsonBatchReader::FindPath(const ReadOptions& options) {
  if (options.format == api::Format::kNdjson) {
    return DataError(origin_, {},
                     "a JSON path leads into one document, not into lines. Leave one "
                     "of the two options out.");
  }
  const auto path = ParseJsonPointer(options.json_path);
  if (!path) {
    return DataError(origin_, {},
                     "JSON path " + Quoted(options.json_path) +
                         " is no JSON pointer. Write it like \"/data/users\" (RFC 6901).");
  }
  return EnterDocument(*path);
}

Result<void> JsonBatchReader::EnterDocument(const std::vector<std::string>& path) {
  const char first = TRY(walker_.Enter(path));
  const std::string pointer = ToJsonPointer(path);
  if (first != '[' && first != '{') {
    return JsonError(
        window_, origin_, 0, window_.begin(),
        "what is at " + Quoted(pointer) + " is no array and no object. Correct the JSON path.");
  }
  shape_.framing = first == '[' ? JsonFraming::kArray : JsonFraming::kOne;
  shape_.kind = JsonRecordKind::kObject;
  if (first == '[') {
    window_.Drop(window_.begin() + 1);
    window_.Fill(kSampleBytes);
    shape_.kind = FindElementKind({window_.begin(), window_.end()});
  }
  finding_.json_shape = Describe(shape_, pointer);
  return {};
}

Result<void> JsonBatchReader::FindRecords(const ReadOptions& options) {
  finding_.format = api::Format::kJson;
  window_.Fill(kSampleBytes);
  if (!options.json_path.empty()) {
    TRY(FindPath(options));
  } else {
    const bool whole = window_.ended() && !window_.error();
    shape_ = FindJsonShape({window_.begin(), window_.end()}, whole, options.format);
    finding_.json_shape = Describe(shape_, "");
    if (shape_.framing == JsonFraming::kArray) {
      TRY(EnterDocument({}));
    } else if (shape_.envelope) {
      TRY(EnterDocument({*shape_.envelope}));
    }
  }
  if (shape_.framing == JsonFraming::kLines) {
    finding_.format = api::Format::kNdjson;
  }
  framer_.SetFraming(shape_.framing);
  at_ = window_.begin();
  return {};
}

Result<const Batch*> JsonBatchReader::Next() {
  BeginBatch();
  while (!stopped_ && !batch_.IsFull()) {
    const Step step = skipped_ ? SkipLong() : TakeRecord();
    const bool cut = step == Step::kMore && !batch_.empty();
    if (cut || step == Step::kCut) {
      break;
    }
    if (step == Step::kMore) {
      LookFurther();
    }
  }
  if (!batch_.empty()) {
    return batch_.Finish();
  }
  if (!error_ && !left_) {
    left_ = true;
    if (Result<void> left = LeaveDocument(); !left) {
      error_ = std::move(left).error();
    }
  }
  if (error_) {
    return *error_;
  }
  return static_cast<const Batch*>(nullptr);
}

void JsonBatchReader::BeginBatch() {
  window_.Drop(at_);
  window_.Fill(kBatchBytes);
  scan_.SetEnd(window_.end());
  at_ = window_.begin();
  batch_.Begin(columns_.size());
}

// Only before the batch's first record: what is in the batch would move.
void JsonBatchReader::LookFurther() {
  window_.Drop(at_);
  window_.Fill(std::min(std::max(kBatchBytes, 2 * window_.size()), longest_ + kBatchBytes));
  scan_.SetEnd(window_.end());
  at_ = window_.begin();
}

Result<void> JsonBatchReader::LeaveDocument() {
  if (shape_.framing != JsonFraming::kArray && shape_.framing != JsonFraming::kOne) {
    return {};
  }
  window_.Drop(at_);
  at_ = window_.begin();
  const auto others =
      shape_.envelope ? JsonWalker::OtherRecords::kRefused : JsonWalker::OtherRecords::kIgnored;
  Result<void> left = walker_.Leave(others);
  at_ = window_.begin();
  return left;
}

JsonBatchReader::Step JsonBatchReader::TakeRecord() {
  at_ = scan_.Blanks(at_);
  if (at_ == window_.end()) {
    return window_.ended() ? TakeEnd() : Step::kMore;
  }
  if (shape_.framing == JsonFraming::kArray && !any_element_ && *at_ == ']') {
    GoTo({.record = at_, .next = at_ + 1, .last = true});
    return Step::kGoOn;
  }
  const char* const start = at_;
  if (batch_.empty()) {
    parser_.BeginBatch(start);
  }
  scan_.ForgetLineEnds();
  const char* const value = parser_.Parse(start, shape_.kind);
  const JsonFramer::End end =
      value == nullptr ? JsonFramer::End() : framer_.Behind(start, value, Rest());
  if (end.record == nullptr || IsTooLong(start, end.record)) {
    parser_.Reject();
    return end.record == nullptr ? TakeFlawed(start) : RejectLong(start, LongFlaw(start));
  }
  batch_.Add(start, end.record, parser_.row());
  parser_.Forget();
  GoTo(end);
  return Step::kGoOn;
}

// The text ends where a record may begin.
JsonBatchReader::Step JsonBatchReader::TakeEnd() {
  if (window_.error()) {
    return Stop(*window_.error());
  }
  if (shape_.framing == JsonFraming::kArray) {
    scan_.Unexpected(at_, any_element_ ? "\",\" or \"]\"" : "a value or \"]\"");
    return Stop(ErrorAt(at_, scan_.flaw().what));
  }
  stopped_ = true;
  return Step::kGoOn;
}

// The scan has refused the record at `start`, or did not see all of it.
JsonBatchReader::Step JsonBatchReader::TakeFlawed(const char* start) {
  JsonFlaw flaw = scan_.flaw();
  flaw.column = parser_.column();
  const bool lines = shape_.framing == JsonFraming::kLines;
  if (lines && LineEndsBefore(start, flaw.at)) {
    const void* found = std::memchr(start, '\n', static_cast<std::size_t>(flaw.at - start));
    flaw = {.at = static_cast<const char*>(found), .what = kLineEndsInside};
  }
  if (IsTooLong(start, flaw.at)) {
    return RejectLong(start, LongFlaw(start));
  }
  if (flaw.at != window_.end()) {
    return Reject(start, flaw);
  }
  if (!window_.ended()) {
    return Step::kMore;
  }
  if (window_.error()) {
    return Stop(*window_.error());
  }
  return lines ? Reject(start, flaw) : Stop(ErrorAt(flaw.at, flaw.what));
}

JsonBatchReader::Step JsonBatchReader::Reject(const char* start, const JsonFlaw& flaw) {
  if (!framer_.CanMatch(start)) {
    return Stop(ErrorAt(flaw.at, flaw.what));
  }
  JsonMatcher matcher = framer_.MakeMatcher();
  const char* end = matcher.Feed(start, window_.end());
  if (end == nullptr && shape_.framing == JsonFraming::kLines &&
      Rest() == JsonFramer::Rest::kNone) {
    end = window_.end();
  }
  if (end == nullptr && window_.ended()) {
    return Stop(window_.error().value_or(
        ErrorAt(flaw.at, flaw.what + " The end of the record cannot be found.")));
  }
  const bool too_long = IsTooLong(start, end == nullptr ? window_.end() : end);
  if (end == nullptr && !too_long) {
    return Step::kMore;
  }
  if (too_long) {
    return RejectLong(start, flaw);
  }
  const JsonFramer::End behind = framer_.BehindFlawed(end);
  batch_.AddRejected(start, behind.record, flaw);
  GoTo(behind);
  return Step::kGoOn;
}

// Keeps the beginning only. The rest is passed over when the batch is not needed any more.
JsonBatchReader::Step JsonBatchReader::RejectLong(const char* start, const JsonFlaw& flaw) {
  if (!framer_.CanMatch(start)) {
    return Stop(ErrorAt(flaw.at, flaw.what));
  }
  const auto held = static_cast<std::size_t>(window_.end() - start);
  batch_.AddRejected(start, start + std::min(held, kKeptBytes), flaw);
  at_ = start;
  skipped_ = framer_.MakeMatcher();
  return Step::kCut;
}

JsonBatchReader::Step JsonBatchReader::SkipLong() {
  const char* const end = skipped_->Feed(at_, window_.end());
  if (end != nullptr) {
    GoTo(framer_.BehindFlawed(end));
    skipped_.reset();
    return Step::kGoOn;
  }
  at_ = window_.end();
  if (!window_.ended()) {
    return Step::kMore;
  }
  if (window_.error()) {
    return Stop(*window_.error());
  }
  if (shape_.framing != JsonFraming::kLines) {
    return Stop(ErrorAt(at_, "the data ends inside the record before: it is cut. Complete it."));
  }
  skipped_.reset();
  return Step::kGoOn;
}

JsonBatchReader::Step JsonBatchReader::Stop(Error error) {
  error_ = std::move(error);
  stopped_ = true;
  return Step::kCut;
}

JsonFramer::Rest JsonBatchReader::Rest() const {
  if (!window_.ended()) {
    return JsonFramer::Rest::kMore;
  }
  return window_.error() ? JsonFramer::Rest::kLost : JsonFramer::Rest::kNone;
}

bool JsonBatchReader::IsTooLong(const char* start, const char* end) const {
  return static_cast<std::size_t>(end - start) > longest_;
}

bool JsonBatchReader::LineEndsBefore(const char* start, const char* at) const {
  return std::memchr(start, '\n', static_cast<std::size_t>(at - start)) != nullptr;
}

JsonFlaw JsonBatchReader::LongFlaw(const char* start) const {
  return {.at = start,
          .what = "the record is longer than " + std::to_string(longest_) + " bytes. Split it."};
}

void JsonBatchReader::GoTo(const JsonFramer::End& end) {
  at_ = end.next;
  stopped_ = end.last;
  any_element_ = true;
}

}  // namespace

Result<std::unique_ptr<BatchReader>> OpenJsonBatches(TextStream text, std::string start,
                                                     const ReadOptions& options, Origin origin) {
  auto reader = std::make_unique<JsonBatchReader>(std::move(text), std::move(start), options,
                                                  std::move(origin));
  TRY(reader->FindRecords(options));
  return std::unique_ptr<BatchReader>(std::move(reader));
}

}  // namespace tenantry::load
