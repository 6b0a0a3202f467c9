#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "agent/postgres/connection.h"
#include "agent/provision/handlers.h"
#include "agent/tasks/task.h"
#include "common/api/protocol.h"
#include "tests/support/postgres_server.h"
#include "tests/support/redis_server.h"

namespace tenantry::agent {

// One PostgreSQL and one Redis for all tests of the program.
testing::PostgresServer& Postgres();
testing::RedisServer& Redis();

class FakeContext final : public TaskContext {
 public:
  explicit FakeContext(std::stop_token stop = {}) : stop_(std::move(stop)) {}
  std::stop_token stop() const override { return stop_; }
  void ReportProgress(const api::Progress&) override {}

 private:
  std::stop_token stop_;
};

template <class T>
struct Answer {
  T result;
  std::optional<Error> error;

  std::string reason() const { return error ? error->reason : ""; }
  std::string message() const { return error ? error->message : ""; }
};

// Through the handlers, as the task runner calls them.
Answer<api::ProvisionResult> Provision(const std::string& tenant,
                                       const api::TenantStorageSpec& spec,
                                       std::stop_token stop = {});
Answer<api::ObserveResult> Observe(const std::string& tenant, const api::TenantStorageSpec& spec);
Answer<api::StoreResult> ObserveStore(const api::StoreSpec& spec);
Answer<api::DeprovisionResult> Deprovision(const std::string& tenant,
                                           const api::DeprovisionSpec& spec);

// A tenant with template Music, one login whose password is "app-<tenant>", and a limit of five
// connections.
api::TenantStorageSpec MusicSpec(const std::string& tenant,
                                 api::Isolation isolation = api::Isolation::kSchema);
api::DeprovisionSpec DeprovisionSpecOf(const api::TenantStorageSpec& spec,
                                       api::DeletionPolicy policy);

// A session with a tenant's password; nullptr when refused.
std::unique_ptr<postgres::Connection> LogIn(const std::string& role, const std::string& password,
                                            const std::string& database = "app");
// The first value that `sql` gives in the session, or "error <SQLSTATE>".
std::string Ask(postgres::Connection& session, const std::string& sql);
// The same as superuser in database app.
std::string AskSuperuser(const std::string& sql, const std::string& database = "app");

}  // namespace tenantry::agent
