#pragma once

#include "agent/provision/desired.h"
#include "agent/provision/observed.h"
#include "common/base/result.h"

// Pure: may this Tenant have what is there?
namespace tenantry::agent {

enum class Claim {
  kOurs,      // the catalogue says so already
  kNew,       // nothing is there: enter the tenant first, then make its storage
  kTakeOver,  // somebody else's, and adoption was asked for
};
enum class Adoption { kRefused, kAllowed };

// kInvalid/AdoptionRequired: it is somebody else's, and adoption was not asked for.
// kInvalid/InvalidSpec: it is kept in another isolation or schema than is asked for.
Result<Claim> DecideClaim(const DesiredStorage& desired, const ObservedStorage& observed,
                          Adoption adoption);

}  // namespace tenantry::agent
