#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <stop_token>
#include <string>

#include "agent/load/bulk_load.h"
#include "tests/support/shared_servers.h"

namespace tenantry::load {

using testing::Postgres;

// A schema of its own in database `app`, loaded into by the superuser unless a test says otherwise.
class BulkWorld {
 public:
  // "{s}" in `sql` stands for the schema.
  explicit BulkWorld(const std::string& name, const std::string& sql = {});

  BulkTarget Target(const std::string& table) const;
  BulkOutcome Load(const std::string& table, const std::string& text, BulkOptions options = {},
                   std::stop_token stop = {}) const;
  BulkOutcome Load(const std::string& table, const Source& source, BulkOptions options = {},
                   std::stop_token stop = {}) const;
  std::string Ask(std::string sql) const;
  // Rows of a query as "a|b a|b"; NULL is "-".
  std::string Rows(const std::string& query) const;
  std::string Rejects() const;  // of the last load with RejectFile()
  std::string RejectFile() const { return (folder_ / "rejects.ndjson").string(); }
  void SetSource(std::string name) { source_ = std::move(name); }

 private:
  std::string Fill(std::string sql) const;

  std::string schema_;
  std::string source_ = "data.csv";
  std::filesystem::path folder_;
};

// read, inserted, updated, unchanged, skipped, rejected; the error, if there is one.
std::string Counts(const BulkOutcome& outcome);

}  // namespace tenantry::load
