#include "cli/inspect.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <thread>

#include "cli/exit_code.h"
#include "tests/support/server_process.h"

namespace tenantry::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

struct Outcome {
  int exit_code = 0;
  std::string out;
  std::string err;
};

Outcome Inspect(const std::string& file, InspectOutput output) {
  std::ostringstream out;
  std::ostringstream err;
  const int exit_code = RunInspect({.file = file, .output = output}, out, err);
  return {.exit_code = exit_code, .out = out.str(), .err = err.str()};
}

class InspectFile : public ::testing::Test {
 protected:
  std::string Write(const std::string& name, const std::string& text) const {
    const std::string path = folder_.path() + "/" + name;
    std::ofstream(path, std::ios::binary) << text;
    return path;
  }
  Outcome Run(const std::string& text, InspectOutput output) const {
    return Inspect(Write("data", text), output);
  }

  testing::TemporaryFolder folder_;
};

TEST_F(InspectFile, ShowsATableForPeople) {
  const Outcome outcome = Run(
      "Sales report\n\nid;born;note\n1;31.12.1999;a|b\n2;01.02.2000;\n3;24.12.2001;longer text\n",
      InspectOutput::kTable);
  EXPECT_EQ(outcome.exit_code, kExitOk) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("CSV, 3 records, 3 columns, "));
  EXPECT_THAT(outcome.out, HasSubstr("UTF-8, LF\n"));
  EXPECT_THAT(outcome.out, HasSubstr("delimiter ';'   "));
  EXPECT_THAT(outcome.out, HasSubstr("header in line 3 (1 title line before it)\n"));
  EXPECT_THAT(outcome.out,
              HasSubstr("  column   type      empty   distinct   examples\n"
                        "  id       integer       –          3   1 · 2 · 3\n"
                        "  born     date          –          3   31.12.1999 · 01.02.2000 · "
                        "24.12.2001     as DD.MM.YYYY\n"
                        "  note     text        33%          2   a|b · longer text\n"));
  EXPECT_THAT(outcome.out, HasSubstr("First rows\n"
                                     "  id   born         note\n"
                                     "  1    31.12.1999   a|b\n"
                                     "  2    01.02.2000   –\n"));
  EXPECT_THAT(outcome.out, Not(HasSubstr("Problems")));
}

TEST_F(InspectFile, TellsRejectsByTheExitCode) {
  const std::string text = "id,name\n1,Ann\n2,Bob,surplus\n3,Eve\n";
  const Outcome table = Run(text, InspectOutput::kTable);
  EXPECT_EQ(table.exit_code, kExitRejects);
  EXPECT_THAT(table.out, HasSubstr("Problems (1 record rejected)\n  line 3  "));
  const Outcome rows = Run(text, InspectOutput::kCsv);
  EXPECT_EQ(rows.exit_code, kExitRejects);
  EXPECT_EQ(rows.out, "id,name\r\n1,Ann\r\n3,Eve\r\n");
  EXPECT_THAT(rows.err, HasSubstr("line 3  "));
  EXPECT_THAT(rows.err, HasSubstr("1 of 3 records rejected and left out\n"));
}

TEST_F(InspectFile, WritesFindingsAsJson) {
  const Outcome outcome =
      Run("id\tname\tborn\r\n1\tAnn\t12/31/1999\r\n2\t\t01/02/2000\r\n", InspectOutput::kJson);
  ASSERT_EQ(outcome.exit_code, kExitOk) << outcome.err;
  const auto report = nlohmann::json::parse(outcome.out);
  EXPECT_EQ(report["format"], "csv");
  EXPECT_EQ(report["dialect"]["delimiter"], "\t");
  EXPECT_EQ(report["dialect"]["lineEnds"], "CRLF");
  EXPECT_EQ(report["dialect"]["headerLine"], 1);
  EXPECT_EQ(report["encoding"], "UTF-8");
  EXPECT_TRUE(report["compression"].is_null());
  EXPECT_EQ(report["records"], 2);
  EXPECT_EQ(report["rejected"], 0);
  EXPECT_EQ(report["columns"][0]["type"], "integer");
  EXPECT_EQ(report["columns"][0]["nullable"], false);
  EXPECT_EQ(report["columns"][1]["nullable"], true);
  EXPECT_EQ(report["columns"][1]["empty"], 1);
  EXPECT_EQ(report["columns"][2]["format"], "MM/DD/YYYY");
  EXPECT_EQ(report["columns"][2]["dateOrder"], "MDY");
  EXPECT_EQ(report["columns"][2]["examples"][0], "12/31/1999");
  EXPECT_EQ(report["problems"], nlohmann::json::array());
}

TEST_F(InspectFile, WritesRowsAsRfc4180) {
  const Outcome outcome =
      Run("id;text\n1;\"say \"\"hi\"\"\"\n2;a,b\n3;\n4;\"\"\n5;\"two\nlines\"\n6; x \n",
          InspectOutput::kCsv);
  EXPECT_EQ(outcome.exit_code, kExitOk) << outcome.err;
  EXPECT_EQ(outcome.out,
            "id,text\r\n1,\"say \"\"hi\"\"\"\r\n2,\"a,b\"\r\n3,\r\n4,\"\"\r\n5,\"two\nlines\"\r\n"
            "6, x \r\n");
}

TEST_F(InspectFile, WritesColumnsThatComeLaterInTheHeader) {
  const Outcome outcome = Run("[{\"a\":1},{\"b\":{\"c\":[1, 2]},\"a\":null}]", InspectOutput::kCsv);
  EXPECT_EQ(outcome.exit_code, kExitOk) << outcome.err;
  EXPECT_EQ(outcome.out, "a,b\r\n1,\r\n,\"{\"\"c\"\":[1,2]}\"\r\n");
}

TEST_F(InspectFile, WritesNoEmptyLineForANull) {
  EXPECT_EQ(Run("[\"x\",null,\"\"]", InspectOutput::kCsv).out, "value\r\nx\r\n\"\"\r\n\"\"\r\n");
}

TEST_F(InspectFile, WritesTypedObjects) {
  const Outcome outcome =
      Run("id,amount,ok,code,day,doc\n"
          "1,1.50,yes,007,2020-01-02,\"{\"\"a\"\": 1}\"\n"
          "12345678901234567890,.5,no,8,2020-01-03,[]\n"
          "3,-2.,,,,\n"
          "4,NaN,off,\"\",\"\",\"\"\n",
          InspectOutput::kNdjson);
  EXPECT_EQ(outcome.exit_code, kExitOk) << outcome.err;
  EXPECT_EQ(outcome.out,
            R"({"id":1,"amount":1.50,"ok":true,"code":"007","day":"2020-01-02","doc":{"a":1}})"
            "\n"
            R"({"id":12345678901234567890,"amount":0.5,"ok":false,"code":"8","day":"2020-01-03",)"
            R"("doc":[]})"
            "\n"
            R"({"id":3,"amount":-2,"ok":null,"code":null,"day":null,"doc":null})"
            "\n"
            R"({"id":4,"amount":"NaN","ok":false,"code":"","day":null,"doc":null})"
            "\n");
}

TEST_F(InspectFile, KeepsTheTypesOfJson) {
  const std::string text =
      "{\"a\":1.0,\"b\":\"5\",\"c\":true}\n{\"a\":1e2,\"b\":null,\"d\":[1,{\"x\":\"\\n\"}]}\n";
  EXPECT_EQ(Run(text, InspectOutput::kNdjson).out, text);
}

TEST_F(InspectFile, SaysWhyAFileCannotBeRead) {
  for (const InspectOutput output :
       {InspectOutput::kTable, InspectOutput::kJson, InspectOutput::kCsv, InspectOutput::kNdjson}) {
    const Outcome missing = Inspect(folder_.path() + "/missing.csv", output);
    EXPECT_EQ(missing.exit_code, kExitFailed);
    EXPECT_EQ(missing.out, "");
    EXPECT_THAT(missing.err, HasSubstr("/missing.csv: No such file or directory"));
    EXPECT_THAT(Inspect(folder_.path(), output).err, HasSubstr("Is a directory"));
    const Outcome broken = Run("[{\"a\":1}, ", output);
    EXPECT_EQ(broken.exit_code, kExitFailed);
    EXPECT_THAT(broken.err, HasSubstr("tenantry inspect: "));
  }
}

TEST_F(InspectFile, ReadsAnEmptyFile) {
  EXPECT_EQ(Run("", InspectOutput::kTable).exit_code, kExitOk);
  EXPECT_EQ(Run("", InspectOutput::kCsv).out, "");
  EXPECT_EQ(Run("", InspectOutput::kNdjson).out, "");
}

TEST_F(InspectFile, ReadsAPipeTwiceWhenItHasTo) {
  const std::string pipe = folder_.path() + "/pipe";
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  std::thread writer([&] { std::ofstream(pipe) << "id,name\n1,Ann\n"; });
  const Outcome outcome = Inspect(pipe, InspectOutput::kNdjson);
  writer.join();
  EXPECT_EQ(outcome.out, "{\"id\":1,\"name\":\"Ann\"}\n") << outcome.err;
}

TEST_F(InspectFile, FailsWhenItsOutputIsLost) {
  const std::string path = Write("data", "a,b\n1,2\n");
  std::ofstream out("/dev/full");
  std::ostringstream err;
  EXPECT_EQ(RunInspect({.file = path, .output = InspectOutput::kCsv}, out, err), kExitFailed);
  EXPECT_THAT(err.str(), HasSubstr("cannot write"));
}

}  // namespace
}  // namespace tenantry::cli
