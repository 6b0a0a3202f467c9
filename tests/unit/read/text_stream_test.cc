#include "agent/load/read/text_stream.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>
#include <zstd.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "tests/unit/read/json_reading.h"

namespace tenantry::load {
namespace {

using testing::HasSubstr;
using namespace std::string_literals;

std::string Gzip(std::string text) {
  z_stream stream{};
  EXPECT_EQ(Z_OK, deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY));
  std::string packed(deflateBound(&stream, text.size()) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(text.data());
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  EXPECT_EQ(Z_STREAM_END, deflate(&stream, Z_FINISH));
  packed.resize(packed.size() - stream.avail_out);
  deflateEnd(&stream);
  return packed;
}

std::string Zstd(const std::string& text) {
  std::string packed(ZSTD_compressBound(text.size()), '\0');
  packed.resize(ZSTD_compress(packed.data(), packed.size(), text.data(), text.size(), 3));
  return packed;
}

struct ReadText {
  std::string text;
  std::string error;
  Compression compression = Compression::kNone;
  Encoding encoding = Encoding::kUtf8;
};

ReadText ReadAll(std::string bytes, std::size_t piece, std::optional<Error> error = std::nullopt) {
  auto stream = std::make_unique<JsonPieces>(std::move(bytes), piece, std::move(error));
  Result<TextStream> text = OpenText(std::move(stream), {.dataset = "albums", .source = "x.gz"});
  EXPECT_TRUE(text);
  ReadText read{.compression = text->compression, .encoding = text->encoding};
  for (;;) {
    const Result<std::string_view> next = text->text->Next();
    if (!next) {
      read.error = next.error().message;
      return read;
    }
    if (next->empty()) {
      return read;
    }
    read.text += *next;
  }
}

std::string LongText() {
  std::string text;
  for (int i = 0; i < 60'000; ++i) {
    text += std::to_string(i * 7919) + ",value " + std::to_string(i) + "\n";
  }
  return text;
}

constexpr std::size_t kPieces[] = {1, 7, 65536};

struct EncodingCase {
  std::string bytes;
  Encoding encoding;
  std::string text;
};

TEST(OpenText, FindsTheEncodingWhateverThePieces) {
  const EncodingCase cases[] = {
      {"", Encoding::kUtf8, ""},
      {"a,b\n", Encoding::kUtf8, "a,b\n"},
      {"\xEF\xBB\xBF"s, Encoding::kUtf8WithMark, ""},
      {"\xEF\xBB\xBF\xC3\xA9,b\n", Encoding::kUtf8WithMark, "é,b\n"},
      {"\xC3\xA9t\xC3\xA9\n", Encoding::kUtf8, "été\n"},
      {"\xFF\xFE"s + "a\0,\0\xE9\0\n\0"s, Encoding::kUtf16Le, "a,é\n"},
      {"\xFE\xFF"s + "\0a\0,\0\xE9\0\n"s, Encoding::kUtf16Be, "a,é\n"},
      {"i\0d\0,\0\xAC\x20\n\0"s, Encoding::kUtf16Le, "id,€\n"},
      {"\0i\0d\0,\x20\xAC\0\n"s, Encoding::kUtf16Be, "id,€\n"},
      {"\xFF\xFE\x3D\xD8\x00\xDE!\0"s, Encoding::kUtf16Le, "\xF0\x9F\x98\x80!"},
      {"\xFF\xFE\x3D\xD8!\0"s, Encoding::kUtf16Le, "\xED\xA0\xBD!"},
      {"\xFF\xFE\x00\xDE!\0"s, Encoding::kUtf16Le, "\xED\xB8\x80!"},
      {"\xFF\xFE!\0\x3D\xD8"s, Encoding::kUtf16Le, "!\xED\xA0\xBD"},
      {"\xFF\xFE!\0\n"s, Encoding::kUtf16Le, "!\xFF"},
      {"caf\xE9,\x80 5\n", Encoding::kWindows1252, "café,€ 5\n"},
      {"\x93quoted\x94\n", Encoding::kWindows1252, "“quoted”\n"},
      // One bad byte among good characters is a bad byte.
      {"\xC3\xA9t\xC3\xA9,caf\xE9,\n", Encoding::kUtf8, "\xC3\xA9t\xC3\xA9,caf\xE9,\n"},
      {"a\x81"
       "b\n",
       Encoding::kUtf8,
       "a\x81"
       "b\n"},
      {"a\xFF\n", Encoding::kUtf8, "a\xFF\n"},
      // A NUL does not make it UTF-16.
      {"a\0b,c\n1,2\n"s, Encoding::kUtf8, "a\0b,c\n1,2\n"s},
  };
  for (const EncodingCase& test : cases) {
    for (const std::size_t piece : kPieces) {
      const ReadText read = ReadAll(test.bytes, piece);
      EXPECT_EQ(ToString(test.encoding), std::string(ToString(read.encoding))) << test.text;
      EXPECT_EQ(test.text, read.text);
      EXPECT_EQ("", read.error);
    }
  }
}

TEST(OpenText, DecodesLongUtf16LikeTheSameTextInUtf8) {
  const std::string text = LongText();
  for (const std::size_t low : {0u, 1u}) {
    std::string wide = low == 0 ? "\xFF\xFE" : "\xFE\xFF";
    for (const char byte : text) {
      const char unit[2] = {low == 0 ? byte : '\0', low == 0 ? '\0' : byte};
      wide.append(unit, 2);
    }
    EXPECT_EQ(text, ReadAll(wide, 65536).text);
    EXPECT_EQ(text, ReadAll(wide, 65535).text);
  }
}

TEST(OpenText, UnpacksMembersOneAfterTheOther) {
  const std::string text = LongText();
  const std::string gzip = Gzip(text);
  const std::string zstd = Zstd(text);
  const std::string skippable = "\x50\x2A\x4D\x18\x03\0\0\0abc"s;
  struct Case {
    std::string bytes;
    Compression compression;
    std::string text;
  };
  const Case cases[] = {
      {gzip, Compression::kGzip, text},
      {gzip + gzip, Compression::kGzip, text + text},
      {gzip + Gzip("") + gzip, Compression::kGzip, text + text},
      {gzip + std::string(5000, '\0'), Compression::kGzip, text},
      {gzip + std::string(3, '\0') + gzip, Compression::kGzip, text + text},
      {Gzip(""), Compression::kGzip, ""},
      {zstd, Compression::kZstd, text},
      {zstd + Zstd("") + zstd, Compression::kZstd, text + text},
      {skippable + zstd, Compression::kZstd, text},
  };
  for (const Case& test : cases) {
    for (const std::size_t piece : kPieces) {
      const ReadText read = ReadAll(test.bytes, piece);
      EXPECT_EQ(test.compression, read.compression);
      EXPECT_TRUE(test.text == read.text) << read.text.size();
      EXPECT_EQ("", read.error);
    }
  }
}

TEST(OpenText, GivesWhatATruncatedArchiveHoldsBeforeItsError) {
  const std::string text = LongText();
  for (const std::string& packed : {Gzip(text), Zstd(text)}) {
    const std::string half = packed.substr(0, packed.size() / 2);
    const ReadText read = ReadAll(half, 4096);
    EXPECT_GT(read.text.size(), text.size() / 4);
    EXPECT_TRUE(text.starts_with(read.text));
    EXPECT_THAT(read.error, HasSubstr("(byte " + std::to_string(half.size()) + " of x.gz)"));
    EXPECT_THAT(read.error, HasSubstr("ends in the middle: fetch it again"));
  }
}

TEST(OpenText, RefusesDamageAndWhatFollowsAnArchive) {
  const std::string text = LongText();
  std::string damaged = Gzip(text);
  damaged[damaged.size() - 6] ^= 0x55;  // its checksum
  const ReadText read = ReadAll(damaged, 4096);
  EXPECT_TRUE(read.text == text);
  EXPECT_THAT(read.error, HasSubstr("incorrect data check"));
  EXPECT_THAT(ReadAll(Gzip("a,b\n") + "garbage", 7).error, HasSubstr("cannot be unpacked"));
  EXPECT_THAT(ReadAll(Zstd("a,b\n") + "garbage", 7).error, HasSubstr("cannot be unpacked"));
}

TEST(OpenText, FindsTheEncodingInsideAnArchive) {
  const ReadText read = ReadAll(Gzip("\xFF\xFE"s + "a\0,\0b\0\n\0"s), 7);
  EXPECT_EQ("a,b\n", read.text);
  EXPECT_EQ(Encoding::kUtf16Le, read.encoding);
}

TEST(OpenText, PassesTheStreamsErrorOnAfterItsBytes) {
  const Error error{.code = ErrorCode::kUnavailable, .message = "connection lost"};
  const ReadText read = ReadAll("a,b\n1,2", 3, error);
  EXPECT_EQ("a,b\n1,2", read.text);
  EXPECT_EQ("connection lost", read.error);
}

}  // namespace
}  // namespace tenantry::load
