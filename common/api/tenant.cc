#include "common/api/tenant.h"

#include <algorithm>
#include <cctype>

#include "common/api/enum_names.h"

namespace tenantry::api {

const char* ToString(Isolation isolation) { return NameOf(isolation); }

TenantId EffectiveTenantId(const Tenant& tenant) {
  if (!tenant.spec.tenant_id.empty()) {
    return tenant.spec.tenant_id;
  }
  std::string id = tenant.meta.name.value();
  std::replace(id.begin(), id.end(), '-', '_');
  return TenantId(id);
}

std::string SharedSchemaName(const SchemaSource& schema) {
  std::string name = !schema.template_name.empty() ? schema.template_name
                     : !schema.config_map.empty()  ? schema.config_map
                                                   : "plain";
  std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) {
    return std::isalnum(c) != 0 ? static_cast<char>(std::tolower(c)) : '_';
  });
  return name;
}

bool IsValidTenantId(const TenantId& id) {
  constexpr std::size_t kLongest = 40;
  const std::string& text = id.value();
  const auto is_letter = [](char c) { return c >= 'a' && c <= 'z'; };
  const auto is_allowed = [&](char c) {
    return is_letter(c) || (c >= '0' && c <= '9') || c == '_';
  };
  return !text.empty() && text.size() <= kLongest && is_letter(text.front()) &&
         std::all_of(text.begin(), text.end(), is_allowed);
}

}  // namespace tenantry::api
