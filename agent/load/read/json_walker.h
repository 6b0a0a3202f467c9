#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "agent/load/read/json_scan.h"
#include "agent/load/read/json_window.h"
#include "agent/load/read/place.h"
#include "common/base/result.h"

namespace tenantry::load {

// Goes through a document to a value inside of it, and from there to its end. What is passed over
// is checked and not kept. Errors are kInvalid with reason InvalidData, or the stream's own.
class JsonWalker {
 public:
  // `longest`: bytes of a string or number that is passed over.
  JsonWalker(JsonWindow& window, const Origin& origin, std::size_t longest)
      : window_(window), origin_(origin), longest_(longest) {}

  // From the text's beginning to the first byte of the value at `path`, which is then where the
  // window begins. Returns that byte.
  Result<char> Enter(const std::vector<std::string>& path);

  enum class OtherRecords { kIgnored, kRefused };
  // From behind that value, where the window begins, to the text's end. kRefused: another member of
  // the innermost object that is an array of objects is an error.
  Result<void> Leave(OtherRecords others);

 private:
  struct Level {
    char bracket = '{';   // of the container
    std::string segment;  // where it was left for the level below
  };

  Result<void> EnterObject(const std::string& key);
  Result<void> EnterArray(const std::string& index);
  Result<void> LeaveLevel(const Level& level, OtherRecords others);
  Result<void> CheckSibling(const std::string& name);
  Result<char> Peek();
  Result<void> Expect(char byte);
  Result<std::string> TakeKey();
  Result<const char*> ScanToken();
  Result<void> SkipValue(int depth);
  Result<void> SkipContainer(int depth);
  Result<void> More();
  Error Fail(const char* at, std::string_view what) const;
  Error Missing(const std::string& segment, std::string_view what) const;

  JsonWindow& window_;
  const Origin& origin_;
  std::size_t longest_;
  JsonScan scan_;
  std::vector<Level> levels_;  // from the outermost to the innermost
};

}  // namespace tenantry::load
