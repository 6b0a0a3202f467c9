#include "agent/load/map/mapped_reader.h"

#include <utility>

#include "agent/load/map/mapped_layout.h"
#include "agent/load/map/step.h"
#include "common/base/strings.h"

namespace tenantry::load {
namespace {

constexpr std::size_t kNamedColumn = 128;  // bytes of its name in messages

bool IsNothing(const Field& field) { return field.kind <= FieldKind::kNull; }

class MappedReader final : public BatchReader {
 public:
  MappedReader(std::unique_ptr<BatchReader> reader, MappedLayout layout)
      : reader_(std::move(reader)), layout_(std::move(layout)), parts_(layout_.parts()) {}

  Result<void> Extend() {
    return layout_.Extend(reader_->columns(), reader_->finding().format == api::Format::kCsv
                                                  ? Completeness::kAllColumnsKnown
                                                  : Completeness::kMoreMayCome);
  }

  Result<const Batch*> Next() override {
    source_ = TRY(reader_->Next());
    if (source_ == nullptr) {
      return source_;
    }
    TRY(Extend());
    Map();
    return &batch_;
  }
  const std::vector<std::string>& columns() const override { return layout_.names(); }
  const Finding& finding() const override { return reader_->finding(); }

 private:
  void Map() {
    memory_.Clear();
    batch_.first_record = source_->first_record;
    batch_.byte = source_->byte;
    batch_.line = source_->line;
    batch_.raw = source_->raw;
    batch_.width = layout_.outputs().size();
    batch_.records = source_->records;
    batch_.fields.assign(batch_.records.size() * batch_.width, Field());
    batch_.flaws.clear();
    auto flaw = source_->flaws.begin();
    for (std::size_t record = 0; record < batch_.records.size(); ++record) {
      for (; flaw != source_->flaws.end() && flaw->record == record; ++flaw) {
        batch_.flaws.push_back(*flaw);
      }
      if (!batch_.records[record].rejected) {
        MapRecord(record);
      }
    }
  }

  void MapRecord(std::size_t record) {
    for (const MappedSplit& split : layout_.splits()) {
      SplitValue(split, record);
    }
    Field* const row = batch_.fields.data() + record * batch_.width;
    for (std::size_t i = 0; i < batch_.width; ++i) {
      const StepOutcome made = Make(layout_.outputs()[i], record);
      if (made.refusal != nullptr) {
        Reject(record, i, made);
        std::fill(row, row + batch_.width, Field());
        return;
      }
      row[i] = made.field;
    }
  }

  // What the record has of an input; absent when it has nothing.
  Field Of(const MappedInput& input, std::size_t record) const {
    switch (input.kind) {
      case MappedInput::Kind::kColumn:
        return input.index < source_->width ? source_->row(record)[input.index] : Field();
      case MappedInput::Kind::kPart:
        return parts_[input.index];
      case MappedInput::Kind::kMissing:
        break;
    }
    return {};
  }

  void SplitValue(const MappedSplit& split, std::size_t record) {
    Field whole = Of(split.input, record);
    const std::size_t count = split.split->into.size();
    std::string_view rest = whole.text();
    bool ended = IsNothing(whole) || whole.kind == FieldKind::kNested;
    for (std::size_t i = 0; i < count; ++i) {
      Field& part = parts_[split.first_part + i];
      part = whole;
      if (ended) {
        part.kind = whole.kind == FieldKind::kAbsent ? whole.kind : FieldKind::kNull;
        continue;
      }
      const std::size_t at = i + 1 == count ? std::string_view::npos : rest.find(split.split->by);
      part = WithText(whole, rest.substr(0, at));
      ended = at == std::string_view::npos;
      rest.remove_prefix(ended ? rest.size() : at + split.split->by.size());
    }
  }

  StepOutcome Make(const MappedOutput& output, std::size_t record) {
    if (output.column == nullptr) {
      return {.field = Of(output.inputs.front(), record)};
    }
    const MappedColumn& column = *output.column;
    StepOutcome made = column.constant       ? StepOutcome{Made(*column.constant, record)}
                       : output.text.empty() ? StepOutcome{Of(output.inputs.front(), record)}
                                             : Fill(output, record);
    for (const auto& step : output.steps) {
      if (made.refusal != nullptr || IsNothing(made.field)) {
        break;
      }
      static const std::string nested = "is an object or a list, and no single value";
      made = made.field.kind == FieldKind::kNested
                 ? StepOutcome{.field = made.field, .refusal = &nested}
                 : step->Apply(made.field, memory_);
    }
    const bool empty = IsNothing(made.field) || made.field.size == 0;
    if (made.refusal == nullptr && empty && column.fallback) {
      made.field = Made(*column.fallback, record);
    }
    return made;
  }

  // A value that the mapping itself says.
  Field Made(std::string_view text, std::size_t record) const {
    return {.data = text.data(),
            .size = static_cast<std::uint32_t>(text.size()),
            .offset = source_->records[record].offset,
            .kind = FieldKind::kUntyped};
  }

  // Columns that are absent or NULL leave nothing in a template; NULL when all are.
  StepOutcome Fill(const MappedOutput& output, std::size_t record) {
    std::string& text = memory_.Scratch();
    auto input = output.inputs.begin();
    bool nothing = true;
    for (const TemplatePart& part : output.text) {
      if (!part.is_column) {
        text += part.text;
        continue;
      }
      const Field field = Of(*input++, record);
      if (!IsNothing(field)) {
        text += field.text();
        nothing = false;
      }
    }
    Field made = Made("", record);
    if (nothing) {
      made.kind = FieldKind::kNull;
      return {.field = made};
    }
    return memory_.Keep(made, text);
  }

  void Reject(std::size_t record, std::size_t output, const StepOutcome& made) {
    const std::string& name = layout_.names()[output];
    const bool has_place = made.field.data != nullptr && made.field.size > 0;
    batch_.records[record].rejected = true;
    batch_.flaws.push_back({.kind = Flaw::Kind::kRejected,
                            .record = record,
                            .offset = has_place ? made.field.offset : batch_.records[record].offset,
                            .column = name,
                            .what = Shorten(name, kNamedColumn) + " " + *made.refusal +
                                    ". The value is " + Quoted(made.field.text()) +
                                    ": correct it, or the mapping."});
  }

  std::unique_ptr<BatchReader> reader_;
  MappedLayout layout_;
  std::vector<Field> parts_;  // of the record at hand
  StepMemory memory_;
  const Batch* source_ = nullptr;
  Batch batch_;
};

}  // namespace

Result<std::unique_ptr<BatchReader>> OpenBatches(std::unique_ptr<ByteStream> stream,
                                                 const ReadOptions& options,
                                                 const MappingInUse& use, Origin origin) {
  auto reader = TRY(BatchReader::Open(std::move(stream), options, origin));
  return use.mapping == nullptr ? std::move(reader)
                                : MapBatches(std::move(reader), use, std::move(origin));
}

Result<std::unique_ptr<BatchReader>> MapBatches(std::unique_ptr<BatchReader> reader,
                                                const MappingInUse& use, Origin origin) {
  MappedLayout layout = TRY(MappedLayout::Make(*use.mapping, use.keys, std::move(origin)));
  auto mapped = std::make_unique<MappedReader>(std::move(reader), std::move(layout));
  TRY(mapped->Extend());
  return std::unique_ptr<BatchReader>(std::move(mapped));
}

}  // namespace tenantry::load
