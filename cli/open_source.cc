#include "cli/open_source.h"

#include <cstdlib>
#include <utility>

#include "cli/files.h"
#include "cli/store_access.h"
#include "cli/store_url.h"

namespace tenantry::cli {
namespace {

Secret FromEnvironment(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? Secret() : Secret(value);
}

Result<Secret> ReadSecret(const std::string& path, const char* option, const char* variable) {
  return path.empty() ? FromEnvironment(variable) : ReadPasswordFile(path, option);
}

Result<load::PathSource> OpenUrl(const std::string& url, const SourceOptions& options,
                                 const std::stop_token& stop) {
  load::UrlRequest request = options.url;
  request.url = url;
  request.credentials.bearer =
      TRY(ReadSecret(options.url_token_file, "--url-token-file", "TENANTRY_URL_TOKEN"));
  if (!request.credentials.user.empty()) {
    request.credentials.password =
        TRY(ReadSecret(options.url_password_file, "--url-password-file", "TENANTRY_URL_PASSWORD"));
  }
  return load::FetchUrl(request, {}, stop);
}

Result<load::PathSource> OpenPostgres(const std::string& url, const SourceOptions& options,
                                      const Console& console, const std::stop_token& stop) {
  const api::PostgresAccess access =
      TRY(OpenStore({.url = url, .password_file = options.password_file}, console, stop));
  return load::ExportPostgres(access, *options.query, stop);
}

std::string What(const load::DatabaseQuery& query) {
  return query.table.empty() ? "query " + query.query : "table " + query.table;
}

}  // namespace

Result<load::PathSource> OpenSource(const std::string& source, const SourceOptions& options,
                                    const Console& console, const std::stop_token& stop) {
  switch (KindOf(source, options)) {
    case SourceKind::kStandardInput:
      return load::SpoolStandardInput(stop);
    case SourceKind::kUrl:
      return OpenUrl(source, options, stop);
    case SourceKind::kPostgres:
      return OpenPostgres(source, options, console, stop);
    case SourceKind::kSqlite:
      return load::ExportSqlite(source, *options.query, stop);
    case SourceKind::kFile:
      break;
  }
  return load::OpenPathSource(source, stop);
}

std::string SourceNameOf(const std::string& source, const SourceOptions& options) {
  switch (KindOf(source, options)) {
    case SourceKind::kUrl:
      return load::UrlName(source);
    case SourceKind::kPostgres:
      return WithoutPassword(source) + " " + What(*options.query);
    case SourceKind::kSqlite:
      return SourceName(source) + " " + What(*options.query);
    default:
      return SourceName(source);
  }
}

std::string RejectFileOf(const std::string& source, const SourceOptions& options) {
  const SourceKind kind = KindOf(source, options);
  if (kind == SourceKind::kPostgres) {
    return RejectFileOf(options.query->table.empty() ? "query" : options.query->table);
  }
  if (kind != SourceKind::kUrl) {
    return RejectFileOf(source);
  }
  const std::string name = load::UrlName(source);
  const std::string last = name.substr(name.find_last_of('/') + 1);
  return RejectFileOf(last.empty() ? "download" : last);
}

}  // namespace tenantry::cli
