#include "agent/load/copy_text.h"

#include "agent/load/json_text.h"

namespace tenantry::load {

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

}  // namespace tenantry::load
