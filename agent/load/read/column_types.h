#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "agent/load/read/batch.h"
#include "agent/load/read/profile.h"
#include "agent/load/read/text_kind.h"

namespace tenantry::load {

// Which types the values of one column fit. Several candidates are followed side by side until too
// many values have spoken against one.
class ColumnTypes {
 public:
  // A value that is not empty, of record `record` of the batch.
  void Add(const Field& field, const Batch& batch, std::size_t record) {
    ++values_;
    if (field.kind != FieldKind::kUntyped) {
      AddJson(field, batch, record);
      return;
    }
    ++untyped_;
    if (alive_ != 0) {
      Judge(FitsOf(field.text(), alive_), field.text(), batch, record);
    }
  }

  // Fills in type, order, order_proven, format and misfit.
  void Describe(ColumnProfile& profile) const;

 private:
  enum Candidate : std::uint8_t {
    kBooleans,
    kNumbers,
    kDates,  // one for each DateOrder
    kUuids = kDates + 3,
    kJson,
    kCandidates,
  };
  using Mask = std::uint8_t;
  static constexpr Mask Bit(std::size_t candidate) { return static_cast<Mask>(1U << candidate); }
  static constexpr Mask kAll = (1U << kCandidates) - 1;
  static constexpr Mask kAllDates = 7U << kDates;

  struct Evidence {
    std::int64_t misfits = 0;
    std::vector<ColumnProfile::Misfit::Example> examples;
  };
  struct DateEvidence {
    bool plain = false;  // not only "infinity"
    bool time = false;
    bool zone = false;
    std::string format;
  };

  void AddJson(const Field& field, const Batch& batch, std::size_t record);
  Mask FitsOf(std::string_view text, Mask mask);
  bool FitsNumber(std::string_view text);
  Mask DateFits(std::string_view text, Mask mask);
  Mask LongDateFits(std::string_view text, Mask mask);
  void NoteDate(const DateText& date, DateOrder order);
  void Judge(Mask fits, std::string_view text, const Batch& batch, std::size_t record) {
    met_ |= fits;
    if ((alive_ & ~fits) != 0) {
      CountMisfits(static_cast<Mask>(alive_ & ~fits), text, batch, record);
    }
  }
  void CountMisfits(Mask misfits, std::string_view text, const Batch& batch, std::size_t record);
  void CountMisfit(std::size_t candidate, std::string_view text, const Batch& batch,
                   std::size_t record);

  bool Proven(std::size_t candidate) const;
  bool HasEvidence(std::size_t candidate) const;
  std::optional<std::size_t> Winner() const;
  std::optional<std::size_t> DateWinner() const;
  std::optional<std::size_t> NearlyWinner() const;
  ValueType TypeOf(std::size_t candidate) const;
  void DescribeDate(std::size_t candidate, ColumnProfile& profile) const;

  std::int64_t values_ = 0;
  Mask alive_ = kAll;  // not given up
  Mask met_ = 0;       // some value fits
  std::array<Evidence, kCandidates> evidence_;
  NumberKind widest_ = NumberKind::kInteger;
  bool plain_numbers_ = false;
  bool special_numbers_ = false;
  std::array<DateEvidence, 3> dates_;
  // Some value is another day in the one order than in the other: bits 1 << (order + other).
  std::uint8_t differing_ = 0;
  std::int64_t nested_ = 0;   // JSON objects and arrays
  std::int64_t untyped_ = 0;  // values that are not JSON's
  JsonTexts json_;
};

}  // namespace tenantry::load
