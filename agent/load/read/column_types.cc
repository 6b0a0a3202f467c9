#include "agent/load/read/column_types.h"

#include <algorithm>

#include "common/base/strings.h"

namespace tenantry::load {
namespace {

// A candidate is given up when more values than this, and more than one in fifty, do not fit.
constexpr std::int64_t kPatience = 64;
constexpr std::int64_t kPatienceShare = 50;

constexpr std::size_t kMisfitExamples = 10;
constexpr std::int64_t kMisfitLeast = 20;  // values; fewer prove nothing
constexpr std::int64_t kMisfitShare = 100;

constexpr std::array<DateOrder, 3> kOrders = {DateOrder::kYearMonthDay, DateOrder::kMonthDayYear,
                                              DateOrder::kDayMonthYear};

// One bit for each pair of orders.
std::uint8_t PairBit(std::size_t left, std::size_t right) {
  return static_cast<std::uint8_t>(1U << (left + right));
}

}  // namespace

void ColumnTypes::AddJson(const Field& field, const Batch& batch, std::size_t record) {
  Mask fits = 0;
  switch (field.kind) {
    case FieldKind::kNumber:
      fits = FitsNumber(field.text()) ? Bit(kNumbers) : Mask{0};
      break;
    case FieldKind::kBoolean:
      fits = Bit(kBooleans);
      break;
    case FieldKind::kNested:
      ++nested_;
      fits = Bit(kJson);
      break;
    default:
      fits = FitsOf(field.text(), alive_ & (kAllDates | Bit(kUuids)));
  }
  Judge(fits, field.text(), batch, record);
}

ColumnTypes::Mask ColumnTypes::FitsOf(std::string_view text, Mask mask) {
  Mask fits = 0;
  if ((mask & Bit(kNumbers)) != 0 && FitsNumber(text)) {
    fits |= Bit(kNumbers);
  }
  if ((mask & kAllDates) != 0) {
    fits |= DateFits(text, mask);
  }
  if ((mask & Bit(kBooleans)) != 0 && IsBooleanWord(text)) {
    fits |= Bit(kBooleans);
  }
  if ((mask & Bit(kUuids)) != 0 && IsUuid(text)) {
    fits |= Bit(kUuids);
  }
  if ((mask & Bit(kJson)) != 0 && json_.Has(text)) {
    fits |= Bit(kJson);
  }
  return fits;
}

bool ColumnTypes::FitsNumber(std::string_view text) {
  const NumberKind kind = NumberKindOf(text);
  if (kind <= NumberKind::kNumeric) {
    widest_ = std::max(widest_, kind);
    plain_numbers_ = true;
    return true;
  }
  if (kind == NumberKind::kCode) {
    alive_ &= static_cast<Mask>(~Bit(kNumbers));
  }
  special_numbers_ = special_numbers_ || kind == NumberKind::kSpecial;
  return kind == NumberKind::kSpecial;
}

ColumnTypes::Mask ColumnTypes::DateFits(std::string_view text, Mask mask) {
  const std::optional<IsoText> iso = ReadIsoText(text);
  if (!iso) {
    return LongDateFits(text, mask);
  }
  for (DateEvidence& dates : dates_) {
    dates.plain = true;
    dates.time = dates.time || iso->has_time;
    dates.zone = dates.zone || iso->has_zone;
  }
  return mask & kAllDates;
}

ColumnTypes::Mask ColumnTypes::LongDateFits(std::string_view text, Mask mask) {
  Mask fits = 0;
  std::array<std::optional<DateText>, 3> dates;
  for (std::size_t order = 0; order < kOrders.size(); ++order) {
    if ((mask & Bit(kDates + order)) == 0) {
      continue;
    }
    dates[order] = DateIn(text, kOrders[order]);
    if (dates[order]) {
      NoteDate(*dates[order], kOrders[order]);
      fits |= Bit(kDates + order);
    }
  }
  for (std::size_t order = 0; order < kOrders.size(); ++order) {
    for (std::size_t other = order + 1; other < kOrders.size(); ++other) {
      const bool differ = dates[order] && dates[other] && dates[order]->day != dates[other]->day;
      differing_ |= differ ? PairBit(order, other) : std::uint8_t{0};
    }
  }
  return fits;
}

void ColumnTypes::NoteDate(const DateText& date, DateOrder order) {
  DateEvidence& dates = dates_[static_cast<std::size_t>(order)];
  dates.plain = dates.plain || date.era == DateText::Era::kFinite;
  dates.time = dates.time || date.time.has_value();
  dates.zone = dates.zone || date.zone_seconds.has_value();
  if (dates.format.empty()) {
    dates.format = FormatOf(date, order);
  }
}

void ColumnTypes::CountMisfits(Mask misfits, std::string_view text, const Batch& batch,
                               std::size_t record) {
  for (std::size_t candidate = 0; candidate < kCandidates; ++candidate) {
    if ((misfits & Bit(candidate)) != 0) {
      CountMisfit(candidate, text, batch, record);
    }
  }
}

void ColumnTypes::CountMisfit(std::size_t candidate, std::string_view text, const Batch& batch,
                              std::size_t record) {
  Evidence& evidence = evidence_[candidate];
  ++evidence.misfits;
  if (evidence.misfits > kPatience && evidence.misfits > values_ / kPatienceShare) {
    alive_ &= static_cast<Mask>(~Bit(candidate));
    evidence.examples = {};
    return;
  }
  if (evidence.examples.size() < kMisfitExamples) {
    evidence.examples.push_back({.record = batch.first_record + static_cast<std::int64_t>(record),
                                 .line = batch.line + batch.records[record].line,
                                 .text = Shorten(text)});
  }
}

bool ColumnTypes::HasEvidence(std::size_t candidate) const {
  if ((alive_ & met_ & Bit(candidate)) == 0) {
    return false;
  }
  if (candidate == kNumbers) {
    return plain_numbers_;
  }
  return candidate < kDates || candidate >= kUuids || dates_[candidate - kDates].plain;
}

bool ColumnTypes::Proven(std::size_t candidate) const {
  return HasEvidence(candidate) && evidence_[candidate].misfits == 0;
}

std::optional<std::size_t> ColumnTypes::Winner() const {
  if (Proven(kBooleans)) {
    return kBooleans;
  }
  if (Proven(kNumbers)) {
    return kNumbers;
  }
  if (const std::optional<std::size_t> date = DateWinner()) {
    return date;
  }
  if (Proven(kUuids)) {
    return kUuids;
  }
  // A JSON column may hold anything of JSON once it holds something that only JSON can be.
  const bool any_json = nested_ > 0 && untyped_ == 0;
  return Proven(kJson) || any_json ? std::optional<std::size_t>(kJson) : std::nullopt;
}

// Of several orders that fit, the one that people use with that separator.
std::optional<std::size_t> ColumnTypes::DateWinner() const {
  constexpr std::size_t kYear = kDates;
  constexpr std::size_t kMonth = kDates + 1;
  constexpr std::size_t kDay = kDates + 2;
  const auto differ = [&](std::size_t left, std::size_t right) {
    return (differing_ & PairBit(left - kDates, right - kDates)) != 0;
  };
  const bool month_fits = Proven(kMonth);
  const bool day_fits = Proven(kDay);
  if (Proven(kYear) && (!month_fits || !differ(kYear, kMonth)) &&
      (!day_fits || !differ(kYear, kDay))) {
    return kYear;
  }
  if (month_fits && day_fits) {
    const bool dots = dates_[2].format.find('.') != std::string::npos;
    return dots && differ(kMonth, kDay) ? kDay : kMonth;
  }
  if (month_fits || day_fits) {
    return month_fits ? kMonth : kDay;
  }
  return Proven(kYear) ? std::optional(kYear) : std::nullopt;
}

std::optional<std::size_t> ColumnTypes::NearlyWinner() const {
  std::optional<std::size_t> best;
  for (std::size_t candidate = 0; candidate < kCandidates; ++candidate) {
    const std::int64_t misfits = evidence_[candidate].misfits;
    const bool few = misfits > 0 && misfits * kMisfitShare <= values_;
    if (few && HasEvidence(candidate) && (!best || misfits < evidence_[*best].misfits)) {
      best = candidate;
    }
  }
  return values_ >= kMisfitLeast ? best : std::nullopt;
}

ValueType ColumnTypes::TypeOf(std::size_t candidate) const {
  switch (candidate) {
    case kBooleans:
      return ValueType::kBoolean;
    case kNumbers:
      if (special_numbers_ || widest_ == NumberKind::kNumeric) {
        return ValueType::kNumeric;
      }
      return widest_ == NumberKind::kBigint ? ValueType::kBigint : ValueType::kInteger;
    case kUuids:
      return ValueType::kUuid;
    case kJson:
      return ValueType::kJsonb;
    default:
      const DateEvidence& dates = dates_[candidate - kDates];
      return dates.zone   ? ValueType::kTimestampTz
             : dates.time ? ValueType::kTimestamp
                          : ValueType::kDate;
  }
}

void ColumnTypes::DescribeDate(std::size_t candidate, ColumnProfile& profile) const {
  const std::size_t order = candidate - kDates;
  profile.order = kOrders[order];
  profile.format = dates_[order].format;
  for (std::size_t other = 0; other < kOrders.size(); ++other) {
    if (other != order && Proven(kDates + other) && (differing_ & PairBit(order, other)) != 0) {
      profile.order_proven = false;
    }
  }
}

void ColumnTypes::Describe(ColumnProfile& profile) const {
  const std::optional<std::size_t> winner = Winner();
  if (winner) {
    profile.type = TypeOf(*winner);
    if (*winner >= kDates && *winner < kUuids) {
      DescribeDate(*winner, profile);
    }
    return;
  }
  profile.type = ValueType::kText;
  if (const std::optional<std::size_t> nearly = NearlyWinner()) {
    profile.misfit = {.type = TypeOf(*nearly),
                      .count = evidence_[*nearly].misfits,
                      .examples = evidence_[*nearly].examples};
  }
}

}  // namespace tenantry::load
