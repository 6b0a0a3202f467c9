#include "agent/load/read/csv_parser.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace tenantry::load {
namespace {

bool IsLineEnd(char byte) { return byte == '\n' || byte == '\r'; }
bool IsBlank(char byte) { return byte == ' ' || byte == '\t'; }

}  // namespace

CsvParser::CsvParser(const CsvDialect& dialect, std::vector<std::string> null_texts,
                     std::size_t width)
    : delimiter_(dialect.delimiter),
      quote_(dialect.quote),
      escape_(dialect.escape),
      null_texts_(std::move(null_texts)),
      specials_({dialect.delimiter.front(), '\n', '\r',
                 dialect.quote != '\0' ? dialect.quote : '\n',
                 dialect.escape == CsvDialect::Escape::kBackslash ? '\\' : '\n'}),
      quotes_(
          {dialect.quote, dialect.escape == CsvDialect::Escape::kBackslash ? '\\' : dialect.quote}),
      line_ends_({'\n', '\r'}),
      fields_(width) {
  for (const std::string& text : null_texts_) {
    longest_null_ = std::max(longest_null_, text.size());
  }
}

CsvParser::Outcome CsvParser::Parse(const char* at, const char* base) {
  record_ = {.begin = at};
  base_ = base;
  escape_met_ = false;
  escaped_.clear();
  const Outcome outcome = Run(at);
  if (outcome == Outcome::kRecord && !escaped_.empty()) {
    Unescape();
  }
  return outcome;
}

inline void CsvParser::Put(const char* begin, const char* end, FieldKind kind) {
  if (record_.count < fields_.size()) {
    Field& field = fields_[record_.count];
    field.data = begin;
    field.size = static_cast<std::uint32_t>(end - begin);
    field.offset = static_cast<std::uint32_t>(begin - base_);
    field.kind = kind;
  } else {
    record_.surplus_text = record_.surplus_text || begin != end;
  }
  ++record_.count;
}

inline void CsvParser::Add(const char* begin, const char* end) {
  const bool null = begin == end || (longest_null_ > 0 && IsNullText({begin, end}));
  if (escape_met_) {
    escape_met_ = false;
    escaped_.push_back({.column = record_.count, .quoted = false});
  }
  Put(begin, end, null ? FieldKind::kNull : FieldKind::kUntyped);
}

CsvParser::Outcome CsvParser::Run(const char* at) {
  ByteScanner<5> scan(specials_, at, end_);
  const char* start = at;
  const char* with_quote = nullptr;  // the start of the field that had one already
  const char delimiter = delimiter_.front();
  for (;;) {
    const char* found = scan.Next();
    if (found == end_) {
      return AtEnd(start);
    }
    if (*found == delimiter) {
      if (IsDelimiter(found)) {
        Add(start, found);
        start = found + delimiter_.size();
        scan.Seek(start);
      }
      continue;
    }
    if (IsLineEnd(*found)) {
      Add(start, found);
      return AtLineEnd(found);
    }
    if (*found != quote_) {
      escape_met_ = true;
      scan.Seek(AfterEscape(found));
      continue;
    }
    if (with_quote == start || !OpensQuotes(start, found)) {
      with_quote = start;
      continue;
    }
    const Closing closing = FindClosing(found);
    if (closing.quote == nullptr || (closing.after == end_ && after_ == After::kMore)) {
      record_.unclosed = found;
      return after_ == After::kMore ? Outcome::kMore : Outcome::kUnclosed;
    }
    AddQuoted(found + 1, closing.quote);
    if (closing.after == end_ || IsLineEnd(*closing.after)) {
      return AtLineEnd(closing.after);
    }
    start = closing.after + delimiter_.size();
    scan.Seek(start);
  }
}

CsvParser::Outcome CsvParser::AtEnd(const char* start) {
  if (after_ == After::kMore) {
    return Outcome::kMore;
  }
  if (record_.begin == end_) {
    return Outcome::kNothing;
  }
  Add(start, end_);
  return AtLineEnd(end_);
}

CsvParser::Outcome CsvParser::AtLineEnd(const char* at) {
  record_.end = at;
  record_.next = at;
  if (at == end_) {
    return Outcome::kRecord;
  }
  ++record_.next;
  if (*at == '\n') {
    return Outcome::kRecord;
  }
  if (record_.next == end_ && after_ == After::kMore) {
    return Outcome::kMore;  // a line feed may follow
  }
  record_.next += record_.next < end_ && *record_.next == '\n' ? 1 : 0;
  return Outcome::kRecord;
}

bool CsvParser::IsDelimiter(const char* at) const {
  const std::size_t size = delimiter_.size();
  return size == 1 || (static_cast<std::size_t>(end_ - at) >= size &&
                       std::memcmp(at, delimiter_.data(), size) == 0);
}

// Is the quote at `at`, the first one after `start`, where the field begins? Blanks may be before
// it if it is plain that the field is in quotes: the next quote closes it in the same line.
bool CsvParser::OpensQuotes(const char* start, const char* at) const {
  if (at == start) {
    return true;
  }
  if (!std::all_of(start, at, IsBlank)) {
    return false;
  }
  const char* line_end = ByteScanner<2>(line_ends_, at + 1, end_).Next();
  const char* close = ByteScanner<2>(quotes_, at + 1, line_end).Next();
  if (close == line_end) {
    return line_end == end_ && after_ == After::kMore;  // FindClosing will say so
  }
  return *close == quote_ && AfterClosing(close) != nullptr;
}

const char* CsvParser::AfterEscape(const char* at) const { return std::min(at + 2, end_); }

// The delimiter or line end that makes the quote at `quote` a closing one; nullptr when it is none.
// The text's end when more may follow: it cannot be said yet.
const char* CsvParser::AfterClosing(const char* quote) const {
  const char* after = quote + 1;
  while (after < end_ && !IsLineEnd(*after)) {
    if (*after == delimiter_.front()) {
      const bool cut_off = static_cast<std::size_t>(end_ - after) < delimiter_.size();
      return IsDelimiter(after) ? after : cut_off && after_ == After::kMore ? end_ : nullptr;
    }
    if (!IsBlank(*after)) {
      return nullptr;
    }
    ++after;
  }
  return after;
}

CsvParser::Closing CsvParser::FindClosing(const char* open) {
  const auto from = [&](const char* next) {
    const bool skips = open >= no_close_from_ && no_close_until_ > next && *next != quote_;
    escape_met_ = escape_met_ || skips;  // perhaps
    return skips ? std::min(no_close_until_, end_) : next;
  };
  ByteScanner<2> scan(quotes_, from(open + 1), end_);
  for (;;) {
    const char* at = scan.Next();
    if (at == end_) {
      RememberNoClose(open, end_);
      return {};
    }
    const bool doubled =
        *at == quote_ && escape_ != CsvDialect::Escape::kNone && at + 1 < end_ && at[1] == quote_;
    if (*at == quote_ && !doubled) {
      const char* after = AfterClosing(at);
      if (after != nullptr) {
        RememberNoClose(open, at);
        return {.quote = at, .after = after};
      }
      ++record_.strays;
      scan.Seek(from(at + 1));
      continue;
    }
    escape_met_ = true;
    if (at + 2 > end_) {
      return {};  // what is escaped is not here yet
    }
    scan.Seek(from(at + 2));
  }
}

void CsvParser::RememberNoClose(const char* from, const char* until) {
  const bool goes_on = from >= no_close_from_ && from <= no_close_until_;
  no_close_from_ = goes_on ? no_close_from_ : from;
  no_close_until_ = goes_on ? std::max(no_close_until_, until) : until;
}

void CsvParser::AddQuoted(const char* begin, const char* end) {
  ++record_.quoted;
  if (escape_met_) {
    escape_met_ = false;
    escaped_.push_back({.column = record_.count, .quoted = true});
  }
  ByteScanner<2> scan(line_ends_, begin, end);
  for (const char* at = scan.Next(); at != end; at = scan.Next()) {
    record_.breaks += *at == '\n' || at + 1 == end || at[1] != '\n' ? 1 : 0;
  }
  Put(begin, end, FieldKind::kUntyped);
}

bool CsvParser::IsNullText(std::string_view text) const {
  return text.size() <= longest_null_ &&
         std::find(null_texts_.begin(), null_texts_.end(), text) != null_texts_.end();
}

void CsvParser::Unescape() {
  for (const Escaped& escaped : escaped_) {
    if (escaped.column >= fields_.size()) {
      continue;
    }
    Field& field = fields_[escaped.column];
    const std::string_view text = field.text();
    value_.clear();
    for (std::size_t i = 0; i < text.size(); ++i) {
      const bool backslash = text[i] == '\\' && escape_ == CsvDialect::Escape::kBackslash;
      const bool doubled = text[i] == quote_ && escaped.quoted &&
                           escape_ != CsvDialect::Escape::kNone && i + 1 < text.size() &&
                           text[i + 1] == quote_;
      i += (backslash && i + 1 < text.size()) || doubled ? 1 : 0;
      value_ += text[i];
    }
    const std::string_view kept = arena_.Keep(value_);
    field.data = kept.data();
    field.size = static_cast<std::uint32_t>(kept.size());
  }
}

}  // namespace tenantry::load
