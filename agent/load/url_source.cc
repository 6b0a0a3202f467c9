#include "agent/load/url_source.h"

#include <curl/curl.h>
#include <netdb.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string_view>
#include <utility>

#include "agent/load/address_rules.h"
#include "agent/load/read/characters.h"
#include "agent/load/spool_file.h"
#include "common/api/reasons.h"
#include "common/base/sha256.h"
#include "common/base/strings.h"

namespace tenantry::load {
namespace {

constexpr long kMostRedirects = 10;
constexpr long kOk = 200;
constexpr long kPartialContent = 206;
constexpr long kFirstRefusal = 400;
constexpr std::size_t kMostExplanation = 1 << 20;  // bytes of a page that explains a refusal
constexpr long kBufferBytes = 256 << 10;

struct EasyDeleter {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};
struct ListDeleter {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using Easy = std::unique_ptr<CURL, EasyDeleter>;
using HeaderList = std::unique_ptr<curl_slist, ListDeleter>;

// What of an answer's header fields tells whether a transfer can go on.
struct AnswerFields {
  std::string etag;
  std::string last_modified;
  std::string content_range;

  // For If-Range; empty: there is none. Weak ETags tell nothing about bytes.
  const std::string& validator() const {
    return etag.empty() || etag.starts_with("W/") ? last_modified : etag;
  }
};

Error Failure(ErrorCode code, const char* reason, std::string message) {
  return {.code = code, .message = std::move(message), .reason = reason};
}

bool MayPass(CURLcode code) {
  constexpr std::array kPassing = {CURLE_PARTIAL_FILE,         CURLE_RECV_ERROR,
                                   CURLE_SEND_ERROR,           CURLE_GOT_NOTHING,
                                   CURLE_OPERATION_TIMEDOUT,   CURLE_COULDNT_CONNECT,
                                   CURLE_COULDNT_RESOLVE_HOST, CURLE_HTTP2,
                                   CURLE_HTTP2_STREAM,         CURLE_SSL_CONNECT_ERROR};
  return std::find(kPassing.begin(), kPassing.end(), code) != kPassing.end();
}

bool MayPass(long status) { return status == 408 || status == 429 || status >= 500; }

std::string AddressText(const curl_sockaddr& address) {
  std::array<char, NI_MAXHOST> text{};
  ::getnameinfo(&address.addr, address.addrlen, text.data(), text.size(), nullptr, 0,
                NI_NUMERICHOST);
  return text.data();
}

// One URL, over as many attempts as it takes.
class Fetcher {
 public:
  Fetcher(const UrlRequest& request, const std::function<void(std::int64_t)>& on_bytes,
          std::stop_token stop, SpoolFile spool)
      : request_(request),
        name_(UrlName(request.url)),
        on_bytes_(on_bytes),
        stop_(std::move(stop)),
        spool_(std::move(spool)) {}

  Result<PathSource> Run() {
    std::chrono::milliseconds delay = request_.first_delay;
    for (int failures = 0;;) {
      TRY(Prepare());
      const std::int64_t most = most_;
      const std::optional<Error> error = Attempt();
      if (!error) {
        return Finish();
      }
      failures = most_ > most && most > 0 && !validator_.empty() ? 1 : failures + 1;
      if (error->code != ErrorCode::kUnavailable || failures >= request_.attempts) {
        return *error;
      }
      TRY(Wait(delay));
      delay *= 2;
    }
  }

 private:
  // What is there can only be gone on with if it can be told to be of the same file.
  Result<void> Prepare() {
    if (spool_.bytes() > 0 && validator_.empty()) {
      TRY(Restart());
    }
    failure_.reset();
    refused_address_.clear();
    fields_ = {};
    is_begun_ = false;
    explained_ = 0;
    return {};
  }

  Result<void> Restart() {
    TRY(spool_.Clear());
    hash_ = Sha256();
    return {};
  }

  std::optional<Error> Attempt() {
    const Easy easy(curl_easy_init());
    if (!easy) {
      return Failure(ErrorCode::kInternal, "", "libcurl cannot be set up.");
    }
    easy_ = easy.get();
    const HeaderList headers = SetOptions();
    const CURLcode code = curl_easy_perform(easy_);
    long status = 0;
    curl_easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &status);
    if (stop_.stop_requested()) {
      return Failure(ErrorCode::kCancelled, "", "Stopped while reading " + name_ + ".");
    }
    if (failure_) {
      return failure_;
    }
    if (!refused_address_.empty()) {
      return Failure(ErrorCode::kInvalid, api::reason::kSourceNotFound,
                     name_ + " leads to " + refused_address_ +
                         ", an address of this machine or of a private network. Allow private "
                         "addresses if it shall be read.");
    }
    return code == CURLE_OK || status >= kFirstRefusal ? JudgeStatus(status) : JudgeTransfer(code);
  }

  std::optional<Error> JudgeTransfer(CURLcode code) const {
    const bool passes = MayPass(code);
    return Failure(passes ? ErrorCode::kUnavailable : ErrorCode::kInvalid,
                   api::reason::kSourceNotFound,
                   name_ + " cannot be read (" + curl_easy_strerror(code) + ")" +
                       (spool_.bytes() > 0 ? " after " + std::to_string(spool_.bytes()) + " bytes"
                                           : std::string()) +
                       ". Check the URL and the server.");
  }

  std::optional<Error> JudgeStatus(long status) {
    if (status == kOk || status == kPartialContent) {
      // An empty answer has not come to Take().
      return is_begun_ ? std::nullopt : Begin();
    }
    constexpr long kRangeNotSatisfiable = 416;
    if (status == kRangeNotSatisfiable && spool_.bytes() > 0) {
      validator_.clear();  // another file by now
      return Failure(ErrorCode::kUnavailable, api::reason::kSourceNotFound,
                     name_ + " has become shorter.");
    }
    const bool denied = status == 401 || status == 403;
    return Failure(MayPass(status) ? ErrorCode::kUnavailable : ErrorCode::kInvalid,
                   api::reason::kSourceNotFound,
                   name_ + " cannot be read: the server answers " + std::to_string(status) +
                       (denied ? ". Correct the user and password, or the token."
                               : ". Correct the URL, or ask the server's owner."));
  }

  HeaderList SetOptions() {
    Set(CURLOPT_URL, request_.url.c_str());
    Set(CURLOPT_NOSIGNAL, 1L);
    Set(CURLOPT_BUFFERSIZE, kBufferBytes);
    Set(CURLOPT_PROXY, "");
    Set(CURLOPT_USERAGENT, "tenantry/" TENANTRY_VERSION);
    Set(CURLOPT_FOLLOWLOCATION, 1L);
    Set(CURLOPT_MAXREDIRS, kMostRedirects);
    const bool secure = request_.url.starts_with("https:");
    Set(CURLOPT_PROTOCOLS_STR, "http,https");
    Set(CURLOPT_REDIR_PROTOCOLS_STR, secure ? "https" : "http,https");
    Set(CURLOPT_CONNECTTIMEOUT, static_cast<long>(request_.connect_timeout.count()));
    Set(CURLOPT_LOW_SPEED_LIMIT, 1L);
    Set(CURLOPT_LOW_SPEED_TIME, static_cast<long>(request_.silence_timeout.count()));
    if (!request_.ca_file.empty()) {
      Set(CURLOPT_CAINFO, request_.ca_file.c_str());
    }
    SetCredentials();
    SetCallbacks();
    return SetRange();
  }

  void SetCredentials() {
    const UrlCredentials& who = request_.credentials;
    if (!who.bearer.empty()) {
      Set(CURLOPT_HTTPAUTH, static_cast<long>(CURLAUTH_BEARER));
      Set(CURLOPT_XOAUTH2_BEARER, who.bearer.reveal().c_str());
    } else if (!who.user.empty() || !who.password.empty()) {
      Set(CURLOPT_HTTPAUTH, static_cast<long>(CURLAUTH_BASIC));
      Set(CURLOPT_USERNAME, who.user.c_str());
      Set(CURLOPT_PASSWORD, who.password.reveal().c_str());
    }
  }

  void SetCallbacks() {
    Set(CURLOPT_OPENSOCKETFUNCTION, &Fetcher::OpenSocket);
    Set(CURLOPT_OPENSOCKETDATA, this);
    Set(CURLOPT_HEADERFUNCTION, &Fetcher::TakeHeader);
    Set(CURLOPT_HEADERDATA, this);
    Set(CURLOPT_WRITEFUNCTION, &Fetcher::TakeBytes);
    Set(CURLOPT_WRITEDATA, this);
    Set(CURLOPT_NOPROGRESS, 0L);
    Set(CURLOPT_XFERINFOFUNCTION, &Fetcher::MayGoOn);
    Set(CURLOPT_XFERINFODATA, this);
  }

  HeaderList SetRange() {
    if (spool_.bytes() == 0) {
      return nullptr;
    }
    Set(CURLOPT_RANGE, (std::to_string(spool_.bytes()) + "-").c_str());
    HeaderList headers(curl_slist_append(nullptr, ("If-Range: " + validator_).c_str()));
    Set(CURLOPT_HTTPHEADER, headers.get());
    return headers;
  }

  template <class Value>
  void Set(CURLoption option, Value value) {
    curl_easy_setopt(easy_, option, value);  // NOLINT: its type is libcurl's
  }

  // ---- called by libcurl ----

  // Right before connecting: whatever names and redirects say, this is the address that is used.
  static curl_socket_t OpenSocket(void* self, curlsocktype, curl_sockaddr* address) {
    auto& fetcher = *static_cast<Fetcher*>(self);
    if (fetcher.request_.private_addresses == PrivateAddresses::kRefused &&
        !IsPublicAddress(address->addr)) {
      fetcher.refused_address_ = AddressText(*address);
      return CURL_SOCKET_BAD;
    }
    return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
  }

  static std::size_t TakeHeader(char* data, std::size_t, std::size_t size, void* self) {
    auto& fetcher = *static_cast<Fetcher*>(self);
    const std::string_view line(data, size);
    if (line.starts_with("HTTP/")) {
      fetcher.fields_ = {};  // of a redirect's answer, or of an earlier one
      return size;
    }
    const std::size_t colon = line.find(':');
    if (colon != std::string_view::npos) {
      fetcher.KeepHeader(line.substr(0, colon), Trim(line.substr(colon + 1)));
    }
    return size;
  }

  void KeepHeader(std::string_view name, std::string_view value) {
    if (IsWord(name, "etag")) {
      fields_.etag = value;
    } else if (IsWord(name, "last-modified")) {
      fields_.last_modified = value;
    } else if (IsWord(name, "content-range")) {
      fields_.content_range = value;
    }
  }

  static std::size_t TakeBytes(char* data, std::size_t, std::size_t size, void* self) {
    auto& fetcher = *static_cast<Fetcher*>(self);
    return fetcher.Take(std::string_view(data, size)) ? size : 0;
  }

  static int MayGoOn(void* self, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
    return static_cast<Fetcher*>(self)->stop_.stop_requested() ? 1 : 0;
  }

  // False: the transfer ends, failure_ says why.
  bool Take(std::string_view bytes) {
    long status = 0;
    curl_easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &status);
    if (status != kOk && status != kPartialContent) {
      explained_ += bytes.size();
      return explained_ <= kMostExplanation;
    }
    failure_ = is_begun_ ? std::nullopt : Begin();
    if (!failure_ &&
        spool_.bytes() + static_cast<std::int64_t>(bytes.size()) > request_.size_limit_bytes) {
      failure_ =
          Failure(ErrorCode::kInvalid, api::reason::kInvalidData,
                  name_ + " is larger than the limit of " +
                      std::to_string(request_.size_limit_bytes) + " bytes. Raise the limit.");
    }
    if (failure_) {
      return false;
    }
    if (Result<void> kept = spool_.Append(bytes); !kept) {
      failure_ = std::move(kept).error();
      return false;
    }
    hash_.Add(bytes);
    most_ = std::max(most_, spool_.bytes());
    if (on_bytes_) {
      on_bytes_(spool_.bytes());
    }
    return true;
  }

  // At the first byte of an answer: does it go on where we are, or is it all of the file?
  std::optional<Error> Begin() {
    is_begun_ = true;
    long status = 0;
    curl_easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &status);
    const std::string expected = "bytes " + std::to_string(spool_.bytes()) + "-";
    if (status == kPartialContent) {
      if (fields_.content_range.starts_with(expected)) {
        return std::nullopt;
      }
      validator_.clear();
      return Failure(ErrorCode::kUnavailable, api::reason::kSourceNotFound,
                     name_ + " answers with another part than was asked for.");
    }
    validator_ = fields_.validator();
    if (spool_.bytes() == 0) {
      return std::nullopt;
    }
    const Result<void> restarted = Restart();
    return restarted ? std::nullopt : std::optional(restarted.error());
  }

  // ---- in between and at the end ----

  Result<void> Wait(std::chrono::milliseconds delay) const {
    std::mutex mutex;
    std::unique_lock lock(mutex);
    std::condition_variable_any woken;
    woken.wait_for(lock, stop_, delay, [] { return false; });
    if (stop_.stop_requested()) {
      return Failure(ErrorCode::kCancelled, "", "Stopped while reading " + name_ + ".");
    }
    return {};
  }

  Result<PathSource> Finish() {
    const std::string found = hash_.Finish();
    const bool same = request_.sha256.size() == found.size() &&
                      std::equal(found.begin(), found.end(), request_.sha256.begin(),
                                 [](char left, char right) { return left == Lowered(right); });
    if (!request_.sha256.empty() && !same) {
      return Failure(ErrorCode::kInvalid, api::reason::kInvalidData,
                     name_ + " has the SHA-256 " + found + ", and " + Shorten(request_.sha256) +
                         " was expected. Nothing of it was loaded: find out which one is right.");
    }
    return std::move(spool_).Finish();
  }

  const UrlRequest& request_;
  const std::string name_;
  const std::function<void(std::int64_t)>& on_bytes_;
  const std::stop_token stop_;
  SpoolFile spool_;
  Sha256 hash_;
  std::string validator_;  // of what the spool has
  std::int64_t most_ = 0;  // bytes that were there at the best time

  // Of the attempt at hand.
  CURL* easy_ = nullptr;
  AnswerFields fields_;
  bool is_begun_ = false;
  std::size_t explained_ = 0;
  std::optional<Error> failure_;
  std::string refused_address_;
};

}  // namespace

std::string UrlName(const std::string& url) {
  std::string name = url.substr(0, url.find_first_of("?#"));
  const std::size_t scheme = name.find("://");
  const std::size_t host = scheme == std::string::npos ? 0 : scheme + 3;
  const std::size_t at = name.substr(0, name.find('/', host)).rfind('@');
  if (at != std::string::npos && at >= host) {
    name.erase(host, at + 1 - host);
  }
  return name;
}

Result<PathSource> FetchUrl(const UrlRequest& request,
                            const std::function<void(std::int64_t)>& on_bytes,
                            std::stop_token stop) {
  SpoolFile spool = TRY(SpoolFile::Open(UrlName(request.url)));
  return Fetcher(request, on_bytes, std::move(stop), std::move(spool)).Run();
}

}  // namespace tenantry::load
