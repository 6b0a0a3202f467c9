#pragma once

#include <string>
#include <vector>

#include "agent/provision/desired.h"
#include "agent/provision/observed.h"
#include "common/base/result.h"

// Pure: from what is and what shall be to the steps between. Applying a plan may bring more into
// sight (tables that a migration made), so plans are made until one is empty.
namespace tenantry::agent {

enum class Place {
  kStore,           // in the store's database, all in one transaction
  kCreateDatabase,  // in the store's database, alone and outside of a transaction
  kTables,          // in the database of the tenant's tables, all in one transaction
};

// A detail is not worth telling of a tenant that was just made.
enum class Weight { kMajor, kDetail };

struct Step {
  Place place = Place::kStore;
  std::string sql;
  std::string drift;   // what is wrong, a sentence: "Role tenant_acme_app is missing."
  std::string change;  // what the step does, a sentence: "Made role tenant_acme_app."
  Weight weight = Weight::kMajor;

  friend bool operator==(const Step&, const Step&) = default;
};

struct StoragePlan {
  std::vector<Step> steps;
  std::vector<Migration> migrations;  // after the steps, as the owner

  bool empty() const { return steps.empty() && migrations.empty(); }
};

// Errors: kInvalid/MigrationFailed when migrations do not fit, or a shared table has no tenant_id.
Result<StoragePlan> MakePlan(const DesiredStorage& desired, const ObservedStorage& observed);

// The parts of a plan. Role steps come first: the others refer to the roles.
std::vector<Step> MakeRoleSteps(const DesiredStorage& desired, const ObservedStorage& observed);
std::vector<Step> MakeDatabaseSteps(const DesiredStorage& desired, const ObservedStorage& observed);
std::vector<Step> MakeCatalogueSteps(const DesiredStorage& desired,
                                     const ObservedStorage& observed);
std::vector<Step> MakeSchemaSteps(const DesiredStorage& desired, const ObservedStorage& observed);
Result<std::vector<Step>> MakeRelationSteps(const DesiredStorage& desired,
                                            const ObservedStorage& observed);

// All differences as sentences for people.
std::vector<std::string> DescribeDrift(const StoragePlan& plan);

// Name of the table with the applied migrations, in every schema that has any.
inline constexpr char kHistoryTable[] = "schema_history";
// Names of the policy of shared tables and of the check of a tenant's own tables.
inline constexpr char kPolicyName[] = "tenantry_tenant";
inline constexpr char kCheckName[] = "tenantry_tenant";

}  // namespace tenantry::agent
