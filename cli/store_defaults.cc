#include <algorithm>
#include <utility>

#include "cli/store_url.h"
#include "common/base/strings.h"

// What libpq takes when a URL does not say it. Source: PostgreSQL, "Environment Variables".
namespace tenantry::cli {
namespace {

constexpr int kDefaultPort = 5432;

std::string Variable(const Surroundings& surroundings, const std::string& name) {
  const auto found = surroundings.environment.find(name);
  return found == surroundings.environment.end() ? "" : found->second;
}

std::string FirstOf(std::initializer_list<std::string> values) {
  const auto* const found = std::find_if(values.begin(), values.end(),
                                         [](const std::string& value) { return !value.empty(); });
  return found == values.end() ? "" : *found;
}

// The URL with what the environment says where it is silent: written as a URL's parameters, they
// are read by the same rules.
Result<StoreUrl> ReadEnvironment(const Surroundings& surroundings) {
  constexpr std::pair<const char*, const char*> kVariables[] = {
      {"PGHOST", "host"},
      {"PGPORT", "port"},
      {"PGDATABASE", "dbname"},
      {"PGUSER", "user"},
      {"PGSSLMODE", "sslmode"},
      {"PGSSLROOTCERT", "sslrootcert"},
      {"PGCONNECT_TIMEOUT", "connect_timeout"},
      {"PGAPPNAME", "application_name"},
  };
  StoreUrl url;
  for (const auto& [variable, parameter] : kVariables) {
    const std::string value = Variable(surroundings, variable);
    if (value.empty()) {
      continue;
    }
    const Result<void> set = SetParameter(url, parameter, value);
    if (!set) {
      return Error{ErrorCode::kInvalid, std::string(variable) + ": " + set.error().message +
                                            ". Correct the environment variable."};
    }
  }
  url.password = Secret(Variable(surroundings, "PGPASSWORD"));
  return url;
}

// Without blanks and escapes: the next field of a password file's line.
std::string TakeField(std::string_view* line) {
  std::string field;
  while (!line->empty() && line->front() != ':') {
    if (line->front() == '\\' && line->size() > 1) {
      line->remove_prefix(1);
    }
    field += line->front();
    line->remove_prefix(1);
  }
  line->remove_prefix(line->empty() ? 0 : 1);
  return field;
}

}  // namespace

Result<StorePlace> ResolveStore(const StoreUrl& url, const Surroundings& surroundings) {
  const StoreUrl around = TRY(ReadEnvironment(surroundings));
  StorePlace place;
  api::PostgresAccess& access = place.access;
  access.host = FirstOf({url.host, around.host, surroundings.default_host});
  access.port = url.port.value_or(around.port.value_or(kDefaultPort));
  access.user = FirstOf({url.user, around.user, surroundings.user_name});
  access.database = FirstOf({url.database, around.database, access.user});
  access.ssl_mode = url.ssl_mode.value_or(around.ssl_mode.value_or(api::SslMode::kPrefer));
  access.password = url.password.empty() ? around.password : url.password;
  access.application = FirstOf({url.application, around.application});
  if (const auto timeout = url.connect_timeout ? url.connect_timeout : around.connect_timeout) {
    access.connect_timeout = *timeout;
  }
  const std::string own_root =
      surroundings.has_root_file ? surroundings.home + "/.postgresql/root.crt" : "";
  const std::string root = FirstOf({url.root_certificate, around.root_certificate, own_root});
  place.root_certificate_file = root == "system" ? "" : root;
  place.password_file =
      FirstOf({Variable(surroundings, "PGPASSFILE"), surroundings.home + "/.pgpass"});
  if (access.user.empty()) {
    return Error{ErrorCode::kInvalid,
                 "--store: no user is named. Write it as postgres://user@host:port/database."};
  }
  return place;
}

std::optional<Secret> FindPassword(std::string_view file, const api::PostgresAccess& access) {
  // A socket in its usual place is "localhost" there.
  const bool is_socket = access.host.starts_with('/');
  const std::vector<std::string> wanted = {is_socket ? "localhost" : access.host,
                                           std::to_string(access.port), access.database,
                                           access.user};
  for (std::string_view line : Split(file, '\n')) {
    if (line.ends_with('\r')) {
      line.remove_suffix(1);
    }
    if (line.empty() || line.front() == '#') {
      continue;
    }
    bool fits = true;
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      const std::string field = TakeField(&line);
      const bool is_folder = i == 0 && is_socket && field == access.host;
      fits = fits && (field == "*" || field == wanted[i] || is_folder);
    }
    if (fits && !line.empty()) {
      return Secret(TakeField(&line));
    }
  }
  return std::nullopt;
}

}  // namespace tenantry::cli
