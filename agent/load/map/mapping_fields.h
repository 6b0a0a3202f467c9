#pragma once

#include "agent/load/map/mapping.h"
#include "common/api/json_reader.h"

// The fields of a mapping, as users write them; see common/api/json_reader.h.
namespace tenantry::load {

inline constexpr std::size_t kMostColumns = 1600;  // as PostgreSQL
inline constexpr std::size_t kMostSteps = 32;
inline constexpr std::size_t kMostValues = 10'000;  // of a list or a look-up
inline constexpr std::size_t kLongestText = 4096;
inline constexpr std::size_t kLongestMark = 8;

inline constexpr api::EnumName<TrimSide> kTrimSideNames[] = {
    {TrimSide::kBoth, "Both"}, {TrimSide::kStart, "Start"}, {TrimSide::kEnd, "End"}};
inline constexpr api::EnumName<LetterCase> kLetterCaseNames[] = {{LetterCase::kLower, "Lower"},
                                                                 {LetterCase::kUpper, "Upper"}};
inline constexpr api::EnumName<Occurrences> kOccurrencesNames[] = {{Occurrences::kAll, "All"},
                                                                   {Occurrences::kFirst, "First"}};
inline constexpr api::EnumName<CastType> kCastTypeNames[] = {
    {CastType::kText, "Text"},           {CastType::kNumber, "Number"},
    {CastType::kBoolean, "Boolean"},     {CastType::kDate, "Date"},
    {CastType::kTimestamp, "Timestamp"}, {CastType::kTimestampTz, "TimestampTz"},
};
inline constexpr api::EnumName<Otherwise> kOtherwiseNames[] = {
    {Otherwise::kReject, "Reject"}, {Otherwise::kNull, "Null"}, {Otherwise::kKeep, "Keep"}};
inline constexpr api::EnumName<OtherColumns> kOtherColumnsNames[] = {{OtherColumns::kKeep, "Keep"},
                                                                     {OtherColumns::kDrop, "Drop"}};

constexpr std::span<const api::EnumName<TrimSide>> NamesOf(TrimSide) { return kTrimSideNames; }
constexpr std::span<const api::EnumName<LetterCase>> NamesOf(LetterCase) {
  return kLetterCaseNames;
}
constexpr std::span<const api::EnumName<Occurrences>> NamesOf(Occurrences) {
  return kOccurrencesNames;
}
constexpr std::span<const api::EnumName<CastType>> NamesOf(CastType) { return kCastTypeNames; }
constexpr std::span<const api::EnumName<Otherwise>> NamesOf(Otherwise) { return kOtherwiseNames; }
constexpr std::span<const api::EnumName<OtherColumns>> NamesOf(OtherColumns) {
  return kOtherColumnsNames;
}

inline bool IsMark(const std::string& text) {
  return !text.empty() && text.size() <= kLongestMark &&
         text.find_first_of("0123456789+-eE") == std::string::npos;
}

void Fields(auto& visit, api::Of<ReplaceStep> auto& replace) {
  visit.Required("pattern", replace.pattern);
  visit.Check("pattern", !replace.pattern.empty(), "must not be empty");
  visit.Check("pattern", replace.pattern.size() <= kLongestText, "is longer than 4096 bytes");
  visit.Required("with", replace.with);
  visit.Check("with", replace.with.size() <= kLongestText, "is longer than 4096 bytes");
  visit.Optional("occurrences", replace.occurrences);
}

void Fields(auto& visit, api::Of<PartStep> auto& part) {
  visit.Required("by", part.by);
  visit.Check("by", !part.by.empty(), "must not be empty");
  visit.Required("number", part.number);
  visit.Check("number", part.number != 0, "must not be 0: 1 is the first part, -1 the last one");
}

void Fields(auto& visit, api::Of<CastStep> auto& cast) {
  visit.Required("type", cast.type);
  visit.Optional("format", cast.format);
  visit.Optional("decimal", cast.decimal);
  visit.Optional("thousands", cast.thousands);
  visit.Optional("trueWords", cast.true_words);
  visit.Optional("falseWords", cast.false_words);
  const bool dates = cast.type >= CastType::kDate;
  visit.Check("format", dates || cast.format.empty(), "is for dates and timestamps only");
  visit.Check("format", !dates || !cast.format.empty(), "is required for dates and timestamps");
  visit.Check("format", cast.format.size() <= kLongestText, "is longer than 4096 bytes");
  const bool number = cast.type == CastType::kNumber;
  visit.Check("decimal", number || cast.decimal == ".", "is for numbers only");
  visit.Check("decimal", IsMark(cast.decimal), "must be a mark such as \",\"");
  visit.Check("thousands", number || cast.thousands.empty(), "is for numbers only");
  visit.Check("thousands", cast.thousands.empty() || IsMark(cast.thousands),
              "must be a mark such as \".\"");
  visit.Check("thousands", cast.thousands != cast.decimal, "must differ from decimal");
  const bool words = !cast.true_words.empty() || !cast.false_words.empty();
  visit.Check("trueWords", !words || cast.type == CastType::kBoolean, "is for booleans only");
  visit.Check("trueWords", !words || !cast.true_words.empty(), "is required with falseWords");
  visit.Check("falseWords", !words || !cast.false_words.empty(), "is required with trueWords");
  visit.Check("trueWords", cast.true_words.size() + cast.false_words.size() <= kMostValues,
              "has more than 10000 words");
}

void Fields(auto& visit, api::Of<LookUpStep> auto& look_up) {
  visit.Required("values", look_up.values);
  visit.Check("values", !look_up.values.empty(), "must not be empty");
  visit.Check("values", look_up.values.size() <= kMostValues, "has more than 10000 values");
  visit.Optional("default", look_up.fallback);
  visit.Optional("otherwise", look_up.otherwise);
  visit.Check("default", !look_up.fallback || look_up.otherwise == Otherwise::kReject,
              "and otherwise contradict each other");
}

void Fields(auto& visit, api::Of<KeyStep> auto& key) {
  visit.Required("table", key.table);
  visit.Check("table", !key.table.empty(), "must not be empty");
  visit.Required("match", key.match);
  visit.Check("match", !key.match.empty(), "must not be empty");
  visit.Required("take", key.take);
  visit.Check("take", !key.take.empty(), "must not be empty");
  visit.Optional("otherwise", key.otherwise);
}

inline constexpr char kOneWord[] =
    "must have exactly one of trim, case, replace, part, nullIf, cast, lookup and key";

inline int WordsOf(const StepSpec& step) {
  return int{step.trim.has_value()} + int{step.letter_case.has_value()} +
         int{step.replace.has_value()} + int{step.part.has_value()} +
         int{step.null_if.has_value()} + int{step.cast.has_value()} +
         int{step.look_up.has_value()} + int{step.key.has_value()};
}

void Fields(auto& visit, api::Of<StepSpec> auto& step) {
  visit.Optional("trim", step.trim);
  visit.Optional("case", step.letter_case);
  visit.Optional("replace", step.replace);
  visit.Optional("part", step.part);
  visit.Optional("nullIf", step.null_if);
  visit.Optional("cast", step.cast);
  visit.Optional("lookup", step.look_up);
  visit.Optional("key", step.key);
  visit.Check("", WordsOf(step) <= 1, kOneWord);
}

void Fields(auto& visit, api::Of<MappedColumn> auto& column) {
  visit.Required("name", column.name);
  visit.Check("name", !column.name.empty(), "must not be empty");
  visit.Optional("from", column.from);
  visit.Optional("template", column.text_template);
  visit.Optional("constant", column.constant);
  visit.Optional("steps", column.steps);
  visit.Optional("default", column.fallback);
  const int origins = int{!column.from.empty()} + int{column.text_template.has_value()} +
                      int{column.constant.has_value()};
  visit.Check("", origins <= 1, "must have at most one of from, template and constant");
  visit.Check("template", !column.text_template || column.text_template->size() <= kLongestText,
              "is longer than 4096 bytes");
  visit.Check("steps", column.steps.size() <= kMostSteps, "has more than 32 steps");
  visit.Check("default", !column.constant || !column.fallback,
              "has no use beside a constant: remove one of them");
}

void Fields(auto& visit, api::Of<SplitColumn> auto& split) {
  visit.Required("from", split.from);
  visit.Check("from", !split.from.empty(), "must not be empty");
  visit.Required("by", split.by);
  visit.Check("by", !split.by.empty(), "must not be empty");
  visit.Required("into", split.into);
  visit.Check("into", split.into.size() >= 2 && split.into.size() <= kMostColumns,
              "must name 2 to 1600 columns");
}

// A mapping as written: `rename` has not become columns yet.
struct MappingText {
  Mapping mapping;
  std::map<std::string, std::string> rename;  // old → new
};

void Fields(auto& visit, api::Of<MappingText> auto& text) {
  Mapping& mapping = text.mapping;
  visit.Optional("columns", mapping.columns);
  visit.Optional("rename", text.rename);
  visit.Optional("split", mapping.splits);
  visit.Optional("drop", mapping.drop);
  visit.Optional("otherColumns", mapping.other_columns);
  visit.Optional("unknownColumns", mapping.unknown_columns);
  visit.Optional("collectColumn", mapping.collect_column);
  visit.Check("columns", mapping.columns.size() + text.rename.size() <= kMostColumns,
              "has more than 1600 columns");
  visit.Check("split", mapping.splits.size() <= kMostColumns, "has more than 1600 columns");
  const bool collects = mapping.unknown_columns == UnknownColumns::kCollect;
  visit.Check("collectColumn", !collects || !mapping.collect_column.empty(),
              "is required with unknownColumns: Collect");
  visit.Check("collectColumn", collects || mapping.collect_column.empty(),
              "is for unknownColumns: Collect only");
}

}  // namespace tenantry::load
