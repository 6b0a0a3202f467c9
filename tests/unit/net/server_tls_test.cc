// A server that shows a certificate and asks for none: /metrics over HTTPS.

#include <gtest/gtest.h>
#include <openssl/bio.h>
#include <openssl/pem.h>

#include <memory>
#include <string>
#include <utility>

#include "common/net/http_client.h"
#include "common/net/http_server.h"
#include "common/net/tls.h"
#include "common/net/tls_snapshot.h"
#include "tests/support/certificates.h"
#include "tests/support/manual_clock.h"

namespace tenantry::net {
namespace {

using testing::MakeAuthority;
using testing::MakeLeaf;
using testing::ManualClock;
using testing::TemporaryFolder;
using testing::WriteTlsFiles;

std::unique_ptr<HttpServer> StartServer(std::shared_ptr<TlsIdentity> identity) {
  auto server = HttpServer::Make({.bind_address = "127.0.0.1:0",
                                  .tls = ServerTls{.identity = std::move(identity),
                                                   .clients = ServerTls::Clients::kAny}})
                    .value();
  server->Handle("GET", "/", [](const ServerRequest&) { return ServerResponse{.body = "done"}; });
  EXPECT_TRUE(server->Start());
  return server;
}

Result<HttpResponse> Get(const HttpServer& server, const std::string& ca_pem,
                         const std::string& host = "127.0.0.1") {
  const auto client =
      HttpClient::Make({.base_url = "https://" + host + ":" + std::to_string(server.port()),
                        .tls = {.ca_pem = ca_pem}})
          .value();
  return client->Send({.path = "/"});
}

std::string PemOf(TlsIdentity& identity) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> text(BIO_new(BIO_s_mem()), BIO_free);
  PEM_write_bio_X509(text.get(), identity.Current()->certified_key.leaf.get());
  std::string pem(4096, '\0');
  pem.resize(static_cast<std::size_t>(
      std::max(BIO_read(text.get(), pem.data(), static_cast<int>(pem.size())), 0)));
  return pem;
}

TEST(ServerTls, ServesClientsWithoutACertificate) {
  const TemporaryFolder folder;
  const auto authority = MakeAuthority("metrics");
  const TlsFiles files =
      WriteTlsFiles(folder, "server", "", MakeLeaf(authority, {.ip = "127.0.0.1"}));
  const auto server =
      StartServer(TlsIdentity::LoadServer(files.certificate_file, files.key_file).value());

  const auto response = Get(*server, authority.certificate_pem);
  const auto distrusted = Get(*server, MakeAuthority("other").certificate_pem);

  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->body, "done");
  EXPECT_FALSE(distrusted);
}

TEST(ServerTls, TakesRenewedFilesFromTheNextConnectionOn) {
  const TemporaryFolder folder;
  const auto old_authority = MakeAuthority("old");
  const auto new_authority = MakeAuthority("new");
  const TlsFiles files =
      WriteTlsFiles(folder, "server", "", MakeLeaf(old_authority, {.ip = "127.0.0.1"}));
  const auto identity = TlsIdentity::LoadServer(files.certificate_file, files.key_file).value();
  const auto server = StartServer(identity);
  EXPECT_TRUE(Get(*server, old_authority.certificate_pem));

  WriteTlsFiles(folder, "server", "", MakeLeaf(new_authority, {.ip = "127.0.0.1"}));

  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  bool renewed = false;
  while (!renewed && std::chrono::steady_clock::now() < deadline) {
    renewed = Get(*server, new_authority.certificate_pem).has_value();
  }
  EXPECT_TRUE(renewed);
}

TEST(ServerTls, ServesWithACertificateOfItsOwnMaking) {
  const ManualClock clock(std::chrono::system_clock::now());
  const auto identity = TlsIdentity::MakeSelfSigned({"localhost", "127.0.0.1"}, clock).value();
  const auto server = StartServer(identity);

  for (const char* host : {"127.0.0.1", "localhost"}) {
    const auto response = Get(*server, PemOf(*identity), host);
    ASSERT_TRUE(response) << response.error().message;
    EXPECT_EQ(response->body, "done");
  }
  EXPECT_FALSE(Get(*server, MakeAuthority("other").certificate_pem));
}

TEST(MakeSelfSigned, RenewsWellBeforeTheEndOfItsYear) {
  ManualClock clock;
  const auto identity = TlsIdentity::MakeSelfSigned({"localhost"}, clock).value();
  const std::string first = PemOf(*identity);
  clock.Advance(std::chrono::hours(24 * 240));
  EXPECT_EQ(PemOf(*identity), first);
  clock.Advance(std::chrono::hours(24 * 4));
  EXPECT_NE(PemOf(*identity), first);
}

TEST(MakeSelfSigned, RefusesNamesThatAreNone) {
  const ManualClock clock;
  EXPECT_FALSE(TlsIdentity::MakeSelfSigned({}, clock));
}

TEST(TlsIdentity, WithoutAnAuthorityIsOfNoUseForMutualTls) {
  const ManualClock clock(std::chrono::system_clock::now());
  const auto identity = TlsIdentity::MakeSelfSigned({"localhost"}, clock).value();

  EXPECT_FALSE(HttpServer::Make(
      {.bind_address = "127.0.0.1:0",
       .tls = ServerTls{.identity = identity, .peer = {"tenantry.dev", "operator"}}}));
  EXPECT_FALSE(
      HttpClient::Make({.base_url = "https://localhost:1",
                        .tls = {.identity = identity, .peer = {"tenantry.dev", "agent"}}}));
  EXPECT_FALSE(TlsIdentity::Load({.certificate_file = "c", .key_file = "k"}));
}

}  // namespace
}  // namespace tenantry::net
