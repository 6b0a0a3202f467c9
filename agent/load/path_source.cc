#include "agent/load/path_source.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>

#include "agent/load/spool_file.h"
#include "common/api/reasons.h"

namespace tenantry::load {
namespace {

constexpr std::size_t kPieceBytes = 1 << 20;
constexpr int kLookForStopEvery = 100;  // milliseconds

Error CannotRead(const std::string& name, int code) {
  return {.code = ErrorCode::kInvalid,
          .message = name + " cannot be read (" + std::strerror(code) + ").",
          .reason = api::reason::kSourceNotFound};
}

// ---- what can be read only once ----

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
  SpoolFile file = TRY(SpoolFile::Open(name));
  std::string buffer(kPieceBytes, '\0');
  for (;;) {
    const std::size_t count = TRY(ReadPiece(input, buffer, name, stop));
    if (count == 0) {
      return std::move(file).Finish();
    }
    TRY(file.Append(std::string_view(buffer).substr(0, count)));
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
    return MakeFileSource(std::move(file), path, status.st_size);
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
