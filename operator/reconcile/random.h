#pragma once

#include <string>

#include "common/base/random_password.h"
#include "operator/plan/binding.h"

// Chance, from the kernel's generator (getrandom). Thread-safe.
namespace tenantry::reconcile {

plan::Credentials RandomCredentials();  // both passwords; the username is left to the plan
std::string RandomToken();              // 8 hex digits: tells two runs of a process apart
double RandomFraction();                // in [0, 1)

}  // namespace tenantry::reconcile
