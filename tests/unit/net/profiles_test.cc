#include "common/telemetry/profiles.h"

#include <dlfcn.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>

#include "common/net/http_client.h"

namespace tenantry::telemetry {
namespace {

using ::testing::HasSubstr;

class Profiles : public ::testing::Test {
 protected:
  Profiles() : server_(ServeProfiles("127.0.0.1:0").value()) {
    client_ =
        net::HttpClient::Make({.base_url = "http://127.0.0.1:" + std::to_string(server_->port())})
            .value();
  }

  net::HttpResponse Get(const std::string& path) { return client_->Send({.path = path}).value(); }

  std::unique_ptr<net::HttpServer> server_;
  std::unique_ptr<net::HttpClient> client_;
};

TEST(ParseDebugAddress, TakesLoopbackAddressesOnly) {
  EXPECT_EQ(ParseDebugAddress("0").value(), "");
  for (const char* address : {"127.0.0.1:6060", "127.1.2.3:0", "[::1]:6060"}) {
    EXPECT_EQ(ParseDebugAddress(address).value(), address);
  }
  for (const char* address : {"", ":6060", "0.0.0.0:6060", "[::]:6060", "10.0.0.1:6060",
                              "localhost:6060", "127.example.com:6060", "127.0.0.1", "1"}) {
    const auto refused = ParseDebugAddress(address);
    ASSERT_FALSE(refused) << address;
    EXPECT_THAT(refused.error().message, HasSubstr("must be a loopback address"));
  }
}

TEST(ServeProfiles, IsOffWithoutAnAddress) { EXPECT_EQ(ServeProfiles("").value(), nullptr); }

TEST_F(Profiles, TakesACpuProfileOrSaysWhatIsMissing) {
  const bool is_installed = dlopen("libprofiler.so.0", RTLD_LAZY) != nullptr;

  const auto first = Get("/debug/pprof/profile?seconds=1");
  const auto second = Get("/debug/pprof/profile?seconds=1");

  EXPECT_EQ(first.status, is_installed ? 200 : 501);
  EXPECT_EQ(second.status, first.status);
  // After the samples, the addresses of the libraries: pprof needs them.
  EXPECT_THAT(first.body, HasSubstr(is_installed ? "libc.so" : "install libgoogle-perftools4"));
}

TEST_F(Profiles, TakesOneAtATime) {
  if (dlopen("libprofiler.so.0", RTLD_LAZY) == nullptr) {
    EXPECT_EQ(Get("/debug/pprof/profile").status, 501);
    return;
  }
  std::atomic<int> last_status = 0;
  const std::jthread first([&] {
    do {  // until it is the one that runs
      const auto outcome =
          client_->Stream({.path = "/debug/pprof/profile?seconds=60"}, {}, std::chrono::seconds(60),
                          [](std::string_view) { return true; });
      last_status = outcome ? outcome->status : 0;
    } while (last_status == 409);
  });
  bool is_refused = false;
  for (int i = 0; i < 100 && !is_refused; ++i) {
    is_refused = Get("/debug/pprof/profile?seconds=1").status == 409;
  }
  EXPECT_TRUE(is_refused);
  server_->Stop();  // ends the first one, too
}

TEST_F(Profiles, RefusesTimesThatAreNone) {
  for (const char* seconds : {"0", "-1", "301", "x", "1x", ""}) {
    EXPECT_EQ(Get(std::string("/debug/pprof/profile?seconds=") + seconds).status, 400) << seconds;
  }
}

TEST_F(Profiles, SaysWhatHeapProfilesNeed) {
  const auto answer = Get("/debug/pprof/heap");
  EXPECT_EQ(answer.status, 501);
  EXPECT_THAT(answer.body, HasSubstr("libtcmalloc.so.4"));
}

}  // namespace
}  // namespace tenantry::telemetry
