#include "agent/load/read/inspect.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

namespace tenantry::load {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class OnePiece : public ByteStream {
 public:
  explicit OnePiece(std::string text) : text_(std::move(text)) {}
  Result<std::string_view> Next() override {
    return std::exchange(done_, true) ? std::string_view() : std::string_view(text_);
  }

 private:
  std::string text_;
  bool done_ = false;
};

Result<Inspection> InspectText(const std::string& text, ReadOptions options = {}) {
  const auto reader =
      TRY(BatchReader::Open(std::make_unique<OnePiece>(text), options, {.dataset = "test"}));
  return Inspect(*reader, 2);
}

Inspection MustInspect(const std::string& text, ReadOptions options = {}) {
  Result<Inspection> inspection = InspectText(text, std::move(options));
  EXPECT_TRUE(inspection) << inspection.error().message;
  return inspection ? std::move(inspection).value() : Inspection();
}

TEST(Inspect, TellsWhatACsvFileHolds) {
  const Inspection found = MustInspect("id;name\r\n1;Ann\r\n2;Bob\r\n3;\r\n");
  EXPECT_EQ(found.finding.format, api::Format::kCsv);
  ASSERT_TRUE(found.finding.csv);
  EXPECT_EQ(found.finding.csv->delimiter, ";");
  EXPECT_EQ(found.records, 3);
  EXPECT_EQ(found.rejected, 0);
  EXPECT_EQ(found.lines, 4);
  EXPECT_EQ(found.bytes, 27);
  EXPECT_EQ(ToString(found.line_ends), "CRLF");
  ASSERT_EQ(found.columns.size(), 2U);
  EXPECT_EQ(found.columns[0].type, ValueType::kInteger);
  EXPECT_EQ(found.columns[1].type, ValueType::kText);
  EXPECT_EQ(found.columns[1].nulls, 1);
  EXPECT_EQ(found.problem_count, 0);
}

TEST(Inspect, ShowsTheFirstRecords) {
  const Inspection found = MustInspect("id,name\n1,Ann\n2,\n3,Eve\n");
  EXPECT_THAT(found.preview, ElementsAre(ElementsAre("1", "Ann"), ElementsAre("2", std::nullopt)));
}

TEST(Inspect, FillsThePreviewUpWhenColumnsComeLater) {
  const Inspection found = MustInspect("{\"a\":1}\n{\"a\":2,\"b\":3}\n");
  EXPECT_EQ(found.finding.format, api::Format::kNdjson);
  EXPECT_THAT(found.preview, ElementsAre(ElementsAre("1", std::nullopt), ElementsAre("2", "3")));
}

TEST(Inspect, ListsWhatIsWrongByLine) {
  std::string text = "id,votes\n";
  for (int i = 1; i <= 300; ++i) {
    text += std::to_string(i) + (i == 100   ? ",1.0e\n"
                                 : i == 200 ? "\n"
                                 : i == 250 ? ",7,surplus,more\n"
                                            : ",7\n");
  }
  const Inspection found = MustInspect(text);
  EXPECT_EQ(found.records, 300);
  EXPECT_EQ(found.rejected, 1);
  EXPECT_EQ(found.problem_count, 3);
  ASSERT_EQ(found.problems.size(), 3U);
  EXPECT_EQ(found.problems[0].kind, Problem::Kind::kMisfit);
  EXPECT_EQ(found.problems[0].line, 101);
  EXPECT_EQ(found.problems[0].what, "\"1.0e\" in votes is not an integer");
  EXPECT_EQ(found.problems[1].kind, Problem::Kind::kMended);
  EXPECT_EQ(found.problems[1].line, 201);
  EXPECT_EQ(found.problems[2].kind, Problem::Kind::kRejected);
  EXPECT_EQ(found.problems[2].record, 250);
  ASSERT_TRUE(found.problems[2].byte);
  EXPECT_EQ(text.compare(static_cast<std::size_t>(*found.problems[2].byte), 3, "250"), 0);
}

TEST(Inspect, KeepsTheFirstProblemsAndCountsAll) {
  std::string text = "{\"a\":1}\n";
  for (int i = 0; i < 500; ++i) {
    text += "{\"a\":}\n";
  }
  const Inspection found = MustInspect(text, {.format = api::Format::kNdjson});
  EXPECT_EQ(found.rejected, 500);
  EXPECT_EQ(found.problem_count, 500);
  EXPECT_EQ(found.problems.size(), kMostProblems);
}

TEST(Inspect, NamesAllLineEndsThatItMeets) {
  EXPECT_EQ(ToString(MustInspect("a,b\n1,2\r\n3,4\n").line_ends), "LF and CRLF");
  EXPECT_EQ(ToString(LineEnds{}), "");
}

TEST(Inspect, CountsTheLinesOfQuotedRecords) {
  const Inspection found = MustInspect("a,b\n1,\"x\ny\nz\"\n2,q");
  EXPECT_EQ(found.records, 2);
  EXPECT_EQ(found.lines, 5);
}

TEST(Inspect, PassesTheReadersErrorOn) {
  const Result<Inspection> found = InspectText("[{\"a\":1}, ");
  ASSERT_FALSE(found);
  EXPECT_THAT(found.error().message, HasSubstr("test"));
}

TEST(Inspect, FindsNothingInNothing) {
  const Inspection found = MustInspect("");
  EXPECT_EQ(found.records, 0);
  EXPECT_TRUE(found.columns.empty());
  EXPECT_TRUE(found.preview.empty());
}

}  // namespace
}  // namespace tenantry::load
