#pragma once

#include <cstdint>
#include <deque>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/load/read/batch.h"

namespace tenantry::load {

// A batch made by hand: one record a line.
class TestBatch {
 public:
  explicit TestBatch(std::size_t width) { batch_.width = width; }

  TestBatch& Row(std::initializer_list<std::pair<FieldKind, std::string>> values) {
    batch_.records.push_back({.line = static_cast<std::uint32_t>(batch_.records.size())});
    for (const auto& [kind, text] : values) {
      AddField(kind, text);
    }
    return *this;
  }
  // Rows of one value each, as CSV has them; "NULL" is NULL.
  TestBatch& Column(const std::vector<std::string>& texts, FieldKind kind = FieldKind::kUntyped) {
    for (const std::string& text : texts) {
      Row({{text == "NULL" ? FieldKind::kNull : kind, text}});
    }
    return *this;
  }
  TestBatch& Rejected() {
    batch_.records.push_back(
        {.line = static_cast<std::uint32_t>(batch_.records.size()), .rejected = true});
    batch_.fields.resize(batch_.fields.size() + batch_.width);
    return *this;
  }
  const Batch& batch() const { return batch_; }

 private:
  void AddField(FieldKind kind, const std::string& text) {
    texts_.push_back(text);
    Field field;
    field.data = texts_.back().data();
    field.size = static_cast<std::uint32_t>(text.size());
    field.kind = kind;
    batch_.fields.push_back(field);
  }

  std::deque<std::string> texts_;
  Batch batch_;
};

}  // namespace tenantry::load
