#include "tests/unit/plan/tenant_plan_words.h"

#include <gtest/gtest.h>

#include "common/api/protocol_codec.h"

namespace tenantry::plan {

List Words(const std::vector<Action>& actions) {
  List words;
  for (const Action& action : actions) {
    if (std::holds_alternative<AddFinalizer>(action)) {
      words.push_back("add finalizer");
    } else if (std::holds_alternative<RemoveFinalizer>(action)) {
      words.push_back("remove finalizer");
    } else if (const auto* secret = std::get_if<ApplySecret>(&action)) {
      words.push_back("apply " + secret->object.name.value());
    } else if (const auto* config = std::get_if<ApplyConfigMap>(&action)) {
      words.push_back("apply " + config->object.name.value());
    } else if (const auto* gone = std::get_if<DeleteSecret>(&action)) {
      words.push_back("delete " + gone->name.value());
    } else {
      words.push_back("delete " + std::get<DeleteConfigMap>(action).name.value());
    }
  }
  return words;
}

api::TenantStorageSpec SpecOf(const TenantPlan& plan) {
  auto spec = api::Decode<api::TenantStorageSpec>(plan.task->spec_json);
  EXPECT_TRUE(spec) << spec.error().message;
  return *std::move(spec);
}

bool IsEmpty(const TenantPlan& plan) {
  return plan.before.empty() && !plan.task && plan.after.empty() && !plan.refused;
}

}  // namespace tenantry::plan
