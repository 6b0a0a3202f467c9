#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/api/protocol.h"
#include "common/base/result.h"

// Where a store is, as --store and --redis say it, with libpq's defaults. Pure.
namespace tenantry::cli {

// What a URL says; empty or absent: it does not.
struct StoreUrl {
  std::string host;  // a name, an address, or the folder of a Unix socket
  std::optional<int> port;
  std::string database;
  std::string user;
  Secret password;
  std::optional<api::SslMode> ssl_mode;
  std::string root_certificate;  // a file's name, or "system"
  std::optional<std::chrono::seconds> connect_timeout;
  std::string application;
};

// postgres://[user[:password]@][host][:port][/database][?name=value&…], postgresql:// likewise, as
// libpq reads it (percent-encoding; a host that begins with / is a folder). Parameters: host, port,
// dbname, user, password, sslmode, sslrootcert, connect_timeout, application_name. kInvalid for
// anything else; no message repeats the URL's password.
Result<StoreUrl> ParseStoreUrl(std::string_view url);

// Sets one of those parameters. The error is the middle of a sentence.
Result<void> SetParameter(StoreUrl& url, const std::string& name, const std::string& value);

// What libpq looks at beside the URL.
struct Surroundings {
  std::map<std::string, std::string> environment;
  std::string user_name;       // of the operating system
  std::string home;            // folder
  std::string default_host;    // a socket's folder, or "localhost"
  bool has_root_file = false;  // ~/.postgresql/root.crt
};

// A store's access but for what has to be read from files or asked for.
struct StorePlace {
  api::PostgresAccess access;         // `password` when URL or environment have one
  std::string root_certificate_file;  // to be read into access.ca_pem; empty: none
  std::string password_file;          // in libpq's format; need not exist
};
Result<StorePlace> ResolveStore(const StoreUrl& url, const Surroundings& surroundings);

// The password of the first line of a password file (host:port:database:user:password, * for any,
// \ before : and \) that fits. Source: PostgreSQL, "The Password File".
std::optional<Secret> FindPassword(std::string_view file, const api::PostgresAccess& access);

// redis://[[user]:password@]host[:port][/0]. Tenants' keys are in database 0.
Result<api::RedisAccess> ParseRedisUrl(std::string_view url);

// Where in a word of a command line a URL's password is.
struct PasswordSpan {
  std::size_t offset = 0;
  std::size_t size = 0;
};
std::vector<PasswordSpan> FindPasswords(std::string_view word);
// The word without them.
std::string WithoutPassword(std::string_view word);

}  // namespace tenantry::cli
