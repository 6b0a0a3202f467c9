#include "agent/load/bulk_source.h"

#include <algorithm>
#include <utility>

#include "agent/load/bulk_plan.h"

namespace tenantry::load {
namespace {

constexpr int kSampleBatches = 8;

class MeteredStream final : public ByteStream {
 public:
  MeteredStream(std::unique_ptr<ByteStream> stream, ReadMeter& meter)
      : stream_(std::move(stream)), meter_(meter) {}
  Result<std::string_view> Next() override {
    const std::string_view piece = TRY(stream_->Next());
    meter_.hash.Add(piece);
    meter_.bytes += static_cast<std::int64_t>(piece.size());
    return piece;
  }

 private:
  std::unique_ptr<ByteStream> stream_;
  ReadMeter& meter_;
};

}  // namespace

std::unique_ptr<ByteStream> MeterWhileReading(std::unique_ptr<ByteStream> stream,
                                              ReadMeter& meter) {
  return std::make_unique<MeteredStream>(std::move(stream), meter);
}

Result<SourceProfile> ProfileSource(const Source& source, const ReadOptions& read,
                                    const MappingInUse& mapping, Extent extent,
                                    const Origin& origin, std::stop_token stop) {
  const std::unique_ptr<BatchReader> reader =
      TRY(OpenBatches(source.Read(), read, mapping, origin));
  Profiler profiler(Profiler::Detail::kTypesOnly);
  for (int batches = 0; extent == Extent::kWhole || batches < kSampleBatches; ++batches) {
    if (stop.stop_requested()) {
      return Error{.code = ErrorCode::kCancelled, .message = "Stopped before anything was loaded."};
    }
    Result<const Batch*> batch = reader->Next();
    if (!batch && extent == Extent::kSample) {
      break;  // the load meets it again, and says what was loaded until there
    }
    if (!batch) {
      return std::move(batch).error();
    }
    if (*batch == nullptr) {
      break;
    }
    profiler.Add(**batch);
  }
  return SourceProfile{.finding = reader->finding(),
                       .names = reader->columns(),
                       .columns = profiler.Finish(reader->columns())};
}

Result<ReadOptions> DecideHeader(const Source& source, const ReadOptions& read, const Table& table,
                                 const Mapping* mapping, const Origin& origin) {
  if (read.csv.header) {
    return read;
  }
  const std::unique_ptr<BatchReader> found = TRY(BatchReader::Open(source.Read(), read, origin));
  if (!found->finding().csv) {
    return read;
  }
  ReadOptions decided = read;
  decided.csv.header = true;
  const std::unique_ptr<BatchReader> named = TRY(BatchReader::Open(source.Read(), decided, origin));
  const bool all_named =
      !named->columns().empty() &&
      std::all_of(named->columns().begin(), named->columns().end(), [&](const std::string& name) {
        return FindColumn(table, name) || (mapping != nullptr && Names(*mapping, name));
      });
  decided.csv.header = all_named || found->finding().csv->header;
  return decided;
}

}  // namespace tenantry::load
