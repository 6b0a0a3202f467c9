#include "agent/load/row_encoder.h"

#include <utility>

#include "agent/load/json_text.h"
#include "common/base/strings.h"

namespace tenantry::load {
namespace {

std::string NearestColumns(const Table& table, const std::string& name) {
  std::vector<std::string> names;
  for (const TableColumn& column : table.columns) {
    if (!column.generated) {
      names.push_back(column.name);
    }
  }
  return Join(NearestNames(name, std::move(names)), ", ");
}

}  // namespace

void AppendCopyText(std::string& line, std::string_view text) {
  for (const char byte : text) {
    switch (byte) {
      case '\\':
        line += "\\\\";
        break;
      case '\t':
        line += "\\t";
        break;
      case '\n':
        line += "\\n";
        break;
      case '\r':
        line += "\\r";
        break;
      default:
        line += byte;
    }
  }
}

std::string InputText(const Value& value, const TableColumn& column) {
  switch (column.type_class) {
    case TableColumn::Class::kJson:
      return value.kind == Value::Kind::kUntyped ? value.text : ToJson(value);
    case TableColumn::Class::kArray:
    case TableColumn::Class::kJsonArray:
      if (value.kind == Value::Kind::kNested && value.text[0] == '[') {
        return ToArrayLiteral(value.text, column.type_class == TableColumn::Class::kArray
                                              ? ArrayElements::kPlain
                                              : ArrayElements::kJson);
      }
      return value.text;
    case TableColumn::Class::kPlain:
      return value.text;
  }
  return value.text;
}

RowEncoder::RowEncoder(const Table& table, const Key& key, Origin origin)
    : table_(table),
      key_(key),
      origin_(std::move(origin)),
      row_(table.columns.size()),
      seen_(table.columns.size()) {}

Result<std::size_t> RowEncoder::TableColumnOf(const std::string& name, const Place& place) const {
  const std::optional<std::size_t> column = table_.Find(name);
  const std::string table = table_.schema + "." + table_.name;
  if (!column) {
    return DataError(origin_, place,
                     "table " + table + " has no such column. Rename it (nearest: " +
                         NearestColumns(table_, name) + "), or remove it.");
  }
  if (table_.columns[*column].generated) {
    return DataError(origin_, place,
                     "table " + table + " generates this column itself. Remove it from the data.");
  }
  return *column;
}

Result<void> RowEncoder::CheckName(const std::string& name, Place place) {
  place.column = name;
  table_column_.push_back(TRY(TableColumnOf(name, place)));
  return {};
}

Result<void> RowEncoder::CheckNames(const std::vector<std::string>& names, const Place& place) {
  for (const std::string& name : names) {
    TRY(CheckName(name, place));
  }
  return {};
}

Result<void> RowEncoder::Append(const Record& record, const std::vector<std::string>& names) {
  row_.assign(row_.size(), nullptr);
  for (const Cell& cell : record.cells) {
    while (table_column_.size() <= cell.column) {
      TRY(CheckName(names[table_column_.size()],
                    {.record = record.number, .byte = cell.value.byte, .column = ""}));
    }
    row_[table_column_[cell.column]] = &cell.value;
  }
  TRY(CheckKey(record));
  ++records_;
  lines_ += std::to_string(record.number);
  AppendAbsent();
  for (std::size_t i = 0; i < row_.size(); ++i) {
    const TableColumn& column = table_.columns[i];
    if (column.generated || key_.IsDefaulted(i)) {
      continue;
    }
    lines_ += '\t';
    if (row_[i] == nullptr || row_[i]->kind == Value::Kind::kNull) {
      lines_ += "\\N";
    } else {
      AppendCopyText(lines_, InputText(*row_[i], column));
    }
    seen_[i] += row_[i] == nullptr ? 0 : 1;
  }
  lines_ += '\n';
  return {};
}

Result<void> RowEncoder::CheckKey(const Record& record) const {
  for (const std::size_t column : key_.columns) {
    const bool present = row_[column] != nullptr;
    if (present == !key_.IsDefaulted(column)) {
      continue;
    }
    return DataError(
        origin_,
        {.record = record.number, .byte = record.byte, .column = table_.columns[column].name},
        present ? "the record has this key column, and the first record has not. Give it to all "
                  "records or to none."
                : "the record lacks this key column. Add it.");
  }
  return {};
}

// One byte for each column with a default: 1 where the record leaves the column to it.
void RowEncoder::AppendAbsent() {
  std::string absent;
  bool any = false;
  for (std::size_t i = 0; i < row_.size(); ++i) {
    if (table_.columns[i].has_default() && !table_.columns[i].generated) {
      absent += row_[i] == nullptr ? '1' : '0';
      any = any || row_[i] == nullptr;
    }
  }
  lines_ += '\t';
  lines_ += any ? absent : "\\N";
}

std::string RowEncoder::TakeLines() { return std::exchange(lines_, {}); }

std::vector<Presence> RowEncoder::presence() const {
  std::vector<Presence> presence;
  presence.reserve(seen_.size());
  for (const std::int64_t seen : seen_) {
    presence.push_back(seen == 0          ? Presence::kNone
                       : seen == records_ ? Presence::kAll
                                          : Presence::kSome);
  }
  return presence;
}

}  // namespace tenantry::load
