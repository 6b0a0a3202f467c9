#include "cli/inspect.h"

#include <utility>

#include "agent/load/map/mapped_reader.h"
#include "agent/load/read/inspect.h"
#include "cli/exit_code.h"
#include "cli/input_file.h"
#include "cli/inspect_report.h"
#include "cli/mapping_file.h"
#include "cli/numbers.h"
#include "cli/rows.h"

namespace tenantry::cli {
namespace {

constexpr std::size_t kPreviewRecords = 5;
constexpr std::size_t kWriteBytes = 64 << 10;
constexpr std::int64_t kToldRejects = 20;

std::string NameOf(const std::string& file) { return file == "-" ? "standard input" : file; }

// What `inspect` was told to do, with its mapping.
struct Inspected {
  const InspectOptions& options;
  std::shared_ptr<const load::Mapping> mapping;
};

// There is no database: values that look for a key stay as they are.
Result<std::unique_ptr<load::BatchReader>> OpenReader(const load::Source& source,
                                                      const Inspected& inspected) {
  return load::OpenBatches(source.Read(), inspected.options.read,
                           {.mapping = inspected.mapping.get()},
                           {.dataset = NameOf(inspected.options.file)});
}

Error CannotWrite() {
  return {.code = ErrorCode::kInvalid, .message = "cannot write to standard output."};
}

int ExitFor(std::int64_t rejected) { return rejected > 0 ? kExitRejects : kExitOk; }

// ---- findings ----

Result<int> Report(const Inspected& inspected, std::ostream& out) {
  const InspectOptions& options = inspected.options;
  const auto source = TRY(OpenInputFile(options.file, Passes::kOne));
  const auto reader = TRY(OpenReader(*source, inspected));
  const load::Inspection inspection = TRY(load::Inspect(*reader, kPreviewRecords));
  out << (options.output == InspectOutput::kJson ? InspectionJson(inspection, options.file)
                                                 : InspectionTable(inspection))
      << std::flush;
  if (!out) {
    return CannotWrite();
  }
  return ExitFor(inspection.rejected);
}

// ---- rows ----

// Rejected records on their way past: told one by one, then counted.
class Rejects {
 public:
  explicit Rejects(std::ostream& err) : err_(err) {}

  void Add(const load::Batch& batch) {
    records_ += static_cast<std::int64_t>(batch.records.size());
    for (const load::Flaw& flaw : batch.flaws) {
      if (flaw.kind != load::Flaw::Kind::kRejected) {
        continue;
      }
      if (++count_ <= kToldRejects) {
        err_ << "line " << Grouped(batch.line + batch.records[flaw.record].line) << "  "
             << flaw.what << '\n';
      }
    }
  }
  int Finish() const {
    if (count_ > 0) {
      err_ << Grouped(count_) << " of " << Counted(records_, "record")
           << " rejected and left out\n";
    }
    return ExitFor(count_);
  }

 private:
  std::ostream& err_;
  std::int64_t records_ = 0;
  std::int64_t count_ = 0;
};

// Calls append(row, width, text) for every record that is not rejected and writes what it appends
// to `text`.
template <class Append>
Result<int> WriteRows(load::BatchReader& reader, std::string text, std::ostream& out,
                      std::ostream& err, Append append) {
  Rejects rejects(err);
  for (;;) {
    const load::Batch* const batch = TRY(reader.Next());
    for (std::size_t record = 0; batch != nullptr && record < batch->records.size(); ++record) {
      if (!batch->records[record].rejected) {
        append(batch->row(record), batch->width, text);
      }
    }
    if (batch == nullptr || text.size() >= kWriteBytes) {
      out.write(text.data(), static_cast<std::streamsize>(text.size()));
      text.clear();
    }
    if (batch == nullptr) {
      out.flush();
    }
    if (!out) {
      return CannotWrite();
    }
    if (batch == nullptr) {
      return rejects.Finish();
    }
    rejects.Add(*batch);
  }
}

Result<std::vector<std::string>> ReadColumns(const load::Source& source,
                                             const Inspected& inspected) {
  const auto reader = TRY(OpenReader(source, inspected));
  // Only JSON may bring columns later.
  while (!reader->finding().csv) {
    const load::Batch* const batch = TRY(reader->Next());
    if (batch == nullptr) {
      break;
    }
  }
  return reader->columns();
}

Result<int> WriteCsv(const Inspected& inspected, std::ostream& out, std::ostream& err) {
  const auto source = TRY(OpenInputFile(inspected.options.file, Passes::kSeveral));
  const std::vector<std::string> names = TRY(ReadColumns(*source, inspected));
  const auto reader = TRY(OpenReader(*source, inspected));
  std::string text;
  if (!names.empty()) {
    AppendCsvHeader(names, text);
  }
  return WriteRows(*reader, std::move(text), out, err,
                   [&](const load::Field* row, std::size_t width, std::string& to) {
                     AppendCsvRow(row, width, names.size(), to);
                   });
}

Result<std::vector<load::ColumnProfile>> ReadTypes(const load::Source& source,
                                                   const Inspected& inspected) {
  const auto reader = TRY(OpenReader(source, inspected));
  load::Profiler profiler(load::Profiler::Detail::kTypesOnly);
  for (;;) {
    const load::Batch* const batch = TRY(reader->Next());
    if (batch == nullptr) {
      return profiler.Finish(reader->columns());
    }
    profiler.Add(*batch);
  }
}

Result<int> WriteNdjson(const Inspected& inspected, std::ostream& out, std::ostream& err) {
  const auto source = TRY(OpenInputFile(inspected.options.file, Passes::kSeveral));
  const JsonRows rows(TRY(ReadTypes(*source, inspected)));
  const auto reader = TRY(OpenReader(*source, inspected));
  return WriteRows(*reader, "", out, err,
                   [&](const load::Field* row, std::size_t width, std::string& to) {
                     rows.Append(row, width, to);
                   });
}

Result<int> Run(const InspectOptions& options, std::ostream& out, std::ostream& err) {
  const Inspected inspected{options, TRY(ReadMappingFile(options.mapping_file))};
  switch (options.output) {
    case InspectOutput::kCsv:
      return WriteCsv(inspected, out, err);
    case InspectOutput::kNdjson:
      return WriteNdjson(inspected, out, err);
    default:
      return Report(inspected, out);
  }
}

}  // namespace

int RunInspect(const InspectOptions& options, std::ostream& out, std::ostream& err) {
  const Result<int> exit_code = Run(options, out, err);
  if (exit_code) {
    return *exit_code;
  }
  err << "tenantry inspect: " << exit_code.error().message << '\n';
  return kExitFailed;
}

}  // namespace tenantry::cli
