#include "operator/kube/files.h"

#include <cerrno>
#include <fstream>
#include <string>
#include <system_error>

namespace tenantry::kube {
namespace {

constexpr std::size_t kMaxFileBytes = std::size_t{4} << 20;

}  // namespace

Result<std::string> ReadFile(const std::string& path) {
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    const auto code = errno == ENOENT ? ErrorCode::kNotFound : ErrorCode::kInvalid;
    return Error{code, "cannot read " + path + ": " + std::generic_category().message(errno)};
  }
  std::string content;
  char buffer[16'384];
  do {
    file.read(buffer, sizeof buffer);
    content.append(buffer, static_cast<std::size_t>(file.gcount()));
  } while (file && content.size() <= kMaxFileBytes);
  if (!file.eof() && content.size() <= kMaxFileBytes) {
    return Error{ErrorCode::kInvalid, "cannot read " + path};
  }
  if (content.size() > kMaxFileBytes) {
    return Error{ErrorCode::kInvalid, path + " is larger than 4 MiB"};
  }
  return content;
}

}  // namespace tenantry::kube
