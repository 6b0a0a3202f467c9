#include "agent/load/read/json_columns.h"

#include <algorithm>

namespace tenantry::load {

std::string JsonColumns::UniqueName(std::string_view key) const {
  std::string name = key.empty() ? "column_" + std::to_string(names_.size() + 1) : std::string(key);
  while (std::find(names_.begin(), names_.end(), name) != names_.end()) {
    name += '_';
  }
  return name;
}

std::size_t JsonColumns::FindOrAdd(std::size_t previous, std::string_view key,
                                   std::string_view source) {
  std::size_t column = names_.size();
  if (const auto known = index_.find(key); known != index_.end()) {
    column = known->second;
  } else if (column == kMaxJsonColumns) {
    return kNone;
  } else {
    names_.push_back(UniqueName(key));
    keys_.push_back({.source = std::string(source)});
    decoded_.emplace_back(key);
    index_.emplace(key, column);
  }
  (previous == kNone ? first_ : keys_[previous].next) = column;
  return column;
}

void JsonColumns::ForgetFrom(std::size_t size) {
  if (size == names_.size()) {
    return;
  }
  for (std::size_t column = size; column < names_.size(); ++column) {
    index_.erase(decoded_[column]);
  }
  names_.resize(size);
  keys_.resize(size);
  decoded_.resize(size);
  const auto forget = [&](std::size_t& next) { next = next < size ? next : kNone; };
  forget(first_);
  for (Key& key : keys_) {
    forget(key.next);
  }
}

}  // namespace tenantry::load
