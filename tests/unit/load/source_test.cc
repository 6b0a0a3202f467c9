#include "agent/load/source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "common/api/reasons.h"

namespace tenantry::load {
namespace {

using ::testing::HasSubstr;

const Origin kOrigin = {.dataset = "songs", .source = ""};

std::string ReadWhole(const Source& source) {
  const std::unique_ptr<ByteStream> stream = source.Read();
  std::string text;
  for (;;) {
    const auto piece = stream->Next();
    if (!piece || piece->empty()) {
      return text;
    }
    text += *piece;
  }
}

class FileSource : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "tenantry-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    root_ = pattern;
    folder_ = root_ / "fixtures";
    std::filesystem::create_directories(folder_ / "sub");
    Write(folder_ / "songs.json", "[]");
    Write(folder_ / "sub" / "b.csv", "a\n1\n");
    Write(root_ / "secret", "secret");
  }
  void TearDown() override { std::filesystem::remove_all(root_); }

  static void Write(const std::filesystem::path& path, const std::string& text) {
    std::ofstream(path) << text;
  }
  Result<std::unique_ptr<Source>> Open(const std::string& path) {
    return OpenFileSource(folder_, path, kOrigin);
  }
  // The reason and message of the refusal, or the file's text.
  std::string Outcome(const std::string& path) {
    const auto source = Open(path);
    return source ? ReadWhole(**source) : source.error().reason + ": " + source.error().message;
  }

  std::filesystem::path root_, folder_;
};

TEST_F(FileSource, ReadsFilesBelowTheFolder) {
  EXPECT_EQ(Outcome("songs.json"), "[]");
  EXPECT_EQ(Outcome("sub/b.csv"), "a\n1\n");
  EXPECT_EQ(Outcome("./sub//b.csv"), "a\n1\n");
}

TEST_F(FileSource, CanBeReadAgain) {
  const auto source = Open("songs.json");
  ASSERT_TRUE(source);
  EXPECT_EQ(ReadWhole(**source), "[]");
  EXPECT_EQ(ReadWhole(**source), "[]");
}

TEST_F(FileSource, FollowsLinksThatStayBelow) {
  // As the kubelet mounts a ConfigMap.
  std::filesystem::create_directory(folder_ / "..2026");
  Write(folder_ / "..2026" / "k.csv", "k");
  std::filesystem::create_symlink("..2026", folder_ / "..data");
  std::filesystem::create_symlink("..data/k.csv", folder_ / "k.csv");

  EXPECT_EQ(Outcome("k.csv"), "k");
}

TEST_F(FileSource, RefusesWhateverLeadsOut) {
  std::filesystem::create_symlink("../secret", folder_ / "relative");
  std::filesystem::create_symlink(root_ / "secret", folder_ / "absolute");
  std::filesystem::create_symlink(folder_ / "songs.json", folder_ / "absolute_inside");
  std::filesystem::create_symlink("..", folder_ / "up");
  std::filesystem::create_symlink("loop", folder_ / "loop");
  for (const std::string& path :
       {std::string("../secret"), std::string("sub/../../secret"), std::string("sub/../songs.json"),
        std::string(".."), (root_ / "secret").string(), std::string("/etc/passwd"),
        std::string("relative"), std::string("absolute"), std::string("absolute_inside"),
        std::string("up/secret"), std::string("loop"), std::string(""), std::string("a\0b", 3)}) {
    EXPECT_THAT(Outcome(path), HasSubstr("leads out of the agent's fixtures directory")) << path;
    EXPECT_THAT(Outcome(path), HasSubstr(api::reason::kInvalidSpec)) << path;
  }
}

TEST_F(FileSource, NamesWhatIsMissingAndWhere) {
  EXPECT_EQ(Outcome("nope.csv"),
            "SourceNotFound: File \"nope.csv\" of dataset songs does not exist below the agent's "
            "--fixtures-dir=" +
                folder_.string() + ". Put the file there, or correct source.volume.path.");
  EXPECT_THAT(Outcome("songs.json/x"), HasSubstr("does not exist"));
  EXPECT_THAT(Outcome(std::string(5000, 'x')), HasSubstr("cannot be opened"));
}

TEST_F(FileSource, TakesRegularFilesOnlyAndNeverWaits) {
  ASSERT_EQ(::mkfifo((folder_ / "fifo").c_str(), 0600), 0);
  EXPECT_THAT(Outcome("fifo"), HasSubstr("is not a regular file"));
  EXPECT_THAT(Outcome("sub"), HasSubstr("is not a regular file"));
  EXPECT_THAT(Outcome("."), HasSubstr("is not a regular file"));
}

TEST_F(FileSource, NeedsAFolder) {
  EXPECT_THAT(OpenFileSource("", "a", kOrigin).error().message, HasSubstr("--fixtures-dir"));
  EXPECT_EQ(OpenFileSource(root_ / "gone", "a", kOrigin).error().reason,
            api::reason::kSourceNotFound);
}

TEST(Measure, HashesAndCounts) {
  const std::string text(300'000, 'x');
  const auto checksum = Measure(*MakeInlineSource(text), {});
  ASSERT_TRUE(checksum);
  EXPECT_EQ(checksum->bytes, 300'000);
  Sha256 hash;
  hash.Add(text);
  EXPECT_EQ(checksum->sha256, hash.Finish());
}

TEST(Measure, StopsWhenAsked) {
  std::stop_source stop;
  stop.request_stop();
  const auto checksum = Measure(*MakeInlineSource("x"), stop.get_token());
  ASSERT_FALSE(checksum);
  EXPECT_EQ(checksum.error().code, ErrorCode::kCancelled);
}

TEST(HashWhileReading, PassesTheBytesOn) {
  const auto source = MakeInlineSource("abc");
  Sha256 hash;
  const auto stream = HashWhileReading(source->Read(), hash);
  EXPECT_EQ(*stream->Next(), "abc");
  EXPECT_EQ(*stream->Next(), "");
  EXPECT_EQ(hash.Finish(), Measure(*source, {})->sha256);
}

}  // namespace
}  // namespace tenantry::load
