#include "cli/progress.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <sstream>

#include "tests/support/manual_clock.h"

namespace tenantry::cli {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;

Moment Halfway() {
  return {.name = "tracks",
          .rows = 712'400,
          .rejected = 7,
          .bytes = 50 << 20,
          .total = 100 << 20,
          .elapsed = milliseconds(1000)};
}

TEST(LiveLine, ShowsBarRateRejectsAndTimeLeft) {
  EXPECT_EQ(LiveLine(Halfway(), 200),
            "tracks  ▕████████████            ▏  50%   712,400 rows   712k rows/s   7 rejected   "
            "ETA 1.00 s   50 MiB of 100 MiB");
}

TEST(LiveLine, LeavesOutWhatDoesNotFit) {
  EXPECT_EQ(LiveLine(Halfway(), 80),
            "tracks  ▕████████████            ▏  50%   712,400 rows   712k rows/s");
  EXPECT_EQ(LiveLine(Halfway(), 30), "tracks  50%   712,400 rows");
}

TEST(LiveLine, SaysNothingThatItDoesNotKnow) {
  Moment moment = Halfway();
  moment.total.reset();
  moment.elapsed = milliseconds(100);
  EXPECT_EQ(LiveLine(moment, 200), "tracks  712,400 rows   – rows/s   7 rejected   ETA –   50 MiB");
}

TEST(LiveLine, SaysHundredPercentOnlyWhenAllIsRead) {
  Moment moment = Halfway();
  moment.bytes = *moment.total - 1;
  EXPECT_THAT(LiveLine(moment, 200), HasSubstr(" 99%"));
  moment.bytes = *moment.total;
  EXPECT_THAT(LiveLine(moment, 200), HasSubstr("100%"));
}

TEST(PlainLine, HasTheSameFacts) {
  EXPECT_EQ(PlainLine(Halfway()),
            "tracks: 712,400 rows, 50%, 712k rows/s, 7 rejected, ETA 1.00 s, 50 MiB of 100 MiB");
}

TEST(DescribeFinding, NamesTheDialect) {
  load::Finding finding;
  finding.compression = load::Compression::kGzip;
  finding.encoding = load::Encoding::kUtf16Le;
  finding.csv = load::CsvDialect{.delimiter = ";"};
  EXPECT_EQ(DescribeFinding(finding, 9), "gzip → CSV, delimiter ';', UTF-16LE, header, 9 columns");
}

class ProgressTest : public ::testing::Test {
 protected:
  Console MakeConsole(bool terminal) {
    return {.out = out_, .err = err_, .err_is_terminal = terminal, .width = 200};
  }
  std::string TakeText() {
    std::string text = err_.str();
    err_.str("");
    return text;
  }

  testing::ManualClock clock_;
  std::ostringstream out_, err_;
};

TEST_F(ProgressTest, OfATerminalIsOneLineTenTimesASecond) {
  const Console console = MakeConsole(true);
  Progress progress(console, clock_, "tracks.csv", "tracks", 1000);
  progress.OnFinding({}, {"a"});
  EXPECT_EQ(TakeText(), "tracks.csv: CSV, 1 column\n");
  clock_.Advance(milliseconds(99));
  progress.OnProgress({.rows = 1});
  EXPECT_EQ(TakeText(), "");
  clock_.Advance(milliseconds(1));
  progress.OnProgress({.rows = 2, .source_bytes = 10});
  EXPECT_THAT(TakeText(), HasSubstr("\r\x1b[Ktracks  ▕"));
  progress.Finish();
  EXPECT_EQ(TakeText(), "\r\x1b[K");
}

TEST_F(ProgressTest, OfALogIsALineAtTheStartAndEveryTenSeconds) {
  const Console console = MakeConsole(false);
  Progress progress(console, clock_, "tracks.csv", "tracks", 1000);
  EXPECT_EQ(TakeText(), "Loading tracks.csv into tracks (1,000 bytes).\n");
  progress.OnFinding({}, {"a", "b"});
  EXPECT_EQ(TakeText(), "tracks.csv: CSV, 2 columns\n");
  clock_.Advance(seconds(9));
  progress.OnProgress({.rows = 900});
  EXPECT_EQ(TakeText(), "");
  clock_.Advance(seconds(1));
  progress.OnProgress({.rows = 1000, .source_bytes = 500});
  EXPECT_EQ(TakeText(),
            "tracks: 1,000 rows, 50%, 100 rows/s, 0 rejected, ETA 10.0 s, 500 bytes of 1,000 "
            "bytes\n");
}

TEST_F(ProgressTest, TellsThatASourceIsLookedAtBeforeItIsLoaded) {
  const Console console = MakeConsole(false);
  Progress progress(console, clock_, "tracks.csv", "tracks", 1000);
  TakeText();
  clock_.Advance(seconds(11));
  progress.OnRead(800);
  EXPECT_EQ(TakeText(), "tracks.csv: looking at it, 800 bytes read\n");
}

TEST_F(ProgressTest, IsSilentWhenQuiet) {
  Console console = MakeConsole(true);
  console.quiet = true;
  Progress progress(console, clock_, "tracks.csv", "tracks", 1000);
  progress.OnFinding({}, {"a"});
  clock_.Advance(seconds(60));
  progress.OnProgress({.rows = 1});
  progress.Finish();
  EXPECT_EQ(TakeText(), "");
}

}  // namespace
}  // namespace tenantry::cli
