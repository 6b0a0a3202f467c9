#include "cli/files.h"

#include <fcntl.h>
#include <glob.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <string_view>
#include <utility>

#include "common/base/strings.h"

namespace tenantry::cli {
namespace {

constexpr std::size_t kMaxSmallFile = 1 << 20;

bool Exists(const std::string& path) {
  struct stat status {};
  return ::lstat(path.c_str(), &status) == 0;
}

// The matches of one pattern; empty: none.
std::vector<std::string> Match(const std::string& pattern) {
  glob_t found{};
  std::vector<std::string> files;
  if (::glob(pattern.c_str(), GLOB_TILDE, nullptr, &found) == 0) {
    files.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
  }
  ::globfree(&found);
  return files;
}

Error CannotWrite(const std::string& path) {
  return {ErrorCode::kInvalid,
          path + " cannot be written (" + std::strerror(errno) + "). Name another file."};
}

bool WriteAll(int file, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(file, bytes.data(), bytes.size());
    if (written < 0 && errno != EINTR) {
      return false;
    }
    bytes.remove_prefix(written > 0 ? static_cast<std::size_t>(written) : 0);
  }
  return ::fsync(file) == 0;
}

}  // namespace

Result<std::vector<std::string>> ExpandFiles(const std::vector<std::string>& words) {
  std::vector<std::string> files;
  for (const std::string& word : words) {
    const bool is_pattern =
        word.find_first_of("*?[") != std::string::npos && word.find("://") == std::string::npos;
    if (!is_pattern || Exists(word)) {
      files.push_back(word);
      continue;
    }
    const std::vector<std::string> matches = Match(word);
    if (matches.empty()) {
      return Error{ErrorCode::kInvalid, "No file fits the pattern \"" + Shorten(word) +
                                            "\". Correct it, or put the file there."};
    }
    files.insert(files.end(), matches.begin(), matches.end());
  }
  return files;
}

std::string RejectFileOf(const std::string& file) {
  constexpr char kEnding[] = ".rejects.ndjson";
  return file == kStandardInput ? std::string("stdin") + kEnding : file + kEnding;
}

std::string SourceName(const std::string& file) {
  if (file == kStandardInput) {
    return "standard input";
  }
  std::error_code failed;
  const std::filesystem::path path = std::filesystem::absolute(file, failed);
  return failed ? file : path.lexically_normal().string();
}

Result<void> WritePrivateFile(const std::string& path, const std::string& content) {
  std::string temporary = path + ".XXXXXX";
  const int file = ::mkostemp(temporary.data(), O_CLOEXEC);  // mode 0600
  if (file < 0) {
    return CannotWrite(path);
  }
  const bool written = WriteAll(file, content);
  Result<void> done = written ? Result<void>() : CannotWrite(path);
  ::close(file);
  if (written && std::rename(temporary.c_str(), path.c_str()) != 0) {
    done = CannotWrite(path);
  }
  if (!done) {
    ::unlink(temporary.c_str());
  }
  return done;
}

Result<std::string> ReadSmallFile(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY);
  if (file < 0) {
    return Error{errno == ENOENT ? ErrorCode::kNotFound : ErrorCode::kInvalid,
                 path + " cannot be opened (" + std::strerror(errno) + ")."};
  }
  std::string content(kMaxSmallFile + 1, '\0');
  std::size_t size = 0;
  ssize_t count = 1;
  while (count > 0 && size < content.size()) {
    count = ::read(file, content.data() + size, content.size() - size);
    size += count > 0 ? static_cast<std::size_t>(count) : 0;
    count = count < 0 && errno == EINTR ? 1 : count;
  }
  const int failed = count < 0 ? errno : 0;
  ::close(file);
  if (failed != 0 || size > kMaxSmallFile) {
    return Error{ErrorCode::kInvalid,
                 path + " cannot be read (" +
                     (failed != 0 ? std::strerror(failed) : "it is larger than 1 MiB") + ")."};
  }
  content.resize(size);
  return content;
}

}  // namespace tenantry::cli
