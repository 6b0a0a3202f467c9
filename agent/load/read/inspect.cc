#include "agent/load/read/inspect.h"

#include <algorithm>
#include <string_view>

#include "agent/load/read/place.h"
#include "common/base/strings.h"

namespace tenantry::load {
namespace {

constexpr std::size_t kPreviewBytes = 64;

// "an integer", "a date": what a value of the type is called.
std::string NounOf(ValueType type) {
  switch (type) {
    case ValueType::kInteger:
    case ValueType::kBigint:
      return "an integer";
    case ValueType::kNumeric:
      return "a number";
    case ValueType::kUuid:
      return "a UUID";
    case ValueType::kJsonb:
      return "JSON";
    default:
      return "a " + std::string(ToString(type));
  }
}

std::int64_t CountLineEnds(std::string_view text) {
  std::int64_t count = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool feed = text[i] == '\n';
    const bool lone_return = text[i] == '\r' && (i + 1 == text.size() || text[i + 1] != '\n');
    count += feed || lone_return ? 1 : 0;
  }
  return count;
}

std::string_view WithoutLineEnd(std::string_view text) {
  const bool feed = text.ends_with('\n');
  text.remove_suffix(feed ? 1 : 0);
  text.remove_suffix(text.ends_with('\r') ? 1 : 0);
  return text;
}

// Gathers an Inspection batch by batch.
class Inspector {
 public:
  explicit Inspector(std::size_t preview_records)
      : profiler_(Profiler::Detail::kEverything), preview_records_(preview_records) {}

  void Add(const Batch& batch) {
    profiler_.Add(batch);
    AddRecords(batch);
    for (const Flaw& flaw : batch.flaws) {
      AddFlaw(batch, flaw);
    }
    AddPreview(batch);
  }

  Inspection Finish(const BatchReader& reader) {
    inspection_.finding = reader.finding();
    inspection_.columns = profiler_.Finish(reader.columns());
    inspection_.header_line = HeaderLine();
    for (const ColumnProfile& column : inspection_.columns) {
      AddMisfits(column);
    }
    std::stable_sort(
        inspection_.problems.begin(), inspection_.problems.end(),
        [](const Problem& left, const Problem& right) { return left.line < right.line; });
    for (auto& row : inspection_.preview) {
      row.resize(inspection_.columns.size());
    }
    return std::move(inspection_);
  }

 private:
  // Blank lines may follow titles, so that only the first record tells where the header is.
  std::int64_t HeaderLine() const {
    const std::optional<CsvDialect>& csv = inspection_.finding.csv;
    if (!csv || !csv->header || inspection_.columns.empty()) {
      return 0;
    }
    const bool after_titles = csv->title_lines > 0 && first_line_ > 0;
    return after_titles ? first_line_ - 1 : csv->title_lines + 1;
  }

  void AddRecords(const Batch& batch) {
    if (first_line_ == 0 && !batch.records.empty()) {
      first_line_ = batch.line + batch.records.front().line;
    }
    inspection_.records += static_cast<std::int64_t>(batch.records.size());
    for (const RecordPlace& place : batch.records) {
      inspection_.rejected += place.rejected ? 1 : 0;
      AddLineEnd(batch.text(place));
    }
    inspection_.bytes = batch.byte + static_cast<std::int64_t>(batch.raw.size());
    if (!batch.records.empty()) {
      const RecordPlace& last = batch.records.back();
      inspection_.lines = batch.line + last.line + CountLineEnds(WithoutLineEnd(batch.text(last)));
    }
  }

  void AddLineEnd(std::string_view record) {
    LineEnds& ends = inspection_.line_ends;
    if (record.ends_with("\r\n")) {
      ends.crlf = true;
    } else if (record.ends_with('\n')) {
      ends.lf = true;
    } else if (record.ends_with('\r')) {
      ends.cr = true;
    }
  }

  void AddFlaw(const Batch& batch, const Flaw& flaw) {
    ++inspection_.problem_count;
    if (inspection_.problems.size() == kMostProblems || flaw.record >= batch.records.size()) {
      return;
    }
    const bool rejected = flaw.kind == Flaw::Kind::kRejected;
    inspection_.problems.push_back(
        {.kind = rejected ? Problem::Kind::kRejected : Problem::Kind::kMended,
         .record = batch.first_record + static_cast<std::int64_t>(flaw.record),
         .line = batch.line + batch.records[flaw.record].line,
         .byte = batch.byte + flaw.offset,
         .column = flaw.column,
         .what = flaw.what});
  }

  void AddMisfits(const ColumnProfile& column) {
    if (!column.misfit) {
      return;
    }
    inspection_.problem_count += column.misfit->count;
    for (const ColumnProfile::Misfit::Example& example : column.misfit->examples) {
      if (misfits_ == kMostProblems) {
        return;
      }
      ++misfits_;
      inspection_.problems.push_back({.kind = Problem::Kind::kMisfit,
                                      .record = example.record,
                                      .line = example.line,
                                      .column = column.name,
                                      .what = Quoted(example.text) + " in " + Shorten(column.name) +
                                              " is not " + NounOf(column.misfit->type)});
    }
  }

  void AddPreview(const Batch& batch) {
    for (std::size_t record = 0; record < batch.records.size(); ++record) {
      if (inspection_.preview.size() == preview_records_) {
        return;
      }
      if (batch.records[record].rejected) {
        continue;
      }
      auto& row = inspection_.preview.emplace_back();
      for (std::size_t i = 0; i < batch.width; ++i) {
        const Field& field = batch.row(record)[i];
        const bool empty = field.kind <= FieldKind::kNull;
        row.push_back(empty ? std::nullopt : std::optional(Shorten(field.text(), kPreviewBytes)));
      }
    }
  }

  Profiler profiler_;
  std::size_t preview_records_;
  std::int64_t first_line_ = 0;
  std::size_t misfits_ = 0;  // among the problems
  Inspection inspection_;
};

}  // namespace

const char* ToString(Problem::Kind kind) {
  switch (kind) {
    case Problem::Kind::kMended:
      return "mended";
    case Problem::Kind::kMisfit:
      return "misfit";
    case Problem::Kind::kRejected:
      break;
  }
  return "rejected";
}

std::string ToString(const LineEnds& ends) {
  std::vector<std::string> names;
  if (ends.lf) {
    names.emplace_back("LF");
  }
  if (ends.crlf) {
    names.emplace_back("CRLF");
  }
  if (ends.cr) {
    names.emplace_back("CR");
  }
  return Join(names, " and ");
}

Result<Inspection> Inspect(BatchReader& reader, std::size_t preview_records) {
  Inspector inspector(preview_records);
  for (;;) {
    const Batch* const batch = TRY(reader.Next());
    if (batch == nullptr) {
      return inspector.Finish(reader);
    }
    inspector.Add(*batch);
  }
}

}  // namespace tenantry::load
