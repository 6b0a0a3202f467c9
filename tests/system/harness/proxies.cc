#include "tests/system/harness/proxies.h"

#include <fstream>
#include <regex>
#include <sstream>

namespace tenantry::testing {
namespace {

std::string ReadFile(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

HttpProxyOptions ApiOptions(const ClusterEnvironment& cluster, const TemporaryFolder& folder) {
  const std::string kubeconfig = ReadFile(cluster.operator_kubeconfig);
  std::smatch server;
  std::regex_search(kubeconfig, server, std::regex(R"(server: https://([^:\s]+):(\d+))"));
  const KeyPair authority = MakeAuthority("proxy");
  const KeyPair leaf =
      MakeLeaf(authority, {.ip = "127.0.0.1", .valid_until = std::chrono::hours(12)});
  folder.Write("ca.crt", authority.certificate_pem);
  return {.host = server[1],
          .port = std::stoi(server[2]),
          .server = {.certificate_pem = leaf.certificate_pem, .key_pem = leaf.key_pem}};
}

// Each side sees the other's certificate.
HttpProxyOptions AgentOptions(const Programs& programs) {
  const auto file = [&](const char* name) { return ReadFile(programs.cluster().pki / name); };
  return {.host = "127.0.0.1",
          .port = programs.agent_port(),
          .server = {.certificate_pem = file("agent.crt"),
                     .key_pem = file("agent.key"),
                     .peer_ca_pem = file("ca.crt")},
          .client = {.certificate_pem = file("operator.crt"), .key_pem = file("operator.key")}};
}

std::string Local(int port) { return "https://127.0.0.1:" + std::to_string(port); }

}  // namespace

Proxies& Proxies::Instance() {
  static Proxies proxies(Programs::Instance());
  return proxies;
}

Proxies::Proxies(Programs& programs)
    : api_(ApiOptions(programs.cluster(), folder_)),
      agent_(AgentOptions(programs)),
      postgres_(programs.cluster().postgres.host, programs.cluster().postgres.port),
      redis_(programs.cluster().redis.host, programs.cluster().redis.port) {
  std::string kubeconfig = ReadFile(programs.cluster().operator_kubeconfig);
  kubeconfig =
      std::regex_replace(kubeconfig, std::regex("server: .*"), "server: " + Local(api_.port()));
  kubeconfig = std::regex_replace(kubeconfig, std::regex("certificate-authority: .*"),
                                  "certificate-authority: " + folder_.path() + "/ca.crt");
  programs.UseLinks({.kubeconfig = folder_.Write("operator.kubeconfig", kubeconfig),
                     .agent_endpoint = Local(agent_.port()),
                     .postgres_port = postgres_.port(),
                     .redis_port = redis_.port()});
}

void Proxies::Clear() {
  api_.Clear();
  api_.SetClockOffset({});
  api_.OnWrite({});
  agent_.Clear();
  agent_.OnWrite({});
  for (TcpProxy* proxy : {&postgres_, &redis_}) {
    proxy->Clear();
    proxy->SetFlow(TcpProxy::Flow::kRunning);
    proxy->SetDoor(Acceptor::Door::kOpen);
  }
  api_.SetDoor(Acceptor::Door::kOpen);
  agent_.SetDoor(Acceptor::Door::kOpen);
}

}  // namespace tenantry::testing
