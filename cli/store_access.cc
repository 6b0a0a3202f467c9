#include "cli/store_access.h"

#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <utility>
#include <vector>

#include "agent/postgres/connection.h"
#include "agent/postgres/errors.h"
#include "cli/files.h"
#include "cli/password_prompt.h"
#include "common/base/strings.h"

namespace tenantry::cli {
namespace {

constexpr char kApplication[] = "tenantry";

std::string FirstLine(const std::string& text) {
  std::string line = text.substr(0, text.find('\n'));
  if (line.ends_with('\r')) {
    line.pop_back();
  }
  return line;
}

// libpq's rule: a password file that others may read is not used.
bool IsPrivate(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) &&
         (status.st_mode & (S_IRWXG | S_IRWXO)) == 0;
}

bool Exists(const std::string& path) { return ::access(path.c_str(), F_OK) == 0; }

Secret LookUpPassword(const StorePlace& place, const Console& console) {
  if (!Exists(place.password_file)) {
    return {};
  }
  if (!IsPrivate(place.password_file)) {
    console.Say(place.password_file +
                " is not used, because others may read it. Give it mode 0600.");
    return {};
  }
  const Result<std::string> content = ReadSmallFile(place.password_file);
  return content ? FindPassword(*content, place.access).value_or(Secret()) : Secret();
}

Result<api::PostgresAccess> Resolve(const StoreOptions& options, const Console& console) {
  const StoreUrl url = TRY(ParseStoreUrl(options.url));
  StorePlace place = TRY(ResolveStore(url, ObserveSurroundings()));
  if (!place.root_certificate_file.empty()) {
    Result<std::string> certificate = ReadSmallFile(place.root_certificate_file);
    if (!certificate) {
      return Error{ErrorCode::kInvalid, "sslrootcert: " + certificate.error().message};
    }
    place.access.ca_pem = *std::move(certificate);
  }
  if (url.password.empty() && !options.password_file.empty()) {
    place.access.password = TRY(ReadPasswordFile(options.password_file, "--password-file"));
  } else if (place.access.password.empty()) {
    place.access.password = LookUpPassword(place, console);
  }
  return place.access;
}

Result<void> LogIn(const api::PostgresAccess& access, const std::stop_token& stop) {
  const auto session = postgres::Connection::Open(access, kApplication, stop);
  return session ? Result<void>() : session.error();
}

std::string UserName() {
  const passwd* const entry = ::getpwuid(::geteuid());
  return entry != nullptr ? entry->pw_name : "";
}

// Where the server's Unix socket is: Debian's place, then the original one.
std::string DefaultHost() {
  for (const char* folder : {"/var/run/postgresql", "/tmp"}) {
    if (Exists(std::string(folder) + "/.s.PGSQL.5432")) {
      return folder;
    }
  }
  return "localhost";
}

}  // namespace

Surroundings ObserveSurroundings() {
  Surroundings surroundings{.user_name = UserName(), .default_host = DefaultHost()};
  for (char** entry = ::environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view line = *entry;
    const std::size_t equals = line.find('=');
    if (equals != std::string_view::npos) {
      surroundings.environment.emplace(line.substr(0, equals), line.substr(equals + 1));
    }
  }
  const auto home = surroundings.environment.find("HOME");
  surroundings.home = home == surroundings.environment.end() ? "" : home->second;
  surroundings.has_root_file = Exists(surroundings.home + "/.postgresql/root.crt");
  return surroundings;
}

Result<Secret> ReadPasswordFile(const std::string& path, const std::string& option) {
  const Result<std::string> content = ReadSmallFile(path);
  if (!content) {
    return Error{ErrorCode::kInvalid, option + ": " + content.error().message};
  }
  Secret password(FirstLine(*content));
  if (password.empty()) {
    return Error{ErrorCode::kInvalid, option + ": the first line of " + path + " is empty."};
  }
  return password;
}

Result<api::PostgresAccess> OpenStore(const StoreOptions& options, const Console& console,
                                      const std::stop_token& stop) {
  api::PostgresAccess access = TRY(Resolve(options, console));
  Result<void> login = LogIn(access, stop);
  if (!login && postgres::AsksForPassword(login.error())) {
    const postgres::Endpoint endpoint = postgres::EndpointOf(access);
    Result<Secret> password = AskForPassword(
        "Password of user " + endpoint.user + " at " + endpoint.HostPort() + ": ", stop);
    if (!password && password.error().code != ErrorCode::kNotFound) {
      return std::move(password).error();
    }
    if (password) {
      access.password = *std::move(password);
      login = LogIn(access, stop);
    }
  }
  if (!login) {
    return InOurWords(login.error());
  }
  return access;
}

Result<api::RedisAccess> ResolveRedis(const std::string& url, const std::string& password_file,
                                      const Surroundings& surroundings) {
  api::RedisAccess access = TRY(ParseRedisUrl(url));
  if (!access.password.empty()) {
    return access;
  }
  if (!password_file.empty()) {
    access.password = TRY(ReadPasswordFile(password_file, "--redis-password-file"));
    return access;
  }
  const auto found = surroundings.environment.find("REDISCLI_AUTH");
  if (found != surroundings.environment.end()) {
    access.password = Secret(found->second);
  }
  return access;
}

Error InOurWords(Error error) {
  constexpr std::string_view kSecret = "Correct the Secret.";
  const std::size_t secret = error.message.find(kSecret);
  if (secret != std::string::npos && error.message.starts_with("Redis at ")) {
    error.message.replace(secret, kSecret.size(),
                          "Give the right ones with --redis, and --redis-password-file or "
                          "REDISCLI_AUTH.");
  }
  constexpr std::array<std::pair<std::string_view, std::string_view>, 6> kPhrases = {{
      {"Correct the Secret, or the server's roles",
       "Correct the user in --store, or the server's roles"},
      {"Correct the Secret.", "Give the right one with --password-file, PGPASSWORD or ~/.pgpass."},
      {"Correct sslMode, caSecretRef or the host.",
       "Correct sslmode, sslrootcert or the host in --store."},
      {"that the agent may reach it", "that --store names its host and port"},
      {"Set the annotation tenantry.dev/adopt: \"true\" on the Tenant to take it over, or choose "
       "another tenantID.",
       "Give --adopt to take it over, or choose another --tenant-id."},
      {"the DataStore's admin", "the user in --store"},
  }};
  for (const auto& [theirs, ours] : kPhrases) {
    const std::size_t at = error.message.find(theirs);
    if (at != std::string::npos) {
      error.message.replace(at, theirs.size(), ours);
    }
  }
  return error;
}

}  // namespace tenantry::cli
