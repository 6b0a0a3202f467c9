#pragma once

#include <string>
#include <vector>

#include "agent/load/read/batch_reader.h"
#include "common/base/result.h"

namespace CLI {
class App;
}

namespace tenantry::cli {

// What a user may say about a file's format, as typed.
struct ReadArguments {
  std::string format, delimiter, quote, comment, json_path;
  std::vector<std::string> null_texts;
  bool header = false;
  bool no_header = false;
  std::string mapping;  // a file
};
void AddReadOptions(CLI::App& command, ReadArguments& arguments);

// Pure. Errors are for exit code 2.
Result<load::ReadOptions> MakeReadOptions(const ReadArguments& arguments);

// kInvalid: `--option: "value" why.`
Error BadOption(const std::string& option, const std::string& value, const std::string& why);

}  // namespace tenantry::cli
