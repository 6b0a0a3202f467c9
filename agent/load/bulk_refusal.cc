#include "agent/load/bulk_refusal.h"

#include <string>
#include <string_view>

namespace tenantry::load {
namespace {

// What stands between `before` and `after`; empty when it is not there.
std::string Between(std::string_view text, std::string_view before, std::string_view after) {
  const std::size_t start = text.find(before);
  if (start == std::string_view::npos) {
    return "";
  }
  const std::size_t from = start + before.size();
  const std::size_t to = text.find(after, from);
  return to == std::string_view::npos ? "" : std::string(text.substr(from, to - from));
}

// "Key (album_id)=(a9) is not present in table "albums".": the columns. The server's language does
// not change what is in parentheses.
std::string KeyColumns(const postgres::ServerDiagnostics& diagnostics) {
  return Between(diagnostics.detail, "(", ")=(");
}

std::string KeyValues(const postgres::ServerDiagnostics& diagnostics) {
  return Between(diagnostics.detail, ")=(", ")");
}

struct Words {
  std::string reason;
  std::string what;
};

Words ExplainDuplicate(const postgres::ServerDiagnostics& diagnostics) {
  const std::string columns = KeyColumns(diagnostics);
  const std::string key = columns.empty() ? diagnostics.constraint : columns;
  return {.reason = key + " is there already",
          .what = key + " = " + KeyValues(diagnostics) +
                  " is there already, and must be unique. Remove the record, or choose another "
                  "conflict word."};
}

Words ExplainOrphan(const postgres::ServerDiagnostics& diagnostics) {
  const std::string columns = KeyColumns(diagnostics);
  const std::string parent = Between(diagnostics.detail, "\"", "\"");
  return {
      .reason = columns + " has no row in " + (parent.empty() ? diagnostics.constraint : parent),
      .what = "there is no " + (parent.empty() ? "row" : "row of " + parent) + " for " + columns +
              " = " + KeyValues(diagnostics) + ". Load that first, or correct the record."};
}

Words ExplainOther(const postgres::ServerDiagnostics& diagnostics, const std::string& column) {
  if (diagnostics.sqlstate == "23502") {
    return {.reason = column + " is missing", .what = "the column needs a value. Give it one."};
  }
  if (diagnostics.sqlstate == "23514") {
    return {.reason = "check " + diagnostics.constraint + " is violated",
            .what = "it violates check constraint \"" + diagnostics.constraint +
                    "\". Correct the record."};
  }
  const std::string subject = column.empty() ? "" : column + ": ";
  return {.reason = subject + diagnostics.message.substr(0, diagnostics.message.find(": \"")),
          .what = diagnostics.message + ". Correct the value."};
}

}  // namespace

Reject Explain(Reject reject, const postgres::ServerDiagnostics& diagnostics) {
  Words words;
  if (diagnostics.sqlstate == "23505") {
    words = ExplainDuplicate(diagnostics);
  } else if (diagnostics.sqlstate == "23503") {
    reject.column = KeyColumns(diagnostics);
    words = ExplainOrphan(diagnostics);
  } else {
    reject.column = diagnostics.column;
    words = ExplainOther(diagnostics, diagnostics.column);
  }
  reject.reason = words.reason;
  reject.what = words.what;
  return reject;
}

}  // namespace tenantry::load
