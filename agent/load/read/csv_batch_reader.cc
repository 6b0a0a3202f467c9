#include "agent/load/read/csv_batch_reader.h"

#include <algorithm>
#include <utility>

#include "agent/load/read/batch_builder.h"
#include "agent/load/read/csv_notes.h"
#include "agent/load/read/csv_parser.h"
#include "agent/load/read/text_window.h"
#include "common/base/quantity.h"
#include "common/base/strings.h"

namespace tenantry::load {
namespace {

constexpr std::size_t kReadAhead = 64 << 10;
constexpr std::size_t kMaxFields = kBatchBytes;  // of a batch: short rows of many columns

std::string Count(std::size_t count, const std::string& what) {
  return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

// What was done with a row of too few fields, or of empty ones too many.
std::string HowMended(std::size_t count, std::size_t width) {
  const std::size_t off = count < width ? width - count : count - width;
  const std::string which = off == 1 ? "last " : "last " + std::to_string(off) + " ";
  if (count < width) {
    return ": the " + which + (off == 1 ? "column was" : "columns were") + " taken as empty";
  }
  return ": the " + which + (off == 1 ? "one is empty and was" : "are empty and were") +
         " left out";
}

class CsvBatchReader final : public BatchReader {
 public:
  CsvBatchReader(TextStream text, std::string start, Finding finding, const ReadOptions& options)
      : finding_(std::move(finding)),
        dialect_(*finding_.csv),
        width_(dialect_.columns.size()),
        max_record_(static_cast<std::size_t>(
            std::clamp<std::int64_t>(options.max_record_bytes, 1, 1 << 30))),
        window_(std::move(text.text), std::move(start)),
        parser_(dialect_, options.csv.null_texts, width_),
        batch_(dialect_.columns) {}

  Result<const Batch*> Next() override;
  const std::vector<std::string>& columns() const override { return dialect_.columns; }
  const Finding& finding() const override { return finding_; }

 private:
  using Outcome = CsvParser::Outcome;
  enum class Gap { kRecord, kFar, kEnd };  // what follows blank lines and comments
  enum class Reading { kGoOn, kBatchEnds };

  const char* here() const { return window_.begin() + at_; }
  std::size_t left() const { return window_.size() - at_; }
  void Fill(std::size_t bytes);
  bool FillAhead(std::size_t bytes);
  void DropPassed();
  void DropLine();
  void SkipTitles();
  bool StartBatch();
  Gap SkipGap();
  const char* LineEnd(const char* from, const char* end) const;
  const char* AfterLineEnd(const char* line_end) const;

  Reading ReadRecord();
  Outcome ParseRecord();
  Reading Unusual(Outcome outcome);
  Reading Ragged();
  Reading TooLong();
  Reading Unclosed(const char* end);
  Reading LongLine();
  bool TakeNotes();
  std::size_t NotesAhead(std::string_view& first);
  void Pass(const char* next, std::int64_t lines);
  std::string ColumnAt(std::size_t index) const;

  Finding finding_;
  const CsvDialect& dialect_;
  const std::size_t width_;
  const std::size_t max_record_;
  TextWindow window_;  // begins with the batch's first record
  CsvParser parser_;
  BatchBuilder batch_;
  std::size_t at_ = 0;            // in the window: what is read next
  std::int64_t line_ = 1;         // of what is read next
  NoteGap gap_ = NoteGap::kNone;  // before what is read next
  std::int64_t rows_until_ = 0;   // no notes begin before this byte of the text
  bool in_long_line_ = false;     // what is read next is the rest of a rejected line
  bool started_ = false;
  bool ended_ = false;
};

// ---- the window

void CsvBatchReader::Fill(std::size_t bytes) {
  const char* before = window_.begin();
  window_.Fill(bytes);
  if (window_.begin() != before) {
    parser_.Move(window_.begin() - before);
    batch_.Move(window_.begin());
  }
  const bool over = window_.ended() && !window_.error();
  parser_.SetEnd(window_.end(), over ? CsvParser::After::kNothing : CsvParser::After::kMore);
}

// Is there more than `bytes` from here on? If not, all of the text is in the window.
bool CsvBatchReader::FillAhead(std::size_t bytes) {
  if (left() <= bytes) {
    Fill(at_ + bytes + 1);
  }
  return left() > bytes;
}

void CsvBatchReader::DropPassed() {
  window_.Drop(here());
  at_ = 0;
}

const char* CsvBatchReader::LineEnd(const char* from, const char* end) const {
  return std::find_if(from, end, [](char byte) { return byte == '\n' || byte == '\r'; });
}

const char* CsvBatchReader::AfterLineEnd(const char* line_end) const {
  const bool two = *line_end == '\r' && line_end + 1 < window_.end() && line_end[1] == '\n';
  return line_end + (two ? 2 : 1);
}

// Passes the rest of the line over, however long it is.
void CsvBatchReader::DropLine() {
  for (;;) {
    const bool more = FillAhead(1);
    const char* line_end = LineEnd(here(), window_.end());
    // A line feed may follow a carriage return that is the last byte of the window.
    if (line_end + 1 < window_.end() || (!more && line_end < window_.end())) {
      Pass(AfterLineEnd(line_end), 1);
      DropPassed();
      return;
    }
    at_ = static_cast<std::size_t>(line_end - window_.begin());
    DropPassed();
    if (!more) {
      at_ = window_.size();
      DropPassed();
      return;
    }
    Fill(kReadAhead);
  }
}

// Passes everything over that is before the first row.
void CsvBatchReader::SkipTitles() {
  started_ = true;
  for (std::int64_t i = 0; i < dialect_.title_lines; ++i) {
    DropLine();
  }
  if (!dialect_.header || !StartBatch()) {
    return;
  }
  switch (ParseRecord()) {
    case Outcome::kRecord:
      Pass(parser_.record().next, 1 + std::int64_t{parser_.record().breaks});
      return;
    case Outcome::kNothing:
      return;
    case Outcome::kMore:
    case Outcome::kUnclosed:
      DropLine();
  }
}

// Passes blank lines and comments over, as far as the batch may reach.
CsvBatchReader::Gap CsvBatchReader::SkipGap() {
  gap_ = NoteGap::kNone;
  while (at_ < kBatchBytes) {
    if (!FillAhead(1) && left() == 0) {
      return Gap::kEnd;
    }
    const char first = *here();
    if (first == '\n' || first == '\r') {
      Pass(AfterLineEnd(here()), 1);
      gap_ = NoteGap::kBlankLine;
      continue;
    }
    if (first != dialect_.comment || first == '\0') {
      return Gap::kRecord;
    }
    const bool more = FillAhead(kReadAhead);
    const char* line_end = LineEnd(here(), here() + std::min(left(), kReadAhead));
    if (more && line_end == here() + kReadAhead) {
      return Gap::kFar;
    }
    Pass(line_end == window_.end() ? line_end : AfterLineEnd(line_end), 1);
  }
  return Gap::kFar;
}

// Goes to the batch's first record; false: there is none.
bool CsvBatchReader::StartBatch() {
  batch_.Start(window_.byte(), line_, window_.begin());  // the one before is forgotten
  if (in_long_line_) {
    in_long_line_ = false;
    DropLine();
  }
  for (;;) {
    DropPassed();
    Fill(kBatchBytes + kReadAhead);
    const Gap gap = SkipGap();
    const bool long_comment = gap == Gap::kFar && left() > 0 && *here() == dialect_.comment;
    DropPassed();
    if (long_comment) {
      DropLine();
    }
    if (gap != Gap::kFar) {
      batch_.Start(window_.byte(), line_, window_.begin());
      return gap == Gap::kRecord;
    }
  }
}

void CsvBatchReader::Pass(const char* next, std::int64_t lines) {
  at_ = static_cast<std::size_t>(next - window_.begin());
  line_ += lines;
  gap_ = NoteGap::kNone;
}

// ---- records

Result<const Batch*> CsvBatchReader::Next() {
  if (!started_) {
    SkipTitles();
  }
  if (!ended_ && StartBatch()) {
    while (at_ < kBatchBytes && batch_.fields() < kMaxFields && ReadRecord() == Reading::kGoOn) {
    }
    ended_ = ended_ || (!in_long_line_ && TakeNotes());
  } else {
    batch_.Start(window_.byte(), line_, window_.begin());
  }
  if (!batch_.empty()) {
    return &batch_.Finish();
  }
  ended_ = true;
  if (window_.error()) {
    return *window_.error();
  }
  return nullptr;
}

CsvBatchReader::Reading CsvBatchReader::ReadRecord() {
  if (SkipGap() != Gap::kRecord) {
    return Reading::kBatchEnds;
  }
  const Outcome outcome = ParseRecord();
  const CsvRecord& record = parser_.record();
  const bool plain = outcome == Outcome::kRecord && record.count == width_ &&
                     static_cast<std::size_t>(record.end - record.begin) <= max_record_;
  if (!plain) {
    return Unusual(outcome);
  }
  batch_.Add(record.begin, record.next, line_, parser_.fields());
  Pass(record.next, 1 + std::int64_t{record.breaks});
  return Reading::kGoOn;
}

// kMore: the record is too long, or the stream has failed within it.
CsvParser::Outcome CsvBatchReader::ParseRecord() {
  // A line end after the longest record that is let through would be seen in this.
  const std::size_t enough = max_record_ + 2;
  for (;;) {
    const Outcome outcome = parser_.Parse(here(), window_.begin());
    if (outcome != Outcome::kMore || left() > enough || window_.error()) {
      return outcome;
    }
    FillAhead(std::min(2 * left() + kReadAhead, enough));
  }
}

CsvBatchReader::Reading CsvBatchReader::Unusual(Outcome outcome) {
  if (outcome == Outcome::kNothing || (outcome == Outcome::kMore && left() <= max_record_ + 2)) {
    return Reading::kBatchEnds;  // the end, or the stream's error
  }
  const CsvRecord& record = parser_.record();
  if (outcome == Outcome::kRecord &&
      static_cast<std::size_t>(record.end - record.begin) <= max_record_) {
    return Ragged();
  }
  return left() > max_record_ ? TooLong() : Unclosed(window_.end());
}

CsvBatchReader::Reading CsvBatchReader::Ragged() {
  const CsvRecord& record = parser_.record();
  const std::int64_t lines = 1 + std::int64_t{record.breaks};
  if (record.count == 1 && record.quoted == 0) {
    if (Trim({record.begin, record.end}).empty()) {
      Pass(record.next, lines);
      return Reading::kGoOn;
    }
    if (TakeNotes()) {
      ended_ = true;
      return Reading::kBatchEnds;
    }
    ParseRecord();  // the same again
  }
  const std::int64_t line = line_;
  Pass(record.next, lines);
  const std::string difference =
      Count(record.count, "field") + " instead of " + std::to_string(width_);
  if (record.surplus_text) {
    batch_.Reject(record.begin, record.next, line,
                  {.offset = batch_.OffsetOf(record.begin),
                   .what = difference + ": put a value that holds the delimiter in quotes"});
    return Reading::kGoOn;
  }
  for (std::size_t i = record.count; i < width_; ++i) {
    parser_.fields()[i] = {.offset = batch_.OffsetOf(record.end), .kind = FieldKind::kNull};
  }
  batch_.Add(record.begin, record.next, line, parser_.fields());
  if (!dialect_.trailing_delimiter || record.count != width_ + 1) {
    batch_.AddFlaw({.kind = Flaw::Kind::kMended,
                    .offset = batch_.OffsetOf(record.begin),
                    .what = difference + HowMended(record.count, width_)});
  }
  return Reading::kGoOn;
}

// Tells a quote that nothing closes from a long line. Both are looked for in the bytes up to the
// limit only, however much has been read.
CsvBatchReader::Reading CsvBatchReader::TooLong() {
  parser_.SetEnd(here() + max_record_, CsvParser::After::kNothing);
  const Outcome outcome = parser_.Parse(here(), window_.begin());
  Fill(0);
  return outcome == Outcome::kUnclosed ? Unclosed(here() + max_record_) : LongLine();
}

// The record's quote is open at `end`: reading goes on in the line after it.
CsvBatchReader::Reading CsvBatchReader::Unclosed(const char* end) {
  const CsvRecord& record = parser_.record();
  const char* line_end = LineEnd(record.unclosed, end);
  if (line_end == end && end != window_.end()) {
    return LongLine();
  }
  const char* next = line_end == end ? end : AfterLineEnd(line_end);
  batch_.Reject(record.begin, next, line_,
                {.offset = batch_.OffsetOf(record.unclosed),
                 .column = ColumnAt(record.count),
                 .what = "the quote that opens here is not closed: close it, or double it if it "
                         "belongs to the value"});
  Pass(next, 1 + std::int64_t{record.breaks});
  return Reading::kGoOn;
}

CsvBatchReader::Reading CsvBatchReader::LongLine() {
  const CsvRecord& record = parser_.record();
  const char* kept = here() + std::min(max_record_, kKeptOfLongLine);
  batch_.Reject(here(), kept, line_,
                {.offset = batch_.OffsetOf(here()),
                 .what = "is longer than " + FormatBytes(static_cast<std::int64_t>(max_record_)) +
                         ": shorten it, or raise the limit of a record"});
  Pass(here() + max_record_, std::int64_t{record.breaks});
  in_long_line_ = true;
  return Reading::kBatchEnds;
}

std::string CsvBatchReader::ColumnAt(std::size_t index) const {
  return index < width_ ? dialect_.columns[index] : std::string();
}

// ---- notes after the last row

// Passes the rest of the text over if it is nothing but notes.
bool CsvBatchReader::TakeNotes() {
  if (width_ < 2 || batch_.empty() ||
      window_.byte() + static_cast<std::int64_t>(at_) < rows_until_ || FillAhead(kMaxNotesBytes) ||
      window_.error()) {
    return false;
  }
  std::string_view first;
  const std::size_t lines = NotesAhead(first);
  if (lines == 0) {
    return false;
  }
  batch_.AddFlaw({.kind = Flaw::Kind::kMended,
                  .offset = batch_.last_offset(),
                  .what = "after this row " + Count(lines, "line") + " with one field instead of " +
                          std::to_string(width_) + " (" + Quoted(first) +
                          "), taken as notes and not loaded"});
  return true;
}

// How many lines from here to the end are notes; 0 when they are rows.
std::size_t CsvBatchReader::NotesAhead(std::string_view& first) {
  std::size_t lines = 0;
  const char* at = here();
  NoteGap gap = gap_;
  for (;;) {
    const Outcome outcome = parser_.Parse(at, window_.begin());
    const CsvRecord& record = parser_.record();
    if (outcome == Outcome::kNothing) {
      return lines;
    }
    const std::string_view line = Trim({record.begin, record.end});
    const bool note = outcome == Outcome::kRecord && record.count == 1 &&
                      (lines > 0 || line.empty() || ReadsLikeNote(line, batch_.last_value(), gap));
    if (!note) {
      rows_until_ = window_.byte() + (at - window_.begin());
      return 0;
    }
    gap = NoteGap::kBlankLine;
    at = record.next;
    if (!line.empty()) {
      first = lines == 0 ? line : first;
      ++lines;
    }
  }
}

}  // namespace

Result<std::unique_ptr<BatchReader>> OpenCsvBatches(TextStream text, std::string start,
                                                    const ReadOptions& options,
                                                    const Origin& origin) {
  Finding finding{.compression = text.compression,
                  .encoding = text.encoding,
                  .format = api::Format::kCsv,
                  .csv = DetectDialect(std::string_view(start).substr(0, kTextSample),
                                       start.size() < kTextSample, options.csv)};
  const std::size_t width = finding.csv->columns.size();
  if (width > kMaxCsvColumns) {
    return DataError(origin, {},
                     "has " + std::to_string(width) + " columns of delimiter " +
                         Quoted(finding.csv->delimiter) + "; at most " +
                         std::to_string(kMaxCsvColumns) + " can be read");
  }
  return std::unique_ptr<BatchReader>(std::make_unique<CsvBatchReader>(
      std::move(text), std::move(start), std::move(finding), options));
}

}  // namespace tenantry::load
