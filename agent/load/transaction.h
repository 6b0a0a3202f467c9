#pragma once

#include "agent/postgres/connection.h"
#include "common/base/result.h"

namespace tenantry::load {

// Rolls back unless the transaction was committed.
class Transaction {
 public:
  explicit Transaction(postgres::Connection& connection) : connection_(connection) {}
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  ~Transaction() {
    if (!committed_) {
      connection_.Rollback();
    }
  }
  Result<void> Begin() {
    TRY(connection_.Begin());
    // The task's own deadline bounds a load; big files take longer than a statement may.
    return connection_.ExecuteScript("SET LOCAL statement_timeout = 0");
  }
  Result<void> Commit() {
    TRY(connection_.Commit());
    committed_ = true;
    return {};
  }

 private:
  postgres::Connection& connection_;
  bool committed_ = false;
};

}  // namespace tenantry::load
