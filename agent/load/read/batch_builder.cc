#include "agent/load/read/batch_builder.h"

#include <simdjson.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <utility>

#include "common/base/strings.h"

namespace tenantry::load {
namespace {

bool IsText(std::string_view text) {
  return std::memchr(text.data(), '\0', text.size()) == nullptr &&
         simdjson::validate_utf8(text.data(), text.size());
}

// Where the first NUL or invalid UTF-8 is in a text that has one.
std::size_t FirstBadByte(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size()) {
    const auto lead = static_cast<unsigned char>(text[at]);
    const std::size_t length = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    if (lead == 0 || !IsValidUtf8(text.substr(at, length))) {
      break;
    }
    at += length;
  }
  return std::min(at, text.size() - 1);
}

std::string NameOfByte(char byte) {
  if (byte == '\0') {
    return "a NUL byte, which PostgreSQL cannot store: remove it";
  }
  char name[64];
  std::snprintf(name, sizeof name, "byte 0x%02X is not UTF-8: correct the encoding",
                static_cast<unsigned>(static_cast<unsigned char>(byte)));
  return name;
}

}  // namespace

void BatchBuilder::Start(std::int64_t byte, std::int64_t line, const char* raw) {
  next_record_ += static_cast<std::int64_t>(batch_.records.size());
  batch_.first_record = next_record_;
  batch_.byte = byte;
  batch_.line = line;
  batch_.raw = {};
  batch_.width = columns_.size();
  batch_.records.clear();
  batch_.fields.clear();
  batch_.flaws.clear();
  raw_ = raw;
}

void BatchBuilder::Move(const char* raw) {
  for (Field& field : batch_.fields) {
    if (field.data == raw_ + field.offset) {
      field.data = raw + field.offset;
    }
  }
  raw_ = raw;
}

void BatchBuilder::Reject(const char* begin, const char* end, std::int64_t line, Flaw flaw) {
  batch_.records.push_back(PlaceOf(begin, end, line));
  batch_.records.back().rejected = true;
  batch_.fields.resize(batch_.fields.size() + columns_.size());
  flaw.kind = Flaw::Kind::kRejected;
  AddFlaw(std::move(flaw));
}

void BatchBuilder::AddFlaw(Flaw flaw) {
  flaw.record = batch_.records.size() - 1;
  batch_.flaws.push_back(std::move(flaw));
}

std::string_view BatchBuilder::last_value() const {
  return batch_.records.empty() || columns_.empty() ? std::string_view()
                                                    : batch_.row(batch_.records.size() - 1)->text();
}

const Batch& BatchBuilder::Finish() {
  if (batch_.records.empty()) {
    return batch_;
  }
  const RecordPlace& last = batch_.records.back();
  batch_.raw = {raw_, last.offset + std::size_t{last.size}};
  if (IsText(batch_.raw)) {
    return batch_;
  }
  for (std::size_t record = 0; record < batch_.records.size(); ++record) {
    CheckText(record);
  }
  std::stable_sort(batch_.flaws.begin(), batch_.flaws.end(),
                   [](const Flaw& a, const Flaw& b) { return a.record < b.record; });
  return batch_;
}

void BatchBuilder::CheckText(std::size_t record) {
  RecordPlace& place = batch_.records[record];
  const std::string_view text = batch_.text(place);
  if (place.rejected || IsText(text)) {
    return;
  }
  const std::size_t bad = FirstBadByte(text);
  const auto offset = static_cast<std::uint32_t>(place.offset + bad);
  std::string column;
  Field* fields = batch_.fields.data() + record * batch_.width;
  for (std::size_t i = 0; i < batch_.width; ++i) {
    if (fields[i].data != nullptr && fields[i].offset <= offset) {
      column = columns_[i];
    }
    fields[i] = {};
  }
  place.rejected = true;
  batch_.flaws.push_back({.record = record,
                          .offset = offset,
                          .column = std::move(column),
                          .what = NameOfByte(text[bad])});
}

}  // namespace tenantry::load
