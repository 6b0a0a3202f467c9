#include "cli/source_options.h"

#include <CLI/CLI.hpp>

#include "cli/files.h"
#include "cli/read_options.h"
#include "common/base/quantity.h"

namespace tenantry::cli {
namespace {

constexpr char kGroup[] = "Other sources: https://…, postgres://…, file.db (SQLite)";
constexpr std::size_t kSha256Digits = 64;

void AddText(CLI::App& command, const std::string& name, std::string& value,
             const std::string& text, const std::string& help) {
  command.add_option(name, value, help)->option_text(text)->group(kGroup);
}

bool IsUrl(const std::string& source) {
  return source.starts_with("https://") || source.starts_with("http://");
}

bool IsPostgres(const std::string& source) {
  return source.starts_with("postgres://") || source.starts_with("postgresql://");
}

bool HasLogin(const std::string& url) {
  const std::size_t host = url.find("://") + 3;
  return url.substr(host, url.find_first_of("/?#", host) - host).find('@') != std::string::npos;
}

Error UsageError(std::string message) { return {ErrorCode::kInvalid, std::move(message)}; }

}  // namespace

void AddSourceOptions(CLI::App& command, SourceArguments& arguments) {
  AddText(command, "--from-table", arguments.from_table, "NAME",
          "Load this table of the database that FILE names");
  AddText(command, "--from-query", arguments.from_query, "SQL",
          "Load what this SELECT gives, of the database that FILE names");
  AddText(command, "--source-password-file", arguments.source_password_file, "FILE",
          "File whose first line is the password of the database that is read");
  AddText(command, "--sha256", arguments.sha256, "HEX", "What a download must have");
  AddText(command, "--url-user", arguments.url_user, "NAME", "User for a download");
  AddText(command, "--url-password-file", arguments.url_password_file, "FILE",
          "File whose first line is that user's password. Without it: TENANTRY_URL_PASSWORD");
  AddText(command, "--url-token-file", arguments.url_token_file, "FILE",
          "File whose first line is a bearer token. Without it: TENANTRY_URL_TOKEN");
  AddText(command, "--max-download", arguments.max_download, "BYTES [10Gi]",
          "The most that a download may have");
  command
      .add_flag("--allow-private-addresses", arguments.allow_private_addresses,
                "Download also from this machine and from private networks")
      ->group(kGroup);
}

Result<SourceOptions> MakeSourceOptions(const SourceArguments& arguments) {
  SourceOptions options;
  if (!arguments.from_table.empty() && !arguments.from_query.empty()) {
    return UsageError("--from-table and --from-query contradict each other.");
  }
  if (!arguments.from_table.empty() || !arguments.from_query.empty()) {
    options.query = {.table = arguments.from_table, .query = arguments.from_query};
  }
  options.password_file = arguments.source_password_file;
  const bool is_hash =
      arguments.sha256.size() == kSha256Digits &&
      arguments.sha256.find_first_not_of("0123456789abcdefABCDEF") == std::string::npos;
  if (!arguments.sha256.empty() && !is_hash) {
    return BadOption("--sha256", arguments.sha256, "is not 64 hexadecimal digits");
  }
  options.url.sha256 = arguments.sha256;
  options.url.credentials.user = arguments.url_user;
  options.url_password_file = arguments.url_password_file;
  options.url_token_file = arguments.url_token_file;
  if (!arguments.max_download.empty()) {
    const Result<std::int64_t> bytes = ParseBytes(arguments.max_download);
    if (!bytes || *bytes < 1) {
      return BadOption("--max-download", arguments.max_download,
                       "is no number of bytes, like 500Mi or 20G");
    }
    options.url.size_limit_bytes = *bytes;
  }
  options.url.private_addresses = arguments.allow_private_addresses
                                      ? load::PrivateAddresses::kAllowed
                                      : load::PrivateAddresses::kRefused;
  return options;
}

SourceKind KindOf(const std::string& source, const SourceOptions& options) {
  if (source == kStandardInput) {
    return SourceKind::kStandardInput;
  }
  if (IsUrl(source)) {
    return SourceKind::kUrl;
  }
  if (IsPostgres(source)) {
    return SourceKind::kPostgres;
  }
  return options.query ? SourceKind::kSqlite : SourceKind::kFile;
}

Result<void> CheckSource(const std::string& source, const SourceOptions& options) {
  switch (KindOf(source, options)) {
    case SourceKind::kUrl:
      return HasLogin(source) ? UsageError(
                                    "a user or password in a URL can be seen by others: "
                                    "give --url-user and --url-password-file, or "
                                    "--url-token-file.")
                              : Result<void>();
    case SourceKind::kPostgres:
      return options.query ? Result<void>()
                           : UsageError(
                                 "a database as the source needs --from-table or "
                                 "--from-query.");
    default:
      return {};
  }
}

}  // namespace tenantry::cli
