#include "agent/load/bulk_refusal.h"

#include <algorithm>
#include <charconv>
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

// Empty: there are several.
std::string SoleColumn(const postgres::ServerDiagnostics& diagnostics) {
  std::string columns = KeyColumns(diagnostics);
  return columns.find(", ") == std::string::npos ? columns : "";
}

struct Words {
  std::string reason;
  std::string what;
};

Words ExplainDuplicate(const postgres::ServerDiagnostics& diagnostics) {
  const std::string columns = KeyColumns(diagnostics);
  const std::string wants = " is there already, and \"" + diagnostics.constraint +
                            "\" wants it to be unique. Remove one of the two, or choose another "
                            "conflict word.";
  if (columns.empty()) {  // row security hides it
    return {.reason = diagnostics.constraint + " is violated", .what = "its key" + wants};
  }
  return {.reason = columns + " is there already",
          .what = columns + " = " + KeyValues(diagnostics) + wants};
}

Words ExplainOrphan(const postgres::ServerDiagnostics& diagnostics) {
  const std::string columns = KeyColumns(diagnostics);
  const std::string parent = Between(diagnostics.detail, "\"", "\"");
  const std::string next =
      " (foreign key \"" + diagnostics.constraint + "\"). Load that first, or correct the record.";
  if (columns.empty()) {
    return {.reason = "no row for " + diagnostics.constraint,
            .what = "what it refers to is not there" + next};
  }
  return {
      .reason = columns + " has no row in " + (parent.empty() ? diagnostics.constraint : parent),
      .what = "there is no " + (parent.empty() ? "row" : "row of " + parent) + " for " + columns +
              " = " + KeyValues(diagnostics) + next};
}

Words ExplainOther(const postgres::ServerDiagnostics& diagnostics) {
  if (diagnostics.sqlstate == "23502") {
    return {.reason = diagnostics.column + " has no value",
            .what = "it has no value, and the table needs one. Give it one."};
  }
  if (diagnostics.sqlstate == "23514" && !diagnostics.constraint.empty()) {
    return {.reason = "check " + diagnostics.constraint + " is violated",
            .what = "it violates check constraint \"" + diagnostics.constraint +
                    "\". Correct the record."};
  }
  if (diagnostics.sqlstate == "42501") {
    return {.reason = "a row of another tenant",
            .what =
                "row-level security refuses it, as a row of another tenant. Correct the record, "
                "or leave the tenant's column out."};
  }
  if (diagnostics.sqlstate.starts_with("22")) {
    const std::string subject = diagnostics.column.empty() ? "" : diagnostics.column + ": ";
    return {.reason = subject + diagnostics.message.substr(0, diagnostics.message.find(": \"")),
            .what = diagnostics.message + ". Correct the value."};
  }
  return {.reason = diagnostics.message,
          .what = "the database refuses it (" + diagnostics.message + "). Correct the record."};
}

}  // namespace

std::string CopyColumn(const std::string& context, std::string_view name) {
  const std::string start = "COPY " + std::string(name) + ", ";
  const std::size_t found = context.find(start);
  const std::size_t comma =
      found == std::string::npos ? found : context.find(", ", found + start.size());
  // The server's language has one word before the name.
  const std::size_t word = comma == std::string::npos ? comma : context.find(' ', comma + 2);
  if (word == std::string::npos) {
    return "";
  }
  const std::size_t end = std::min(context.find(": \"", word), context.find('\n', word));
  return context.substr(word + 1, std::min(end, context.size()) - word - 1);
}

std::int64_t CopyLine(const std::string& context, std::string_view name) {
  const std::string start = "COPY " + std::string(name) + ", ";
  const std::size_t found = context.find(start);
  if (found == std::string::npos) {
    return 0;
  }
  const std::size_t at = context.find_first_of("0123456789", found + start.size());
  if (at == std::string::npos) {
    return 0;
  }
  std::int64_t line = 0;
  std::from_chars(context.data() + at, context.data() + context.size(), line);
  return line;
}

bool IsRecordError(const std::string& sqlstate) {
  return sqlstate.starts_with("22") || sqlstate.starts_with("23") || sqlstate == "42501" ||
         sqlstate.starts_with("P0");
}

Reject Explain(Reject reject, const postgres::ServerDiagnostics& diagnostics) {
  Words words;
  if (diagnostics.sqlstate == "23505") {
    reject.column = SoleColumn(diagnostics);
    words = ExplainDuplicate(diagnostics);
  } else if (diagnostics.sqlstate == "23503") {
    reject.column = SoleColumn(diagnostics);
    words = ExplainOrphan(diagnostics);
  } else {
    reject.column = diagnostics.column;
    words = ExplainOther(diagnostics);
  }
  reject.reason = words.reason;
  reject.what = words.what;
  return reject;
}

}  // namespace tenantry::load
