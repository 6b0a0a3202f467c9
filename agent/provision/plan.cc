#include "agent/provision/plan.h"

#include <iterator>
#include <utility>

namespace tenantry::agent {
namespace {

void Append(std::vector<Step>& all, std::vector<Step> more) {
  all.insert(all.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

}  // namespace

Result<StoragePlan> MakePlan(const DesiredStorage& desired, const ObservedStorage& observed) {
  StoragePlan plan;
  Append(plan.steps, MakeRoleSteps(desired, observed));
  Append(plan.steps, MakeDatabaseSteps(desired, observed));
  Append(plan.steps, MakeCatalogueSteps(desired, observed));
  if (observed.database) {
    Append(plan.steps, MakeSchemaSteps(desired, observed));
    Append(plan.steps, TRY(MakeRelationSteps(desired, observed)));
  }
  if (observed.database && observed.history_readable) {
    plan.migrations = TRY(PendingMigrations(desired.migrations, observed.applied));
  }
  return plan;
}

std::vector<std::string> DescribeDrift(const StoragePlan& plan) {
  std::vector<std::string> drift;
  for (const Step& step : plan.steps) {
    drift.push_back(step.drift);
  }
  for (const Migration& migration : plan.migrations) {
    drift.push_back("Migration " + migration.name + " is not applied.");
  }
  return drift;
}

}  // namespace tenantry::agent
