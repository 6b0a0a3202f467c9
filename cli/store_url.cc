#include "cli/store_url.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <utility>

#include "cli/words.h"
#include "common/base/strings.h"

namespace tenantry::cli {
namespace {

constexpr char kStoreForm[] = "postgres://user@host:port/database";
constexpr char kRedisForm[] = "redis://user@host:port";

Error BadUrl(const std::string& option, const std::string& why, const std::string& form) {
  return {ErrorCode::kInvalid, option + ": " + why + ". Write it as " + form + "."};
}

Error BadStore(const std::string& why) { return BadUrl("--store", why, kStoreForm); }
Error BadRedis(const std::string& why) { return BadUrl("--redis", why, kRedisForm); }

std::optional<int> HexDigit(char c) {
  if (c >= '0' && c <= '9') {
    return c - '0';
  }
  const int lower = std::tolower(static_cast<unsigned char>(c));
  return lower >= 'a' && lower <= 'f' ? std::optional(lower - 'a' + 10) : std::nullopt;
}

// Without %XX. None: a % that begins none, or %00.
std::optional<std::string> Unescape(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      plain += text[i];
      continue;
    }
    const auto high = i + 2 < text.size() ? HexDigit(text[i + 1]) : std::nullopt;
    const auto low = i + 2 < text.size() ? HexDigit(text[i + 2]) : std::nullopt;
    if (!high || !low || *high * 16 + *low == 0) {
      return std::nullopt;
    }
    plain += static_cast<char>(*high * 16 + *low);
    i += 2;
  }
  return plain;
}

Result<std::string> Part(std::string_view text, const char* what) {
  std::optional<std::string> plain = Unescape(text);
  if (!plain) {
    return Error{ErrorCode::kInvalid,
                 std::string("the ") + what + " has a % without two hex digits"};
  }
  return *std::move(plain);
}

std::optional<int> WholeNumber(std::string_view text, int least, int most) {
  int number = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = failed == std::errc() && end == text.data() + text.size();
  return whole && number >= least && number <= most ? std::optional(number) : std::nullopt;
}

Result<int> Port(std::string_view text) {
  if (const std::optional<int> port = WholeNumber(text, 1, 65535)) {
    return *port;
  }
  return Error{ErrorCode::kInvalid,
               "\"" + Shorten(text) + "\" is no port (1 to 65535); a / in a folder is written %2F"};
}

// The pieces of scheme://[user[:password]@]host[:port][/path][?query], still escaped.
struct UrlPieces {
  std::string_view user, password, host, port, path, query;
  bool has_password = false;
};

std::string_view TakeUntil(std::string_view* rest, std::string_view ends) {
  const std::size_t at = std::min(rest->find_first_of(ends), rest->size());
  const std::string_view piece = rest->substr(0, at);
  rest->remove_prefix(at);
  return piece;
}

// How long "user:password@host:port" is, at the start of `rest`. A password may hold a / that
// nobody has escaped: it looks like host:port/database then, but its port is none.
std::size_t AuthoritySize(std::string_view rest) {
  const std::size_t size = std::min(rest.find_first_of("/?"), rest.size());
  const std::string_view authority = rest.substr(0, size);
  const std::size_t colon = authority.find(':');
  const std::size_t at = rest.substr(0, rest.find('?')).rfind('@');
  const bool is_cut = authority.find('@') == std::string_view::npos &&
                      colon != std::string_view::npos && at != std::string_view::npos &&
                      !WholeNumber(authority.substr(colon + 1), 1, 65535);
  return is_cut ? std::min(rest.find_first_of("/?", at), rest.size()) : size;
}

// `rest` is what follows "://". None: a [ without ].
std::optional<UrlPieces> CutUrl(std::string_view rest) {
  UrlPieces pieces;
  std::string_view authority = rest.substr(0, AuthoritySize(rest));
  rest.remove_prefix(authority.size());
  // A password may hold an @ that nobody has escaped: the last one counts.
  if (const std::size_t at = authority.rfind('@'); at != std::string_view::npos) {
    std::string_view login = authority.substr(0, at);
    authority.remove_prefix(at + 1);
    pieces.user = TakeUntil(&login, ":");
    pieces.has_password = !login.empty();
    pieces.password = login.substr(login.empty() ? 0 : 1);
  }
  if (authority.starts_with('[')) {
    const std::size_t end = authority.find(']');
    if (end == std::string_view::npos) {
      return std::nullopt;
    }
    pieces.host = authority.substr(1, end - 1);
    authority.remove_prefix(end + 1);
  } else {
    pieces.host = TakeUntil(&authority, ":");
  }
  pieces.port =
      authority.substr(std::min<std::size_t>(authority.starts_with(':') ? 1 : 0, authority.size()));
  if (rest.starts_with('/')) {
    rest.remove_prefix(1);
    pieces.path = TakeUntil(&rest, "?");
  }
  pieces.query = rest.substr(rest.empty() ? 0 : 1);
  return pieces;
}

constexpr std::array<std::pair<const char*, api::SslMode>, 6> kSslModes = {{
    {"disable", api::SslMode::kDisable},
    {"allow", api::SslMode::kPrefer},  // asks for less than it gets
    {"prefer", api::SslMode::kPrefer},
    {"require", api::SslMode::kRequire},
    {"verify-ca", api::SslMode::kVerifyCa},
    {"verify-full", api::SslMode::kVerifyFull},
}};

Result<api::SslMode> ParseSslMode(const std::string& text) {
  for (const auto& [name, mode] : kSslModes) {
    if (text == name) {
      return mode;
    }
  }
  return Error{ErrorCode::kInvalid,
               "sslmode \"" + Shorten(text) +
                   "\" is none of disable, prefer, require, verify-ca and verify-full"};
}

Result<std::chrono::seconds> ParseTimeout(const std::string& text) {
  constexpr int kLongest = 86400;
  if (const std::optional<int> seconds = WholeNumber(text, 0, kLongest)) {
    return std::chrono::seconds(*seconds);
  }
  return Error{ErrorCode::kInvalid, "connect_timeout \"" + Shorten(text) +
                                        "\" is no number of seconds from 0 (no limit) to 86400"};
}

constexpr char kParameters[] =
    "host, port, dbname, user, password, sslmode, sslrootcert, connect_timeout and "
    "application_name";

Result<void> SetParameters(StoreUrl& url, std::string_view query) {
  for (const std::string_view parameter : Split(query, '&')) {
    if (parameter.empty()) {
      continue;
    }
    const std::size_t equals = parameter.find('=');
    if (equals == std::string_view::npos) {
      return Error{ErrorCode::kInvalid, "\"" + Shorten(parameter) + "\" is not name=value"};
    }
    const std::string name = TRY(Part(parameter.substr(0, equals), "parameter"));
    const std::string value = TRY(Part(parameter.substr(equals + 1), "parameter"));
    TRY(SetParameter(url, name, value));
  }
  return {};
}

Result<StoreUrl> MakeStoreUrl(const UrlPieces& pieces) {
  StoreUrl url;
  url.user = TRY(Part(pieces.user, "user"));
  url.password = Secret(TRY(Part(pieces.password, "password")));
  url.host = TRY(Part(pieces.host, "host"));
  url.database = TRY(Part(pieces.path, "database"));
  if (!pieces.port.empty()) {
    url.port = TRY(Port(pieces.port));
  }
  TRY(SetParameters(url, pieces.query));
  if (url.host.find(',') != std::string::npos) {
    return Error{ErrorCode::kInvalid, "several hosts are named; tenantry works with the primary"};
  }
  return url;
}

// What follows one of the schemes.
std::optional<std::string_view> AfterScheme(std::string_view url,
                                            std::initializer_list<std::string_view> schemes) {
  for (const std::string_view scheme : schemes) {
    if (url.starts_with(scheme)) {
      return url.substr(scheme.size());
    }
  }
  return std::nullopt;
}

}  // namespace

Result<void> SetParameter(StoreUrl& url, const std::string& name, const std::string& value) {
  if (name == "host") {
    url.host = value;
  } else if (name == "port") {
    url.port = TRY(Port(value));
  } else if (name == "dbname") {
    url.database = value;
  } else if (name == "user") {
    url.user = value;
  } else if (name == "password") {
    url.password = Secret(value);
  } else if (name == "sslmode") {
    url.ssl_mode = TRY(ParseSslMode(value));
  } else if (name == "sslrootcert") {
    url.root_certificate = value;
  } else if (name == "connect_timeout") {
    url.connect_timeout = TRY(ParseTimeout(value));
  } else if (name == "application_name") {
    url.application = value;
  } else {
    return Error{ErrorCode::kInvalid,
                 "there is no parameter \"" + Shorten(name) + "\"; it knows " + kParameters};
  }
  return {};
}

Result<StoreUrl> ParseStoreUrl(std::string_view url) {
  const auto rest = AfterScheme(url, {"postgres://", "postgresql://"});
  if (!rest) {
    return BadStore("it does not begin with postgres:// or postgresql://");
  }
  const std::optional<UrlPieces> pieces = CutUrl(*rest);
  if (!pieces) {
    return BadStore("a [ has no ]");
  }
  Result<StoreUrl> made = MakeStoreUrl(*pieces);
  return made ? std::move(made) : BadStore(made.error().message);
}

Result<api::RedisAccess> ParseRedisUrl(std::string_view url) {
  const auto rest = AfterScheme(url, {"redis://"});
  if (!rest) {
    return BadRedis("it does not begin with redis://");
  }
  const std::optional<UrlPieces> pieces = CutUrl(*rest);
  if (!pieces) {
    return BadRedis("a [ has no ]");
  }
  if (!(pieces->path.empty() || pieces->path == "0") || !pieces->query.empty()) {
    return BadRedis("tenants' keys are in Redis database 0, and there are no parameters");
  }
  const auto user = Unescape(pieces->user);
  const auto password = Unescape(pieces->password);
  const auto host = Unescape(pieces->host);
  if (!user || !password || !host) {
    return BadRedis("it has a % without two hex digits");
  }
  api::RedisAccess access{
      .host = host->empty() ? "localhost" : *host, .user = *user, .password = Secret(*password)};
  if (!pieces->port.empty()) {
    const Result<int> port = Port(pieces->port);
    if (!port) {
      return BadRedis(port.error().message);
    }
    access.port = *port;
  }
  return access;
}

std::vector<PasswordSpan> FindPasswords(std::string_view word) {
  std::vector<PasswordSpan> spans;
  for (const std::string_view scheme : {"postgres://", "postgresql://", "redis://"}) {
    const std::size_t at = word.find(scheme);
    // At the start, or after --store=.
    if (at == std::string_view::npos || (at > 0 && word[at - 1] != '=')) {
      continue;
    }
    const auto pieces = CutUrl(word.substr(at + scheme.size()));
    if (!pieces) {
      continue;
    }
    const auto add = [&](std::string_view secret) {
      spans.push_back({static_cast<std::size_t>(secret.data() - word.data()), secret.size()});
    };
    if (!pieces->password.empty()) {
      add(pieces->password);
    }
    for (const std::string_view parameter : Split(pieces->query, '&')) {
      constexpr std::string_view kName = "password=";
      if (parameter.starts_with(kName) && parameter.size() > kName.size()) {
        add(parameter.substr(kName.size()));
      }
    }
  }
  return spans;
}

std::string WithoutPassword(std::string_view word) {
  std::string rest(word);
  std::vector<PasswordSpan> spans = FindPasswords(word);
  for (auto span = spans.rbegin(); span != spans.rend(); ++span) {
    // The colon goes, too; of a parameter the name stays, which asks for nothing.
    const bool in_login = span->offset > 0 && rest[span->offset - 1] == ':';
    rest.erase(span->offset - (in_login ? 1 : 0), span->size + (in_login ? 1 : 0));
  }
  return rest;
}

}  // namespace tenantry::cli
