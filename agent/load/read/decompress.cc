#include "agent/load/read/decompress.h"

#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tenantry::load {
namespace {

constexpr std::size_t kOutBytes = 128 << 10;
constexpr int kGzipWindow = 15 + 16;  // zlib: the largest window, gzip's header

// What the two formats have in common: bytes in, bytes out, one error at the end.
class Decompressor : public ByteStream {
 public:
  Decompressor(std::unique_ptr<ByteStream> bytes, Origin origin)
      : bytes_(std::move(bytes)), origin_(std::move(origin)), out_(kOutBytes) {}

  Result<std::string_view> Next() final {
    while (!error_ && !ended_) {
      const std::size_t made = Step();
      if (made > 0) {
        return std::string_view(out_.data(), made);
      }
    }
    if (error_) {
      return *error_;
    }
    return std::string_view();
  }

 protected:
  // Puts bytes in out(), or reads some, or comes to an end; how many there are in out().
  virtual std::size_t Step() = 0;

  std::string_view& in() { return in_; }
  std::vector<char>& out() { return out_; }
  bool EnsureInput() {
    if (!in_.empty()) {
      return true;
    }
    Result<std::string_view> piece = bytes_->Next();
    if (!piece) {
      error_ = std::move(piece).error();
      return false;
    }
    in_ = *piece;
    return !in_.empty();
  }
  void Take(std::size_t bytes) {
    in_.remove_prefix(bytes);
    taken_ += static_cast<std::int64_t>(bytes);
  }
  void End() { ended_ = true; }
  void Fail(std::string_view what) {
    if (!error_) {
      error_ = DataError(origin_, {.byte = taken_}, what);
    }
  }

 private:
  std::unique_ptr<ByteStream> bytes_;
  const Origin origin_;
  std::vector<char> out_;
  std::string_view in_;
  std::int64_t taken_ = 0;
  bool ended_ = false;
  std::optional<Error> error_;
};

class Gunzip final : public Decompressor {
 public:
  Gunzip(std::unique_ptr<ByteStream> bytes, const Origin& origin)
      : Decompressor(std::move(bytes), origin) {
    usable_ = inflateInit2(&stream_, kGzipWindow) == Z_OK;
  }
  ~Gunzip() override { inflateEnd(&stream_); }
  Gunzip(const Gunzip&) = delete;
  Gunzip& operator=(const Gunzip&) = delete;

 protected:
  std::size_t Step() override {
    if (!usable_) {
      Fail("there is no memory for unpacking it: give the process more");
      return 0;
    }
    if (!EnsureInput()) {
      return AtEnd();
    }
    return between_ ? SkipZeros() : Inflate();
  }

 private:
  std::size_t AtEnd() {
    if (!between_) {
      Fail("the gzip file ends in the middle: fetch it again");
    }
    End();
    return 0;
  }

  std::size_t SkipZeros() {
    const std::size_t zeros = std::min(in().find_first_not_of('\0'), in().size());
    Take(zeros);
    between_ = in().empty();
    if (!between_) {
      inflateReset(&stream_);
    }
    return 0;
  }

  std::size_t Inflate() {
    const std::size_t given = std::min<std::size_t>(in().size(), 1 << 30);
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(in().data()));
    stream_.avail_in = static_cast<uInt>(given);
    stream_.next_out = reinterpret_cast<Bytef*>(out().data());
    stream_.avail_out = static_cast<uInt>(out().size());
    const int status = inflate(&stream_, Z_NO_FLUSH);
    Take(given - stream_.avail_in);
    if (status == Z_STREAM_END) {
      between_ = true;
    } else if (status != Z_OK && status != Z_BUF_ERROR) {
      const std::string why = stream_.msg == nullptr ? "it is damaged" : stream_.msg;
      Fail("the gzip file cannot be unpacked (" + why + "): fetch it again");
    }
    return out().size() - stream_.avail_out;
  }

  z_stream stream_{};
  bool usable_ = false;
  bool between_ = false;  // after a member
};

struct ZstdDeleter {
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

class Unzstd final : public Decompressor {
 public:
  Unzstd(std::unique_ptr<ByteStream> bytes, const Origin& origin)
      : Decompressor(std::move(bytes), origin), context_(ZSTD_createDCtx()) {}

 protected:
  std::size_t Step() override {
    if (context_ == nullptr) {
      Fail("there is no memory for unpacking it: give the process more");
      return 0;
    }
    // Bytes may be left in the context when the last output was full.
    if (!full_ && !EnsureInput()) {
      if (!between_) {
        Fail("the zstd file ends in the middle: fetch it again");
      }
      End();
      return 0;
    }
    // One block at most: an error in the next one must not take this one's text away.
    ZSTD_inBuffer input{.src = in().data(), .size = std::min(in().size(), wanted_), .pos = 0};
    ZSTD_outBuffer output{.dst = out().data(), .size = out().size(), .pos = 0};
    const std::size_t status = ZSTD_decompressStream(context_.get(), &output, &input);
    Take(input.pos);
    if (ZSTD_isError(status) != 0) {
      Fail("the zstd file cannot be unpacked (" + std::string(ZSTD_getErrorName(status)) +
           "): fetch it again");
    }
    between_ = status == 0;
    wanted_ = between_ ? kFrameStart : status > kBlockHeader ? status - kBlockHeader : status;
    full_ = output.pos == output.size && !between_;
    return output.pos;
  }

 private:
  std::unique_ptr<ZSTD_DCtx, ZstdDeleter> context_;
  static constexpr std::size_t kFrameStart = 5;
  static constexpr std::size_t kBlockHeader = 3;  // of the next one: zstd asks for it as well

  std::size_t wanted_ = kFrameStart;
  bool between_ = false;  // after a frame
  bool full_ = false;
};

}  // namespace

std::unique_ptr<ByteStream> MakeGunzip(std::unique_ptr<ByteStream> bytes, const Origin& origin) {
  return std::make_unique<Gunzip>(std::move(bytes), origin);
}

std::unique_ptr<ByteStream> MakeUnzstd(std::unique_ptr<ByteStream> bytes, const Origin& origin) {
  return std::make_unique<Unzstd>(std::move(bytes), origin);
}

}  // namespace tenantry::load
