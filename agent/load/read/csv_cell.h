#pragma once

#include <string_view>

namespace tenantry::load {

// What a text looks like, roughly and fast: to tell a header from data and a delimiter from text.
enum class CellKind { kEmpty, kNumber, kTime, kBoolean, kOther, kText };
CellKind ClassifyCell(std::string_view text);
// Not text and not empty. kOther: a UUID, an address of a page, a mailbox or a host.
inline bool IsTyped(CellKind kind) { return kind != CellKind::kEmpty && kind != CellKind::kText; }

}  // namespace tenantry::load
