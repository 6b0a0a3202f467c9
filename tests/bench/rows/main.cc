// Loads rows that are in memory already, to measure the encoder and COPY alone. Prints one line of
// JSON: {"rows", "seconds"}. The table must exist, with the columns of kColumns.

#include <signal.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <iostream>
#include <string>
#include <vector>

#include "agent/load/bulk_cutter.h"
#include "agent/load/bulk_encoder.h"
#include "agent/load/bulk_lane.h"
#include "agent/load/catalog.h"

namespace tenantry::load {
namespace {

const std::vector<std::string> kColumns = {"id",   "tenant",    "user_id", "track_id",
                                           "kind", "played_at", "score",   "premium"};

struct Settings {
  std::string host = "127.0.0.1";
  int port = 5432;
  std::string user = "postgres";
  std::string database = "postgres";
  std::string table = "events";
  int connections = 2;
  std::int64_t rows = 2'000'000;
};

std::string Row(std::int64_t i) {
  static const char* const kKinds[] = {"play", "skip", "like", "share"};
  const std::string n = std::to_string(i);
  const auto two = [](std::int64_t value) {
    return std::string(value < 10 ? "0" : "") + std::to_string(value);
  };
  return n + "," + std::to_string(i % 40) + "," + std::to_string(i * 7919 % 1'000'003) + "," +
         std::to_string(i * 104'729 % 2'000'003) + "," + kKinds[i % 4] + ",2026-" +
         two(i % 12 + 1) + "-" + two(i % 28 + 1) + " " + two(i % 24) + ":" + two(i % 60) + ":" +
         two(i % 59) + "+00," + std::to_string(i % 1000) + "." + std::to_string(i % 100) + "," +
         (i % 2 == 0 ? "t" : "f") + "\n";
}

// A batch with its own text.
struct OwnedBatch {
  std::string text;
  Batch batch;
};

OwnedBatch MakeBatch(std::int64_t first, std::int64_t last, std::int64_t byte) {
  OwnedBatch made;
  std::vector<std::size_t> starts;
  for (std::int64_t i = first; i < last; ++i) {
    starts.push_back(made.text.size());
    made.text += Row(i);
  }
  starts.push_back(made.text.size());
  made.batch.first_record = first + 1;
  made.batch.byte = byte;
  made.batch.width = kColumns.size();
  for (std::size_t r = 0; r + 1 < starts.size(); ++r) {
    made.batch.records.push_back({.offset = static_cast<std::uint32_t>(starts[r]),
                                  .size = static_cast<std::uint32_t>(starts[r + 1] - starts[r]),
                                  .line = static_cast<std::uint32_t>(r)});
    std::size_t from = starts[r];
    for (std::size_t c = 0; c < kColumns.size(); ++c) {
      const std::size_t to = made.text.find_first_of(",\n", from);
      made.batch.fields.push_back({.data = made.text.data() + from,
                                   .size = static_cast<std::uint32_t>(to - from),
                                   .offset = static_cast<std::uint32_t>(from),
                                   .kind = FieldKind::kUntyped});
      from = to + 1;
    }
  }
  made.batch.raw = made.text;
  return made;
}

// The fields point into the text, which must not move: small texts would.
std::vector<std::unique_ptr<OwnedBatch>> MakeBatches(std::int64_t rows) {
  constexpr std::int64_t kRowsEach = 4000;
  std::vector<std::unique_ptr<OwnedBatch>> batches;
  std::int64_t byte = 0;
  for (std::int64_t first = 0; first < rows; first += kRowsEach) {
    batches.push_back(
        std::make_unique<OwnedBatch>(MakeBatch(first, std::min(rows, first + kRowsEach), byte)));
    byte += static_cast<std::int64_t>(batches.back()->text.size());
  }
  return batches;
}

Result<void> Load(const BulkTarget& target, const BulkOptions& options, const Table& table,
                  const std::vector<std::unique_ptr<OwnedBatch>>& batches, LoadIdentity load) {
  const Origin origin = {.dataset = target.table, .source = "memory"};
  const BulkPlan plan = TRY(MakeBulkPlan({.table = table,
                                          .options = options,
                                          .source_columns = kColumns,
                                          .profiles = {},
                                          .origin = origin}));
  RejectLog rejects(options, origin);
  BulkEncoder encoder(table, options.connections);
  encoder.SetPlan(plan, kColumns);
  const auto shared_plan = std::make_shared<const BulkPlan>(plan);
  ChunkCutter cutter(4 << 20);
  std::vector<std::unique_ptr<Lane>> lanes;
  for (int lane = 0; lane < options.connections; ++lane) {
    lanes.push_back(std::make_unique<Lane>(
        LaneJob{
            .target = target, .table = table, .options = options, .load = load, .rejects = rejects},
        std::stop_token()));
  }
  const auto dispatch = [&]() -> Result<void> {
    for (Part& part : encoder.TakeParts(cutter.Take())) {
      TRY(lanes[static_cast<std::size_t>(part.lane)]->Submit(std::move(part), shared_plan));
    }
    return {};
  };
  for (const auto& owned : batches) {
    for (std::size_t i = 0; i < owned->batch.records.size(); ++i) {
      encoder.Append(owned->batch, i, cutter.Add(owned->batch, i));
      if (cutter.full()) {
        TRY(dispatch());
      }
    }
  }
  if (!cutter.empty()) {
    TRY(dispatch());
  }
  for (const auto& lane : lanes) {
    TRY(lane->Finish());
  }
  return {};
}

Result<double> TimeLoad(const Settings& settings) {
  const BulkTarget target = {.postgres = {.host = settings.host,
                                          .port = settings.port,
                                          .database = settings.database,
                                          .ssl_mode = api::SslMode::kDisable,
                                          .user = settings.user},
                             .schema = "public",
                             .table = settings.table};
  BulkOptions options;
  options.connections = settings.connections;
  const std::unique_ptr<postgres::Connection> session = TRY(OpenLoadSession(target, {}));
  TRY(EnsureLoadCatalogue(target, {}));
  const Table table = TRY(DescribeTable(*session, "public", settings.table, {}));
  LoadIdentity load = TRY(IdentifyLoad(*session, target, "memory"));
  load.run = static_cast<std::int32_t>(std::chrono::steady_clock::now().time_since_epoch().count() /
                                       1000 % 1'000'000'000);
  const auto batches = MakeBatches(settings.rows);
  const auto start = std::chrono::steady_clock::now();
  TRY(Load(target, options, table, batches, load));
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace
}  // namespace tenantry::load

int main(int argc, char** argv) {
  ::signal(SIGPIPE, SIG_IGN);
  tenantry::load::Settings settings;
  CLI::App app("Loads rows from memory into a table.");
  app.add_option("--host", settings.host);
  app.add_option("--port", settings.port);
  app.add_option("--user", settings.user);
  app.add_option("--database", settings.database);
  app.add_option("--table", settings.table);
  app.add_option("--connections", settings.connections);
  app.add_option("--rows", settings.rows);
  CLI11_PARSE(app, argc, argv);
  const tenantry::Result<double> seconds = tenantry::load::TimeLoad(settings);
  if (!seconds) {
    std::cerr << seconds.error().message << '\n';
    return 1;
  }
  std::cout << "{\"rows\": " << settings.rows << ", \"seconds\": " << *seconds << "}\n";
  return 0;
}
