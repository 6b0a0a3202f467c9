#include "common/api/data_store.h"

#include "common/api/enum_names.h"

namespace tenantry::api {

const char* ToString(SslMode mode) { return NameOf(mode); }

const char* ToLibpq(SslMode mode) {
  switch (mode) {
    case SslMode::kDisable:
      return "disable";
    case SslMode::kPrefer:
      return "prefer";
    case SslMode::kRequire:
      return "require";
    case SslMode::kVerifyCa:
      return "verify-ca";
    case SslMode::kVerifyFull:
      return "verify-full";
  }
  return "verify-full";
}

}  // namespace tenantry::api
