#include "common/net/request_engine.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "common/base/strings.h"

namespace tenantry::net {
namespace {

// cpp-httplib matches the Range header by a recursive regular expression: lines must be short.
constexpr Connection::HeadLimits kHeadLimits{
    .first_line_bytes = 4 << 10, .line_bytes = 4 << 10, .total_bytes = 32 << 10};
constexpr std::size_t kMaxPathBytes = 1024;
constexpr std::chrono::seconds kReadTime{30};   // for a request's head and body
constexpr std::chrono::seconds kWriteTime{10};  // for each piece of an answer

// `message` is a constant of ours: it needs no escaping.
ServerResponse MakeRefusal(int status, std::string_view code, std::string_view message) {
  ServerResponse response{.status = status};
  response.body.append(R"({"error":{"code":")").append(code);
  response.body.append(R"(","message":")").append(message).append("\"}}");
  return response;
}

bool HasBody(const httplib::Request& request) {
  return request.method == "POST" || request.method == "PUT" || request.method == "PATCH" ||
         request.method == "DELETE";
}

std::optional<std::string> MatchPattern(const std::string& pattern, const std::string& path) {
  if (!pattern.ends_with("/*")) {
    return path == pattern ? std::optional<std::string>("") : std::nullopt;
  }
  const std::string_view prefix(pattern.data(), pattern.size() - 1);
  const std::string parameter = path.starts_with(prefix) ? path.substr(prefix.size()) : "";
  const bool is_one_segment = !parameter.empty() && parameter.find('/') == std::string::npos;
  return is_one_segment ? std::optional<std::string>(parameter) : std::nullopt;
}

Headers CopyHeaders(const httplib::Headers& headers) {
  Headers result;
  for (const auto& [name, value] : headers) {
    std::string lower_case = name;
    std::transform(lower_case.begin(), lower_case.end(), lower_case.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    result.emplace_back(std::move(lower_case), value);
  }
  return result;
}

}  // namespace

RequestEngine::RequestEngine(std::size_t max_body_bytes,
                             std::function<void(const std::string&)> on_error, std::stop_token stop)
    : max_body_bytes_(max_body_bytes), on_error_(std::move(on_error)), stop_(std::move(stop)) {
  svr_sock_ = 0;  // cpp-httplib ends streams when it is invalid; next_chunk does that here
  set_keep_alive_timeout(120);
  set_pre_routing_handler([this](const httplib::Request& request, httplib::Response& response) {
    return AnswerWithoutBody(request, response) ? HandlerResponse::Handled
                                                : HandlerResponse::Unhandled;
  });
  set_exception_handler([this](const httplib::Request& request, httplib::Response& response,
                               const std::exception_ptr& exception) {
    ReportException(request.method + " " + Shorten(request.path, 200), exception);
    Write(MakeRefusal(500, "Internal", "the server failed; its log says more"), response);
  });
  const auto answer = [this](const httplib::Request& request, httplib::Response& response,
                             const httplib::ContentReader& read_body) {
    AnswerWithBody(request, response, read_body);
  };
  Post(".*", answer);
  Put(".*", answer);
  Patch(".*", answer);
  Delete(".*", answer);
}

void RequestEngine::AddRoute(const std::string& method, const std::string& pattern,
                             HttpServer::Handler handler) {
  routes_.push_back({.method = method, .pattern = pattern, .handler = std::move(handler)});
}

RequestEngine::Next RequestEngine::ServeOne(Connection& connection) {
  bool is_parsed = false;
  bool wants_close = false;
  connection.BeginHead(kHeadLimits);
  connection.SetDeadline(std::chrono::steady_clock::now() + kReadTime);
  connection.SetWriteTimeout(kWriteTime);
  const auto setup = [&](httplib::Request& request) {
    connection.EndHead();
    is_parsed = true;
    // Answers are small or streams, whole and uncompressed; addresses are cpp-httplib's additions.
    for (const char* name :
         {"Accept-Encoding", "Range", "REMOTE_ADDR", "REMOTE_PORT", "LOCAL_ADDR", "LOCAL_PORT"}) {
      request.headers.erase(name);
    }
    request.ranges.clear();
    if (Refuse(request)) {
      wants_close = true;  // its body is not read: what follows is not a request
      request.headers.erase("Connection");
      request.headers.emplace("Connection", "close");
    }
  };
  const bool is_answered = Process(connection, wants_close, setup);
  const bool is_usable = is_answered && is_parsed && !wants_close && !stop_.stop_requested() &&
                         connection.failure() == ConnectionFailure::kNone;
  return is_usable ? Next::kKeepAlive : Next::kClose;
}

bool RequestEngine::Process(Connection& connection, bool& wants_close,
                            const std::function<void(httplib::Request&)>& setup) {
  // Newer versions of cpp-httplib want the addresses as arguments.
  return [&](auto& stream) {
    if constexpr (requires { this->process_request(stream, false, wants_close, setup); }) {
      return this->process_request(stream, false, wants_close, setup);
    } else {
      return this->process_request(stream, "", 0, "", 0, false, wants_close, setup);
    }
  }(connection);
}

std::optional<ServerResponse> RequestEngine::Refuse(const httplib::Request& request) const {
  if (request.path.size() > kMaxPathBytes) {
    return MakeRefusal(414, "Invalid", "the path is too long");
  }
  const std::string length = request.get_header_value("Content-Length");
  const bool is_chunked = request.has_header("Transfer-Encoding");
  if (!HasBody(request)) {
    const bool has_body = is_chunked || (!length.empty() && length != "0");
    return has_body ? std::optional(MakeRefusal(400, "Invalid", "this method takes no body"))
                    : std::nullopt;
  }
  if (is_chunked || request.get_header_value_count("Content-Length") > 1 ||
      (length.empty() && request.method != "DELETE")) {
    return MakeRefusal(411, "Invalid", "send the body with one Content-Length");
  }
  if (request.has_header("Content-Encoding") || request.is_multipart_form_data()) {
    return MakeRefusal(415, "Invalid", "send the body as it is, neither compressed nor multipart");
  }
  std::uint64_t bytes = 0;
  const char* end = length.data() + length.size();
  const auto parsed = std::from_chars(length.data(), end, bytes);
  if (!length.empty() && (parsed.ptr != end || parsed.ec == std::errc::invalid_argument)) {
    return MakeRefusal(400, "Invalid", "Content-Length is not a number");
  }
  if (parsed.ec == std::errc::result_out_of_range || bytes > max_body_bytes_) {
    return MakeRefusal(413, "Invalid", "the body is larger than this server takes");
  }
  return std::nullopt;
}

bool RequestEngine::AnswerWithoutBody(const httplib::Request& request,
                                      httplib::Response& response) const {
  if (std::optional<ServerResponse> refusal = Refuse(request)) {
    Write(*std::move(refusal), response);
    return true;
  }
  if (HasBody(request)) {
    return false;
  }
  Write(Call(request, ""), response);
  return true;
}

void RequestEngine::AnswerWithBody(const httplib::Request& request, httplib::Response& response,
                                   const httplib::ContentReader& read_body) const {
  std::string body;
  const bool is_read = read_body([&](const char* data, std::size_t size) {
    body.append(data, size);
    return body.size() <= max_body_bytes_;
  });
  if (!is_read) {
    Write(MakeRefusal(400, "Invalid", "the body is shorter than its Content-Length"), response);
    return;
  }
  Write(Call(request, std::move(body)), response);
}

ServerResponse RequestEngine::Call(const httplib::Request& request, std::string body) const {
  const std::string method = request.method == "HEAD" ? "GET" : request.method;
  bool is_path_known = false;
  for (const Route& route : routes_) {
    std::optional<std::string> parameter = MatchPattern(route.pattern, request.path);
    is_path_known = is_path_known || parameter.has_value();
    if (!parameter || route.method != method) {
      continue;
    }
    const std::size_t question_mark = request.target.find('?');
    return route.handler(ServerRequest{
        .method = request.method,
        .path = request.path,
        .query = question_mark == std::string::npos ? "" : request.target.substr(question_mark + 1),
        .headers = CopyHeaders(request.headers),
        .body = std::move(body),
        .path_parameter = *std::move(parameter)});
  }
  return is_path_known ? MakeRefusal(405, "Invalid", "this path does not take that method")
                       : MakeRefusal(404, "NotFound", "there is nothing at this path");
}

void RequestEngine::Write(ServerResponse answer, httplib::Response& response) const {
  response.status = answer.status;
  if (answer.write_body != nullptr) {
    WriteInPieces(std::move(answer), response);
    return;
  }
  if (answer.next_chunk == nullptr) {
    response.set_content(answer.body, answer.content_type);
    return;
  }
  const auto provide = [this, next_chunk = std::move(answer.next_chunk)](std::size_t /*offset*/,
                                                                         httplib::DataSink& sink) {
    if (!sink.is_writable()) {
      return false;  // the peer has gone
    }
    std::optional<std::string> piece;
    try {
      piece = next_chunk(stop_);
    } catch (...) {
      ReportException("a stream", std::current_exception());
      return false;
    }
    if (piece && !piece->empty() && !sink.write(piece->data(), piece->size())) {
      return false;
    }
    if (!piece || stop_.stop_requested()) {
      sink.done();
    }
    return true;
  };
  response.set_chunked_content_provider(answer.content_type, provide);
}

void RequestEngine::WriteInPieces(ServerResponse answer, httplib::Response& response) const {
  const auto provide = [this, write_body = std::move(answer.write_body)](std::size_t /*offset*/,
                                                                         httplib::DataSink& sink) {
    bool is_wanted = true;
    try {
      write_body([&](std::string_view piece) {
        is_wanted = is_wanted && sink.is_writable() && sink.write(piece.data(), piece.size());
        return is_wanted;
      });
    } catch (...) {
      ReportException("an answer", std::current_exception());
      return false;
    }
    if (is_wanted) {
      sink.done();
    }
    return is_wanted;
  };
  response.set_chunked_content_provider(answer.content_type, provide);
}

void RequestEngine::ReportException(const std::string& where,
                                    const std::exception_ptr& exception) const {
  if (on_error_ == nullptr) {
    return;
  }
  try {
    std::rethrow_exception(exception);
  } catch (const std::exception& error) {
    on_error_(where + " failed by an exception: " + Shorten(error.what(), 200));
  } catch (...) {
    on_error_(where + " failed by an exception of unknown type");
  }
}

}  // namespace tenantry::net
