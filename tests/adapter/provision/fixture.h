#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "agent/postgres/connection.h"
#include "agent/provision/handlers.h"
#include "common/api/protocol.h"
#include "tests/support/shared_servers.h"
#include "tests/support/task_call.h"

namespace tenantry::agent {

using testing::Postgres;
using testing::Redis;
using testing::TaskAnswer;

// Through the handlers, as the task runner calls them.
TaskAnswer<api::ProvisionResult> Provision(const std::string& tenant,
                                           const api::TenantStorageSpec& spec,
                                           std::stop_token stop = {});
TaskAnswer<api::ObserveResult> Observe(const std::string& tenant,
                                       const api::TenantStorageSpec& spec);
TaskAnswer<api::StoreResult> ObserveStore(const api::StoreSpec& spec);
TaskAnswer<api::DeprovisionResult> Deprovision(const std::string& tenant,
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
