#include "cli/input_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <system_error>
#include <utility>
#include <vector>

#include "common/api/reasons.h"

namespace tenantry::cli {
namespace {

constexpr std::size_t kPiece = 256 << 10;

class File {
 public:
  explicit File(int descriptor) : descriptor_(descriptor) {}
  File(File&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  File& operator=(File&&) = delete;
  ~File() {
    if (descriptor_ >= 0) {
      close(descriptor_);
    }
  }

  int get() const { return descriptor_; }

 private:
  int descriptor_;
};

Error Unreadable(const std::string& path, int error) {
  const bool missing = error == ENOENT || error == ENOTDIR;
  const std::string name = path == "-" ? "standard input" : path;
  return {.code = ErrorCode::kInvalid,
          .message = "cannot read " + name + ": " + std::generic_category().message(error) +
                     (missing ? ". Check the path." : "."),
          .reason = api::reason::kSourceNotFound};
}

enum class Reading { kFromTheStart, kWhereItIs };

// A pipe has no place to read from; a file is read at its own, so that streams do not disturb each
// other.
class FileStream : public load::ByteStream {
 public:
  FileStream(const std::string& path, int descriptor, Reading reading)
      : path_(path), descriptor_(descriptor), reading_(reading), buffer_(kPiece) {}

  Result<std::string_view> Next() override {
    ssize_t count = -1;
    do {
      count = reading_ == Reading::kFromTheStart
                  ? pread(descriptor_, buffer_.data(), buffer_.size(), offset_)
                  : read(descriptor_, buffer_.data(), buffer_.size());
    } while (count < 0 && errno == EINTR);
    if (count < 0) {
      return Unreadable(path_, errno);
    }
    offset_ += count;
    return std::string_view(buffer_.data(), static_cast<std::size_t>(count));
  }

 private:
  const std::string& path_;
  int descriptor_;
  Reading reading_;
  off_t offset_ = 0;
  std::vector<char> buffer_;
};

class FileSource : public load::Source {
 public:
  FileSource(std::string path, File file, Reading reading)
      : path_(std::move(path)), file_(std::move(file)), reading_(reading) {}

  std::unique_ptr<load::ByteStream> Read() const override {
    return std::make_unique<FileStream>(path_, file_.get(), reading_);
  }

 private:
  std::string path_;
  File file_;
  Reading reading_;
};

Result<File> OpenTemporary() {
  const char* const folder = std::getenv("TMPDIR");
  std::string path =
      std::string(folder == nullptr || *folder == '\0' ? "/tmp" : folder) + "/tenantry-XXXXXX";
  File file(mkostemp(path.data(), O_CLOEXEC));
  if (file.get() < 0) {
    const int error = errno;
    return Error{.code = ErrorCode::kInvalid,
                 .message = "cannot keep standard input in " + path + ": " +
                            std::generic_category().message(error) +
                            ". Set TMPDIR to a folder with space."};
  }
  unlink(path.c_str());
  return file;
}

Result<void> WriteAll(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = write(descriptor, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) {
      continue;
    }
    if (count < 0) {
      const int error = errno;
      return Error{.code = ErrorCode::kInvalid,
                   .message = "cannot keep standard input in a temporary file: " +
                              std::generic_category().message(error) +
                              ". Set TMPDIR to a folder with space."};
    }
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return {};
}

// The rest of a pipe, in a file that ends with its descriptor.
Result<File> Keep(const std::string& path, const File& pipe) {
  File kept = TRY(OpenTemporary());
  FileStream stream(path, pipe.get(), Reading::kWhereItIs);
  for (;;) {
    const std::string_view piece = TRY(stream.Next());
    if (piece.empty()) {
      return kept;
    }
    TRY(WriteAll(kept.get(), piece));
  }
}

}  // namespace

Result<std::unique_ptr<load::Source>> OpenInputFile(const std::string& path, Passes passes) {
  File file(path == "-" ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0)
                        : open(path.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat status {};
  if (file.get() < 0 || fstat(file.get(), &status) != 0) {
    return Unreadable(path, errno);
  }
  if (S_ISDIR(status.st_mode)) {
    return Unreadable(path, EISDIR);
  }
  // Standard input may stand in the middle of a file that somebody else has read from.
  const bool at_start = S_ISREG(status.st_mode) && lseek(file.get(), 0, SEEK_CUR) == 0;
  if (at_start || passes == Passes::kOne) {
    return std::unique_ptr<load::Source>(std::make_unique<FileSource>(
        path, std::move(file), at_start ? Reading::kFromTheStart : Reading::kWhereItIs));
  }
  File kept = TRY(Keep(path, file));
  return std::unique_ptr<load::Source>(
      std::make_unique<FileSource>(path, std::move(kept), Reading::kFromTheStart));
}

}  // namespace tenantry::cli
