#include "agent/provision/ownership.h"

#include <string>
#include <vector>

#include "common/api/reasons.h"
#include "common/base/strings.h"

namespace tenantry::agent {
namespace {

Error AdoptionRequired(const std::string& what) {
  return {ErrorCode::kInvalid,
          what + " Set the annotation " + api::kAdoptAnnotation +
              ": \"true\" on the Tenant to take it over, or choose another tenantID.",
          api::reason::kAdoptionRequired};
}

// What exists under the tenant's names though the catalogue does not know the tenant.
std::vector<std::string> Strangers(const TenantNames& names, const ObservedStorage& observed) {
  std::vector<std::string> found;
  if (names.has_own_database() && observed.database) {
    found.push_back("database " + names.database);
  }
  if (!names.has_own_database() && !names.is_shared() && observed.schema_owner) {
    found.push_back("schema " + names.schema);
  }
  for (const std::string& role : names.OwnRoles()) {
    if (observed.FindRole(role) != nullptr) {
      found.push_back("role " + role);
    }
  }
  return found;
}

Result<void> CheckSamePlace(const TenantNames& names, const CatalogueRow& row) {
  if (row.isolation == api::ToString(names.isolation) && row.schema == names.schema) {
    return {};
  }
  return Error{ErrorCode::kInvalid,
               "Tenant " + names.id.value() + " is kept with isolation " + row.isolation +
                   " in schema " + row.schema + ", but isolation " +
                   api::ToString(names.isolation) + " in schema " + names.schema +
                   " is asked for. Ask for the former, or delete the kept data.",
               api::reason::kInvalidSpec};
}

}  // namespace

Result<Claim> DecideClaim(const DesiredStorage& desired, const ObservedStorage& observed,
                          Adoption adoption) {
  const TenantNames& names = desired.names;
  const std::string where = " in database " + names.store_database;
  if (observed.row && observed.row->owner_uid == desired.owner_uid) {
    TRY(CheckSamePlace(names, *observed.row));
    return Claim::kOurs;
  }
  if (observed.row) {
    if (adoption == Adoption::kRefused) {
      const std::string state = observed.row->retained ? " was retained when " : " belongs to ";
      const std::string rest = observed.row->retained ? " was deleted." : ".";
      return AdoptionRequired("Tenant " + names.id.value() + where + state + "Tenant " +
                              observed.row->owner + " (UID " + observed.row->owner_uid + ")" +
                              rest);
    }
    TRY(CheckSamePlace(names, *observed.row));
    return Claim::kTakeOver;
  }
  const std::vector<std::string> strangers = Strangers(names, observed);
  if (strangers.empty()) {
    return Claim::kNew;
  }
  if (adoption == Adoption::kRefused) {
    return AdoptionRequired("There is already " + Join(strangers, ", ") +
                            ", which no Tenant of database " + names.store_database + " made.");
  }
  return Claim::kTakeOver;
}

}  // namespace tenantry::agent
