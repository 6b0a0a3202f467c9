#include "agent/load/record_stream.h"

#include <gtest/gtest.h>

#include "tests/unit/load/reading.h"

namespace tenantry::load {
namespace {

TEST(RecordStream, GivesRecordsWithTheirPlacesAndKinds) {
  const Reading reading = ReadAll(R"([{"a":1,"b":null},{"c":"x","a":[1]}])");
  ASSERT_EQ(reading.records.size(), 2U);
  EXPECT_EQ(reading.columns, (std::vector<std::string>{"a", "b", "c"}));
  const Record& first = reading.records[0];
  EXPECT_EQ(first.number, 1);
  EXPECT_EQ(first.byte, 1);
  EXPECT_EQ(first.cells[0].value.kind, Value::Kind::kNumber);
  EXPECT_EQ(first.cells[1].value.kind, Value::Kind::kNull);
  const Record& second = reading.records[1];
  ASSERT_EQ(second.cells.size(), 2U) << "b is absent";
  EXPECT_EQ(second.cells[0].value.kind, Value::Kind::kNested);
  EXPECT_EQ(second.cells[1].value.text, "x");
}

TEST(RecordStream, LeavesRejectedRecordsOutAndCountsThem) {
  const Reading reading = ReadAll("a,b\n1,2\n3,4,5,6\n7,8\n", api::Format::kCsv);
  ASSERT_EQ(reading.records.size(), 2U);
  EXPECT_EQ(reading.records[1].number, 3) << "the rejected one keeps its number";
  EXPECT_EQ(reading.rejected, 1);
  EXPECT_NE(reading.first_reject.find("Record 2"), std::string::npos) << reading.first_reject;
}

TEST(RecordStream, OfAnEmptySourceHasNothing) {
  const Reading reading = ReadAll("");
  EXPECT_TRUE(reading.records.empty());
  EXPECT_EQ(reading.error, "");
}

}  // namespace
}  // namespace tenantry::load
