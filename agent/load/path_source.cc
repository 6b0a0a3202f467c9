#include "agent/load/path_source.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <utility>

#include "common/api/reasons.h"

namespace tenantry::load {
namespace {

constexpr std::size_t kPieceBytes = 1 << 20;
constexpr int kLookForStopEvery = 100;  // milliseconds

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  Descriptor& operator=(Descriptor&&) = delete;
  ~Descriptor() {
    if (number_ >= 0) {
      ::close(number_);
    }
  }
  int get() const { return number_; }

 private:
  int number_;
};

Error CannotRead(const std::string& name, int code) {
  return {.code = ErrorCode::kInvalid,
          .message = name + " cannot be read (" + std::strerror(code) + ").",
          .reason = api::reason::kSourceNotFound};
}

class PathStream final : public ByteStream {
 public:
  PathStream(int descriptor, std::string name)
      : descriptor_(descriptor), name_(std::move(name)), buffer_(kPieceBytes, '\0') {}

  Result<std::string_view> Next() override {
    ssize_t count = 0;
    do {
      count = ::pread(descriptor_, buffer_.data(), buffer_.size(), offset_);
    } while (count < 0 && errno == EINTR);
    if (count < 0) {
      return CannotRead(name_, errno);
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

class DescriptorSource final : public Source {
 public:
  DescriptorSource(Descriptor file, std::string name)
      : file_(std::move(file)), name_(std::move(name)) {}
  std::unique_ptr<ByteStream> Read() const override {
    return std::make_unique<PathStream>(file_.get(), name_);
  }

 private:
  Descriptor file_;
  std::string name_;
};

PathSource MakeSource(Descriptor file, std::string name, std::int64_t bytes) {
  // Only advice: a file system that ignores it is as good.
  ::posix_fadvise(file.get(), 0, 0, POSIX_FADV_SEQUENTIAL);
  return {.source = std::make_unique<DescriptorSource>(std::move(file), std::move(name)),
          .bytes = bytes};
}

// ---- what can be read only once ----

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

// A file without a name, which goes with its last descriptor.
Result<Descriptor> OpenTemporary(const std::string& name, const std::string& folder) {
  Descriptor unnamed(::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
  if (unnamed.get() >= 0) {
    return unnamed;
  }
  // Not every file system has O_TMPFILE.
  std::string path = folder + "/tenantry-XXXXXX";
  Descriptor named(::mkostemp(path.data(), O_CLOEXEC));
  if (named.get() < 0) {
    return CannotKeep(name, folder, errno);
  }
  ::unlink(path.c_str());
  return named;
}

Result<void> WriteAll(int file, std::string_view bytes, const std::string& name,
                      const std::string& folder) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(file, bytes.data(), bytes.size());
    if (written < 0 && errno != EINTR) {
      return CannotKeep(name, folder, errno);
    }
    bytes.remove_prefix(written > 0 ? static_cast<std::size_t>(written) : 0);
  }
  return {};
}

// One piece of the input; 0 bytes: its end. Waits for a slow writer, but not past a stop.
Result<std::size_t> ReadPiece(int input, std::string& buffer, const std::string& name,
                              const std::stop_token& stop) {
  for (;;) {
    pollfd waiting = {.fd = input, .events = POLLIN, .revents = 0};
    const int ready = ::poll(&waiting, 1, kLookForStopEvery);
    if (stop.stop_requested()) {
      return Error{.code = ErrorCode::kCancelled, .message = "Stopped while reading " + name + "."};
    }
    if (ready <= 0) {
      continue;
    }
    const ssize_t count = ::read(input, buffer.data(), buffer.size());
    if (count >= 0) {
      return static_cast<std::size_t>(count);
    }
    if (errno != EINTR && errno != EAGAIN) {
      return CannotRead(name, errno);
    }
  }
}

Result<PathSource> Spool(int input, const std::string& name, const std::stop_token& stop) {
  const std::string folder = TemporaryFolder();
  Descriptor file = TRY(OpenTemporary(name, folder));
  std::string buffer(kPieceBytes, '\0');
  std::int64_t bytes = 0;
  for (;;) {
    const std::size_t count = TRY(ReadPiece(input, buffer, name, stop));
    if (count == 0) {
      return MakeSource(std::move(file), name, bytes);
    }
    TRY(WriteAll(file.get(), std::string_view(buffer).substr(0, count), name, folder));
    bytes += static_cast<std::int64_t>(count);
  }
}

// ---- watching ----

class WatchedStream final : public ByteStream {
 public:
  WatchedStream(std::unique_ptr<ByteStream> stream,
                const std::function<void(std::int64_t)>& on_read)
      : stream_(std::move(stream)), on_read_(on_read) {}
  Result<std::string_view> Next() override {
    const std::string_view piece = TRY(stream_->Next());
    bytes_ += static_cast<std::int64_t>(piece.size());
    on_read_(bytes_);
    return piece;
  }

 private:
  std::unique_ptr<ByteStream> stream_;
  const std::function<void(std::int64_t)>& on_read_;
  std::int64_t bytes_ = 0;
};

class WatchedSource final : public Source {
 public:
  WatchedSource(const Source& source, std::function<void(std::int64_t)> on_read)
      : source_(source), on_read_(std::move(on_read)) {}
  std::unique_ptr<ByteStream> Read() const override {
    return std::make_unique<WatchedStream>(source_.Read(), on_read_);
  }

 private:
  const Source& source_;
  std::function<void(std::int64_t)> on_read_;
};

}  // namespace

Result<PathSource> OpenPathSource(const std::string& path, std::stop_token stop) {
  Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
  struct stat status {};
  if (file.get() < 0 || ::fstat(file.get(), &status) != 0) {
    return CannotRead(path, errno);
  }
  if (S_ISDIR(status.st_mode)) {
    return CannotRead(path, EISDIR);
  }
  if (S_ISREG(status.st_mode)) {
    return MakeSource(std::move(file), path, status.st_size);
  }
  return Spool(file.get(), path, stop);
}

Result<PathSource> SpoolStandardInput(std::stop_token stop) {
  return Spool(STDIN_FILENO, "Standard input", stop);
}

std::unique_ptr<Source> WatchReading(const Source& source,
                                     std::function<void(std::int64_t)> on_read) {
  return std::make_unique<WatchedSource>(source, std::move(on_read));
}

}  // namespace tenantry::load
