#include "cli/load.h"

#include <sys/stat.h>

#include <utility>

#include "agent/load/bulk_load.h"
#include "agent/load/bulk_settings.h"
#include "agent/load/path_source.h"
#include "cli/exit_code.h"
#include "cli/files.h"
#include "cli/load_report.h"
#include "cli/load_target.h"
#include "cli/mapping_file.h"
#include "cli/numbers.h"
#include "cli/open_source.h"
#include "cli/progress.h"
#include "cli/shell_words.h"
#include "cli/store_access.h"
#include "cli/store_url.h"

namespace tenantry::cli {
namespace {

constexpr char kCommand[] = "tenantry load";

bool IsFolder(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

// One load after another.
class LoadRun {
 public:
  LoadRun(const LoadOptions& options, const std::vector<std::string>& words, const Console& console,
          const Clock& clock, const std::stop_token& stop)
      : options_(options), words_(words), console_(console), clock_(clock), stop_(stop) {}

  int Run() {
    const Result<std::vector<std::string>> files = ExpandFiles(options_.files);
    if (!files) {
      return Fail(files.error());
    }
    if (files->size() > 1 && !options_.reject_file.empty() && !IsFolder(options_.reject_file)) {
      console_.Complain(kCommand, "--rejects names one file, but there are " +
                                      Counted(static_cast<std::int64_t>(files->size()), "file") +
                                      " to load. Name a folder, or leave it out.");
      return kExitUsage;
    }
    const Result<load::BulkTarget> target = OpenTarget();
    if (!target) {
      return Fail(target.error());
    }
    Result<std::shared_ptr<const load::Mapping>> mapping = ReadMappingFile(options_.mapping_file);
    if (!mapping) {
      return Fail(mapping.error());
    }
    bulk_ = load::WithMapping(options_.bulk, *std::move(mapping));
    for (const std::string& file : *files) {
      FileResult result = LoadFile(*target, file);
      const bool goes_on = MayGoOn(result);
      Tell(result);
      results_.push_back(std::move(result));
      if (!goes_on) {
        break;
      }
    }
    return End();
  }

 private:
  int Fail(const Error& error) const {
    console_.Complain(kCommand, InOurWords(error).message);
    return error.code == ErrorCode::kCancelled ? kExitCancelled : kExitFailed;
  }

  Result<load::BulkTarget> OpenTarget() const {
    const api::PostgresAccess store = TRY(OpenStore(options_.store, console_, stop_));
    return FindTarget(options_, store, console_, stop_);
  }

  std::string RejectFile(const std::string& file) const {
    const std::string name = RejectFileOf(file, options_.source);
    if (options_.reject_file.empty() || !IsFolder(options_.reject_file)) {
      return options_.reject_file.empty() ? name : options_.reject_file;
    }
    return options_.reject_file + "/" + name.substr(name.find_last_of('/') + 1);
  }

  FileResult LoadFile(const load::BulkTarget& target, const std::string& file) const {
    FileResult result{.file = WithoutPassword(file),
                      .schema = target.schema,
                      .table = target.table,
                      .dry_run = options_.bulk.dry_run};
    const Result<load::PathSource> opened = OpenSource(file, options_.source, console_, stop_);
    if (!opened) {
      result.error = opened.error();
      return result;
    }
    load::BulkOptions bulk = bulk_;
    bulk.reject_file = RejectFile(file);
    const SourceKind kind = KindOf(file, options_.source);
    if (kind == SourceKind::kPostgres || kind == SourceKind::kSqlite) {
      bulk.read = load::ReadOptionsOfExport();
    }
    const std::string name = SourceNameOf(file, options_.source);
    Progress progress(console_, clock_, kind == SourceKind::kFile ? file : name, target.table,
                      opened->bytes);
    const auto source = load::WatchReading(
        *opened->source, [&progress](std::int64_t bytes) { progress.OnRead(bytes); });
    const load::Origin origin{.dataset = target.table, .source = name};
    load::BulkOutcome outcome = load::LoadBulk(target, bulk, *source, origin, progress, stop_);
    progress.Finish();
    result.report = std::move(outcome.report);
    result.error = std::move(outcome.error);
    result.reject_file = result.report.counters.rejected > 0 ? bulk.reject_file : "";
    return result;
  }

  // A store that does not answer will not do so for the next file.
  static bool MayGoOn(const FileResult& result) {
    return !result.error || (result.error->code != ErrorCode::kCancelled &&
                             result.error->code != ErrorCode::kUnavailable);
  }

  void Tell(const FileResult& result) const {
    if (!result.error) {
      if (options_.output.format == OutputFormat::kTable) {
        console_.out << DescribeResult(result) << std::flush;
      } else {
        console_.Say(result.table + ": " + Counted(result.report.counters.read, "row") +
                     " read in " + FormatElapsed(result.report.elapsed) + ".");
      }
      return;
    }
    const std::int64_t rows = result.report.counters.read - result.report.counters.rejected;
    const bool stopped = result.error->code == ErrorCode::kCancelled;
    if (!stopped) {
      console_.Complain(kCommand, InOurWords(*result.error).message);
    }
    if (stopped || rows > 0) {
      console_.err << (stopped ? "Stopped. " : "") << Counted(rows, "row")
                   << (rows == 1 ? " is" : " are") << " loaded and committed." << std::endl;
      console_.err << "Resume with: " << ShellLine(words_) << std::endl;
    }
  }

  int End() const {
    int exit_code = kExitOk;
    for (const FileResult& result : results_) {
      exit_code = WorseExit(exit_code, ExitCodeOf(result));
    }
    if (options_.output.format != OutputFormat::kTable) {
      console_.out << FormatResults(results_, exit_code, options_.output.format) << std::flush;
    }
    return exit_code;
  }

  const LoadOptions& options_;
  const std::vector<std::string>& words_;
  const Console& console_;
  const Clock& clock_;
  const std::stop_token& stop_;
  load::BulkOptions bulk_;
  std::vector<FileResult> results_;
};

}  // namespace

int RunLoad(const LoadOptions& options, const std::vector<std::string>& words,
            const Console& console, const Clock& clock, const std::stop_token& stop) {
  return LoadRun(options, words, console, clock, stop).Run();
}

}  // namespace tenantry::cli
