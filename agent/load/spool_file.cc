#include "agent/load/spool_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "common/api/reasons.h"

namespace tenantry::load {
namespace {

constexpr std::size_t kPieceBytes = 1 << 20;

class FileStream final : public ByteStream {
 public:
  FileStream(int descriptor, std::string name)
      : descriptor_(descriptor), name_(std::move(name)), buffer_(kPieceBytes, '\0') {}

  Result<std::string_view> Next() override {
    ssize_t count = 0;
    do {
      count = ::pread(descriptor_, buffer_.data(), buffer_.size(), offset_);
    } while (count < 0 && errno == EINTR);
    if (count < 0) {
      return Error{.code = ErrorCode::kInvalid,
                   .message = name_ + " cannot be read (" + std::strerror(errno) + ").",
                   .reason = api::reason::kSourceNotFound};
    }
    offset_ += count;
    return std::string_view(buffer_).substr(0, static_cast<std::size_t>(count));
  }

 private:
  int descriptor_;
  std::string name_;
  std::string buffer_;
  off_t offset_ = 0;
};

class FileSource final : public Source {
 public:
  FileSource(Descriptor file, std::string name) : file_(std::move(file)), name_(std::move(name)) {}
  std::unique_ptr<ByteStream> Read() const override {
    return std::make_unique<FileStream>(file_.get(), name_);
  }

 private:
  Descriptor file_;
  std::string name_;
};

std::string TemporaryFolder() {
  const char* const folder = std::getenv("TMPDIR");
  return folder != nullptr && *folder != '\0' ? folder : "/tmp";
}

Error CannotKeep(const std::string& name, const std::string& folder, int code) {
  return {.code = ErrorCode::kInvalid,
          .message = name + " cannot be kept in " + folder + " (" + std::strerror(code) +
                     "), and it has to be, because it is read more than once. Make room there, or "
                     "set TMPDIR to a folder with more."};
}

}  // namespace

Descriptor::~Descriptor() {
  if (number_ >= 0) {
    ::close(number_);
  }
}

Result<SpoolFile> SpoolFile::Open(std::string name) {
  std::string folder = TemporaryFolder();
  Descriptor unnamed(::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
  if (unnamed.get() >= 0) {
    return SpoolFile(std::move(unnamed), std::move(name), std::move(folder));
  }
  // Not every file system has O_TMPFILE.
  std::string path = folder + "/tenantry-XXXXXX";
  Descriptor named(::mkostemp(path.data(), O_CLOEXEC));
  if (named.get() < 0) {
    return CannotKeep(name, folder, errno);
  }
  ::unlink(path.c_str());
  return SpoolFile(std::move(named), std::move(name), std::move(folder));
}

Result<void> SpoolFile::Append(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(file_.get(), bytes.data(), bytes.size());
    if (written < 0 && errno != EINTR) {
      return CannotKeep(name_, folder_, errno);
    }
    const std::size_t count = written > 0 ? static_cast<std::size_t>(written) : 0;
    bytes.remove_prefix(count);
    bytes_ += static_cast<std::int64_t>(count);
  }
  return {};
}

Result<void> SpoolFile::Clear() {
  if (::ftruncate(file_.get(), 0) != 0 || ::lseek(file_.get(), 0, SEEK_SET) != 0) {
    return CannotKeep(name_, folder_, errno);
  }
  bytes_ = 0;
  return {};
}

PathSource SpoolFile::Finish() && { return MakeFileSource(std::move(file_), name_, bytes_); }

PathSource MakeFileSource(Descriptor file, std::string name, std::int64_t bytes) {
  // Only advice: a file system that ignores it is as good.
  ::posix_fadvise(file.get(), 0, 0, POSIX_FADV_SEQUENTIAL);
  return {.source = std::make_unique<FileSource>(std::move(file), std::move(name)), .bytes = bytes};
}

}  // namespace tenantry::load
