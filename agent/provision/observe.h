#pragma once

#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "agent/postgres/connection.h"
#include "agent/provision/desired.h"
#include "agent/provision/observed.h"
#include "common/api/protocol.h"
#include "common/base/result.h"

// Reads what is in PostgreSQL; changes nothing. The admin's sessions run no SQL that a tenant
// wrote: expressions are only printed, and a table that a tenant's owner made is read under a lock,
// after it is known to be a plain one.
namespace tenantry::agent {

// The sessions of one task. `tables` is the same as `store` unless the tenant has its own database.
class AdminSessions {
 public:
  static Result<AdminSessions> Open(const api::PostgresAccess& admin,
                                    const std::string& application, std::stop_token stop);

  postgres::Connection& store() { return *store_; }
  // nullptr: the tenant's own database is not there yet.
  postgres::Connection* tables() {
    return own_ ? own_.get() : shares_store_ ? store_.get() : nullptr;
  }
  // Opens the session in the tenant's own database, if it has one and it exists.
  Result<void> OpenTables(const TenantNames& names);
  void CloseTables() { own_.reset(); }
  // A session of another role in `database`.
  Result<std::unique_ptr<postgres::Connection>> OpenAs(const std::string& role,
                                                       const Secret& password,
                                                       const std::string& database) const;
  std::stop_token stop() const { return stop_; }

 private:
  AdminSessions(api::PostgresAccess admin, std::string application, std::stop_token stop)
      : admin_(std::move(admin)), application_(std::move(application)), stop_(std::move(stop)) {}

  api::PostgresAccess admin_;
  std::string application_;
  std::stop_token stop_;
  std::unique_ptr<postgres::Connection> store_;
  std::unique_ptr<postgres::Connection> own_;
  bool shares_store_ = true;
};

// Everything but the logins.
Result<ObservedStorage> ObserveStorage(AdminSessions& sessions, const DesiredStorage& desired);

// Logs in as each login of the spec that has a password. Returns a session of one that works, or
// nullptr; what was found goes into the returned state.
struct CheckedLogins {
  std::map<std::string, LoginState> states;
  std::map<std::string, std::string> refusals;
  std::unique_ptr<postgres::Connection> session;
};
Result<CheckedLogins> CheckLogins(const AdminSessions& sessions, const DesiredStorage& desired,
                                  const ObservedStorage& observed);

// The tenant's row; none when there is no row or no catalogue. `config_json` is compared.
Result<std::optional<CatalogueRow>> ReadCatalogueRow(postgres::Connection& connection,
                                                     const api::TenantId& id,
                                                     const std::string& config_json);

// "{a,b}" of names that need no quoting.
std::string NameArray(const std::vector<std::string>& names);

}  // namespace tenantry::agent
