#include "cli/progress.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "cli/numbers.h"
#include "cli/text_table.h"
#include "common/base/strings.h"

namespace tenantry::cli {
namespace {

constexpr std::chrono::milliseconds kLiveEvery{100};
constexpr std::chrono::seconds kPlainEvery{10};
constexpr std::chrono::milliseconds kRateFrom{300};  // before that a rate says nothing
constexpr int kBarColumns = 24;

double Seconds(std::chrono::milliseconds time) { return static_cast<double>(time.count()) / 1000; }

// 0..1; none: the size is not known.
std::optional<double> Part(const Moment& moment) {
  if (!moment.total || *moment.total <= 0) {
    return std::nullopt;
  }
  const double part = static_cast<double>(moment.bytes) / static_cast<double>(*moment.total);
  return std::clamp(part, 0.0, 1.0);
}

std::optional<double> RowsPerSecond(const Moment& moment) {
  return moment.elapsed < kRateFrom || moment.rows == 0
             ? std::nullopt
             : std::optional(static_cast<double>(moment.rows) / Seconds(moment.elapsed));
}

std::optional<std::chrono::milliseconds> TimeLeft(const Moment& moment) {
  if (!moment.total || moment.bytes <= 0 || moment.elapsed < kRateFrom) {
    return std::nullopt;
  }
  const double left = static_cast<double>(std::max<std::int64_t>(*moment.total - moment.bytes, 0));
  return std::chrono::milliseconds(
      std::llround(Seconds(moment.elapsed) * left / static_cast<double>(moment.bytes) * 1000));
}

std::string Percent(double part) {
  // 100 % is what is done, not what is nearly done.
  const int percent = part >= 1 ? 100 : std::min(static_cast<int>(part * 100), 99);
  return std::to_string(percent) + "%";
}

std::string Bar(double part) {
  constexpr std::array kEighths = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  const int eighths = static_cast<int>(part * kBarColumns * 8);
  std::string bar = "▕";
  for (int i = 0; i < eighths / 8; ++i) {
    bar += "█";
  }
  const int rest = eighths % 8;
  bar += kEighths[static_cast<std::size_t>(rest)];
  bar.append(static_cast<std::size_t>(kBarColumns - eighths / 8 - (rest > 0 ? 1 : 0)), ' ');
  return bar + "▏";
}

// What there is to say beside the bar, the least important last.
std::vector<std::string> Facts(const Moment& moment) {
  std::vector<std::string> facts = {Grouped(moment.rows) + " rows"};
  const auto rate = RowsPerSecond(moment);
  facts.push_back((rate ? FormatRate(*rate) : "–") + " rows/s");
  facts.push_back(Grouped(moment.rejected) + " rejected");
  const auto left = TimeLeft(moment);
  facts.push_back("ETA " + (left ? FormatElapsed(*left) : "–"));
  facts.push_back(moment.total ? FormatSize(moment.bytes) + " of " + FormatSize(*moment.total)
                               : FormatSize(moment.bytes));
  return facts;
}

// No character at the edge, where a terminal may wrap.
std::size_t Limit(int width) { return static_cast<std::size_t>(std::max(width - 1, 1)); }

std::string CutTo(const std::string& line, std::size_t limit) {
  return DisplayWidth(line) <= limit ? line : Shorten(line, limit > 3 ? limit - 3 : 1);
}

}  // namespace

std::string LiveLine(const Moment& moment, int width) {
  const std::size_t limit = Limit(width);
  constexpr std::size_t kNameColumns = 24;
  std::string line = Shorten(moment.name, kNameColumns) + "  ";
  if (const auto part = Part(moment)) {
    const std::string percent = Percent(*part);
    const std::string bar = Bar(*part) + " " + std::string(4 - percent.size(), ' ') + percent;
    line += DisplayWidth(line + bar) <= limit ? bar : percent;
  }
  for (const std::string& fact : Facts(moment)) {
    const std::string longer = line + (line.ends_with("  ") ? "" : "   ") + fact;
    if (DisplayWidth(longer) > limit) {
      break;
    }
    line = longer;
  }
  return CutTo(line, limit);
}

std::string LookingLine(const std::string& file, const Moment& moment, int width) {
  const auto part = Part(moment);
  const std::string size = FormatSize(moment.bytes);
  return CutTo("Looking at " + file + "   " + (part ? Percent(*part) + "   " : "") + size,
               Limit(width));
}

std::string PlainLine(const Moment& moment) {
  std::vector<std::string> facts = Facts(moment);
  if (const auto part = Part(moment)) {
    facts.insert(facts.begin() + 1, Percent(*part));
  }
  return moment.name + ": " + Join(facts, ", ");
}

std::string DescribeFinding(const load::Finding& finding, std::size_t columns) {
  std::vector<std::string> facts = {api::ToString(finding.format)};
  if (finding.csv) {
    const load::CsvDialect& csv = *finding.csv;
    facts.push_back("delimiter " + (csv.delimiter == "\t" ? "tab" : "'" + csv.delimiter + "'"));
  } else if (!finding.json_shape.empty()) {
    facts.push_back(finding.json_shape);
  }
  if (finding.encoding != load::Encoding::kUtf8) {
    facts.emplace_back(load::ToString(finding.encoding));
  }
  if (finding.csv) {
    facts.emplace_back(finding.csv->header ? "header" : "no header");
  }
  facts.push_back(Counted(static_cast<std::int64_t>(columns), "column"));
  const std::string compression = load::ToString(finding.compression);
  return (compression.empty() ? "" : compression + " → ") + Join(facts, ", ");
}

Progress::Progress(const Console& console, const Clock& clock, std::string file, std::string table,
                   std::optional<std::int64_t> total)
    : console_(console),
      clock_(clock),
      file_(std::move(file)),
      start_(clock.Monotonic()),
      moment_{.name = std::move(table), .total = total},
      shown_(start_) {
  if (!console_.err_is_terminal) {
    console_.Say("Loading " + file_ + " into " + moment_.name +
                 (total ? " (" + FormatSize(*total) + ")" : "") + ".");
  }
}

Progress::~Progress() { Finish(); }

void Progress::OnFinding(const load::Finding& finding, const std::vector<std::string>& columns) {
  const MutexLock lock(mutex_);
  Clear();
  loading_ = true;
  start_ = clock_.Monotonic();
  console_.Say(file_ + ": " + DescribeFinding(finding, columns.size()));
}

void Progress::OnProgress(const load::BulkProgress& progress) {
  const MutexLock lock(mutex_);
  moment_.rows = progress.rows;
  moment_.rejected = progress.rejected;
  if (progress.source_bytes > 0) {
    moment_.bytes = progress.source_bytes;
  }
  Show();
}

void Progress::OnRead(std::int64_t bytes) {
  const MutexLock lock(mutex_);
  moment_.bytes = bytes;
  Show();
}

void Progress::Show() {
  const MonotonicTime now = clock_.Monotonic();
  const auto every = console_.err_is_terminal
                         ? std::chrono::duration_cast<std::chrono::nanoseconds>(kLiveEvery)
                         : std::chrono::duration_cast<std::chrono::nanoseconds>(kPlainEvery);
  if (console_.quiet || now - shown_ < every) {
    return;
  }
  shown_ = now;
  moment_.elapsed = std::chrono::duration_cast<std::chrono::milliseconds>(now - start_);
  if (!console_.err_is_terminal) {
    console_.Say(loading_ ? PlainLine(moment_)
                          : file_ + ": looking at it, " + FormatSize(moment_.bytes) + " read");
    return;
  }
  console_.err << "\r\x1b[K"
               << (loading_ ? LiveLine(moment_, console_.width)
                            : LookingLine(file_, moment_, console_.width))
               << std::flush;
  line_is_shown_ = true;
}

void Progress::Finish() {
  const MutexLock lock(mutex_);
  Clear();
}

void Progress::Clear() {
  if (line_is_shown_) {
    console_.err << "\r\x1b[K" << std::flush;
    line_is_shown_ = false;
  }
}

}  // namespace tenantry::cli
