#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tenantry::cli {

// Columns of a terminal that a text takes, as far as counting characters tells.
std::size_t DisplayWidth(std::string_view text);

// Aligned columns below their names, two blanks before each line.
class TextTable {
 public:
  enum class Side { kLeft, kRight };
  struct Column {
    std::string name;
    Side side = Side::kLeft;
  };
  explicit TextTable(std::vector<Column> columns);

  void AddRow(std::vector<std::string> cells);  // one for each column
  std::string Render() const;

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;  // the first one holds the names
};

}  // namespace tenantry::cli
