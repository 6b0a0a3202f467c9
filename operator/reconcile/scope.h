#pragma once

#include <set>
#include <string>

#include "common/api/meta.h"

namespace tenantry::reconcile {

// Which objects this operator works on.
struct Scope {
  std::set<api::Namespace> namespaces;  // empty: all
  std::string label_selector;           // of DataStores, Tenants and FixtureSets; empty: all
  enum class StoreRefs { kAnyNamespace, kOwnNamespace };
  StoreRefs store_refs = StoreRefs::kAnyNamespace;

  bool is_whole_cluster() const { return namespaces.empty() && label_selector.empty(); }
};

}  // namespace tenantry::reconcile
