#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "agent/load/read/batch.h"
#include "agent/load/read/csv_dialect.h"
#include "agent/load/read/csv_scan.h"
#include "agent/load/read/text_arena.h"

namespace tenantry::load {

// What was found of a record beside its fields.
struct CsvRecord {
  const char* begin = nullptr;
  const char* end = nullptr;   // of its last byte before the line end
  const char* next = nullptr;  // after the line end
  std::size_t count = 0;       // of fields, also those that there is no column for
  std::size_t quoted = 0;      // fields in quotes
  std::size_t strays = 0;      // quotes in them that are neither doubled nor escaped nor the last
  bool surplus_text = false;   // a field that there is no column for is not empty
  std::uint32_t breaks = 0;    // line ends within it
  const char* unclosed = nullptr;  // the quote that is never closed
};

// Reads record after record of a text in memory. Lenient: a quote counts as closing only before a
// delimiter or line end (blanks between them are passed over), a quote within an unquoted field is
// text, and a quoted field may have blanks before it.
class CsvParser {
 public:
  enum class Outcome {
    kRecord,
    kMore,      // the record may go on after the text's end
    kUnclosed,  // a quote is open at the text's end, and nothing follows
    kNothing,   // no record: the text has ended
  };
  // Does more text follow than the one that was given?
  enum class After { kMore, kNothing };

  CsvParser(const CsvDialect& dialect, std::vector<std::string> null_texts, std::size_t width);

  // The text ends at `end`, and TextWindow::kPadding bytes after it can be read.
  void SetEnd(const char* end, After after) {
    end_ = end;
    after_ = after;
  }
  // The text was moved in memory: what was learned of it is kept.
  void Move(std::ptrdiff_t by) {
    const bool known = no_close_until_ != nullptr;
    no_close_from_ += known ? by : 0;
    no_close_until_ += known ? by : 0;
  }

  // The record at `at`. Offsets of its fields count from `base`. Neither blank lines nor comments
  // are known here.
  Outcome Parse(const char* at, const char* base);
  const CsvRecord& record() const { return record_; }
  // As many as there are columns; those from record().count on are left from the one before.
  Field* fields() { return fields_.data(); }
  // Values that are not written as they are live until then.
  void ForgetValues() { arena_.Clear(); }

 private:
  struct Closing {
    const char* quote = nullptr;
    const char* after = nullptr;  // the delimiter or line end
  };
  using Specials = ByteSet<5>;

  Outcome Run(const char* at);
  Outcome AtEnd(const char* start);
  Outcome AtLineEnd(const char* at);
  bool IsDelimiter(const char* at) const;
  bool OpensQuotes(const char* start, const char* at) const;
  Closing FindClosing(const char* open);
  const char* AfterClosing(const char* quote) const;
  const char* AfterEscape(const char* at) const;
  void RememberNoClose(const char* from, const char* until);
  [[gnu::always_inline]] void Add(const char* begin, const char* end);
  void AddQuoted(const char* begin, const char* end);
  [[gnu::always_inline]] void Put(const char* begin, const char* end, FieldKind kind);
  bool IsNullText(std::string_view text) const;
  void Unescape();

  // How the text is written.
  std::string delimiter_;
  char quote_ = '\0';
  CsvDialect::Escape escape_ = CsvDialect::Escape::kNone;
  std::vector<std::string> null_texts_;
  std::size_t longest_null_ = 0;
  Specials specials_;
  ByteSet<2> quotes_;  // and backslashes
  ByteSet<2> line_ends_;

  const char* end_ = nullptr;
  After after_ = After::kMore;
  const char* base_ = nullptr;
  // No quote between them closes anything: an unclosed quote in each line costs no more than one.
  const char* no_close_from_ = nullptr;
  const char* no_close_until_ = nullptr;

  CsvRecord record_;
  std::vector<Field> fields_;
  struct Escaped {
    std::size_t column = 0;
    bool quoted = false;
  };
  std::vector<Escaped> escaped_;  // fields of the record with something to take away
  bool escape_met_ = false;       // in the field that is being read
  std::string value_;
  TextArena arena_;
};

}  // namespace tenantry::load
