#include "agent/load/source.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "common/api/reasons.h"
#include "common/base/strings.h"

namespace tenantry::load {
namespace {

constexpr std::size_t kPieceBytes = 128 << 10;

class FileDescriptor {
 public:
  explicit FileDescriptor(int descriptor) : descriptor_(descriptor) {}
  FileDescriptor(FileDescriptor&& other) noexcept
      : descriptor_(std::exchange(other.descriptor_, -1)) {}
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  FileDescriptor& operator=(FileDescriptor&&) = delete;
  ~FileDescriptor() {
    if (descriptor_ >= 0) {
      ::close(descriptor_);
    }
  }
  int get() const { return descriptor_; }

 private:
  int descriptor_;
};

class InlineStream final : public ByteStream {
 public:
  explicit InlineStream(std::string_view rest) : rest_(rest) {}
  Result<std::string_view> Next() override {
    const std::string_view piece = rest_.substr(0, kPieceBytes);
    rest_.remove_prefix(piece.size());
    return piece;
  }

 private:
  std::string_view rest_;
};

class InlineSource final : public Source {
 public:
  explicit InlineSource(std::string_view text) : text_(text) {}
  std::unique_ptr<ByteStream> Read() const override {
    return std::make_unique<InlineStream>(text_);
  }
  std::optional<std::int64_t> bytes() const override {
    return static_cast<std::int64_t>(text_.size());
  }

 private:
  std::string_view text_;
};

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
      return Error{.code = ErrorCode::kUnavailable,
                   .message = name_ + " cannot be read (" + std::strerror(errno) +
                              "). It is tried again; check the agent's volume."};
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
  FileSource(FileDescriptor file, std::string name)
      : file_(std::move(file)), name_(std::move(name)) {}
  std::unique_ptr<ByteStream> Read() const override {
    return std::make_unique<FileStream>(file_.get(), name_);
  }
  std::optional<std::int64_t> bytes() const override {
    struct stat status {};
    return ::fstat(file_.get(), &status) == 0 ? std::optional<std::int64_t>(status.st_size)
                                              : std::nullopt;
  }

 private:
  FileDescriptor file_;
  std::string name_;
};

class HashingStream final : public ByteStream {
 public:
  HashingStream(std::unique_ptr<ByteStream> stream, Sha256& hash)
      : stream_(std::move(stream)), hash_(hash) {}
  Result<std::string_view> Next() override {
    const std::string_view piece = TRY(stream_->Next());
    hash_.Add(piece);
    return piece;
  }

 private:
  std::unique_ptr<ByteStream> stream_;
  Sha256& hash_;
};

// The kernel itself keeps the walk below `folder`, also while links change under our feet.
// O_NONBLOCK: opening a FIFO does not wait for a writer.
int OpenBeneath(int folder, const std::string& path) {
  open_how how{};
  how.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  return static_cast<int>(::syscall(SYS_openat2, folder, path.c_str(), &how, sizeof how));
}

Error SourceError(const char* reason, std::string message) {
  return {.code = ErrorCode::kInvalid, .message = std::move(message), .reason = reason};
}

Error Outside(const std::string& name) {
  return SourceError(api::reason::kInvalidSpec,
                     name +
                         " leads out of the agent's fixtures directory. Correct "
                         "source.volume.path: it is relative, without \"..\".");
}

Error OpenError(int code, const std::string& name, const std::string& folder) {
  if (code == EXDEV || code == ELOOP) {
    return Outside(name);
  }
  const std::string why = code == ENOENT || code == ENOTDIR
                              ? " does not exist"
                              : " cannot be opened (" + std::string(std::strerror(code)) + ")";
  return SourceError(api::reason::kSourceNotFound,
                     name + why + " below the agent's --fixtures-dir=" + folder +
                         ". Put the file there, or correct source.volume.path.");
}

}  // namespace

std::unique_ptr<Source> MakeInlineSource(std::string_view text) {
  return std::make_unique<InlineSource>(text);
}

Result<std::unique_ptr<Source>> OpenFileSource(const std::string& folder, const std::string& path,
                                               const Origin& origin) {
  const std::string name = "File " + Quoted(path) + " of dataset " + origin.dataset;
  if (folder.empty()) {
    return SourceError(api::reason::kInvalidSpec,
                       name +
                           " cannot be read: the agent has no fixtures directory. Start it with "
                           "--fixtures-dir, or use another source.");
  }
  const std::vector<std::string_view> parts = Split(path, '/');
  const bool climbs = std::find(parts.begin(), parts.end(), "..") != parts.end();
  if (path.empty() || path.front() == '/' || climbs || path.find('\0') != std::string::npos) {
    return Outside(name);
  }
  const FileDescriptor root(::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (root.get() < 0) {
    return OpenError(errno, name, folder);
  }
  FileDescriptor file(OpenBeneath(root.get(), path));
  if (file.get() < 0) {
    return OpenError(errno, name, folder);
  }
  struct stat status {};
  if (::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) {
    return SourceError(api::reason::kSourceNotFound,
                       name + " is not a regular file. Correct source.volume.path.");
  }
  return std::unique_ptr<Source>(std::make_unique<FileSource>(std::move(file), name));
}

Result<Checksum> Measure(const Source& source, std::stop_token stop) {
  Sha256 hash;
  std::int64_t bytes = 0;
  const std::unique_ptr<ByteStream> stream = source.Read();
  for (;;) {
    if (stop.stop_requested()) {
      return Error{.code = ErrorCode::kCancelled, .message = "The load was cancelled."};
    }
    const std::string_view piece = TRY(stream->Next());
    if (piece.empty()) {
      return Checksum{.sha256 = hash.Finish(), .bytes = bytes};
    }
    hash.Add(piece);
    bytes += static_cast<std::int64_t>(piece.size());
  }
}

std::unique_ptr<ByteStream> HashWhileReading(std::unique_ptr<ByteStream> stream, Sha256& hash) {
  return std::make_unique<HashingStream>(std::move(stream), hash);
}

}  // namespace tenantry::load
