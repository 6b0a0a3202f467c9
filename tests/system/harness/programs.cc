#include "tests/system/harness/programs.h"

#include <csignal>
#include <cstdio>
#include <cstdlib>

#include "common/net/http_client.h"

namespace tenantry::testing {
namespace {

using std::chrono::seconds;

[[noreturn]] void Die(const std::string& why) {
  std::fprintf(stderr, "the system tests cannot run: %s\n", why.c_str());
  std::exit(1);
}

template <class T>
T Need(Result<T> result) {
  if (!result) {
    Die(result.error().message);
  }
  return std::move(result).value();
}

std::string Local(int port) { return "127.0.0.1:" + std::to_string(port); }

void AwaitProbe(int port, const std::string& program, const std::string& log) {
  const auto client = Need(net::HttpClient::Make({.base_url = "http://" + Local(port)}));
  const bool ready = WaitUntil(seconds(30), [&] {
    const auto answer = client->Send({.path = "/readyz", .timeout = std::chrono::seconds(2)});
    return answer && answer->status == 200;
  });
  if (!ready) {
    Die(program + " is not ready; its log:\n" + log);
  }
}

}  // namespace

Programs& Programs::Instance() {
  static Programs programs;
  return programs;
}

Programs::Programs()
    : cluster_(Need(ReadClusterEnvironment())), registry_(telemetry::Registry::Make()) {
  kube_ = Need(kube::Client::Make(Need(kube::LoadKubeconfig(cluster_.kubeconfig, "")), *registry_));
  fixtures_dir_ = cluster_.directory / "system-test-fixtures";
  std::filesystem::create_directories(fixtures_dir_);
  agent_port_ = Need(FreePort());
  agent_probe_port_ = Need(FreePort());
  operator_probe_port_ = Need(FreePort());
  links_ = {.kubeconfig = cluster_.operator_kubeconfig,
            .agent_endpoint = "https://" + Local(agent_port_),
            .postgres_port = cluster_.postgres.port,
            .redis_port = cluster_.redis.port};
  StartAgent();
  StartOperator();
}

void Programs::UseLinks(const Links& links) {
  links_ = links;
  (void)operator_->Stop();
  StartOperator();
}

Result<std::unique_ptr<ChildProcess>> Programs::LaunchAgent(int port, int probe_port,
                                                            const std::string& name) const {
  return ChildProcess::Start(
      {.arguments = {ProgramPath("tenantry-agent"), "--name=" + name,
                     "--listen-address=" + Local(port),
                     "--health-probe-bind-address=" + Local(probe_port),
                     "--metrics-bind-address=" + Local(probe_port),
                     "--tls-ca-file=" + (cluster_.pki / "ca.crt").string(),
                     "--tls-cert-file=" + (cluster_.pki / "agent.crt").string(),
                     "--tls-key-file=" + (cluster_.pki / "agent.key").string(),
                     "--fixtures-dir=" + fixtures_dir_.string()},
       .log_file = cluster_.directory / (name + "-agent.log")});
}

Result<std::unique_ptr<ChildProcess>> Programs::LaunchOperator(const std::string& kubeconfig,
                                                               int probe_port,
                                                               const std::string& log_name) const {
  return ChildProcess::Start(
      {.arguments = {ProgramPath("tenantry-operator"), "--kubeconfig=" + kubeconfig,
                     "--health-probe-bind-address=" + Local(probe_port),
                     "--metrics-bind-address=" + Local(probe_port),
                     "--agent-ca-file=" + (cluster_.pki / "ca.crt").string(),
                     "--agent-cert-file=" + (cluster_.pki / "operator.crt").string(),
                     "--agent-key-file=" + (cluster_.pki / "operator.key").string(),
                     "--leader-election-lease-duration=3s", "--leader-election-renew-deadline=2s",
                     "--leader-election-retry-period=250ms", "--drift-interval=3s",
                     "--rotation-overlap=5s", "--log-level=debug"},
       .log_file = cluster_.directory / log_name});
}

void Programs::StartAgent() {
  agent_ = Need(LaunchAgent(agent_port_, agent_probe_port_, "system-test"));
  AwaitProbe(agent_probe_port_, "tenantry-agent", AgentLog());
}

void Programs::StartOperator() {
  operator_ =
      Need(LaunchOperator(links_.kubeconfig, operator_probe_port_, "system-test-operator.log"));
  AwaitProbe(operator_probe_port_, "tenantry-operator", OperatorLog());
}

std::unique_ptr<ChildProcess> Programs::StartStandbyOperator() const {
  const int probe_port = Need(FreePort());
  auto standby =
      Need(LaunchOperator(cluster_.operator_kubeconfig, probe_port, "standby-operator.log"));
  AwaitProbe(probe_port, "the standby operator", standby->Log());
  return standby;
}

Programs::SecondAgent Programs::StartSecondAgent() const {
  const int port = Need(FreePort());
  const int probe_port = Need(FreePort());
  auto process = Need(LaunchAgent(port, probe_port, "second-" + std::to_string(port)));
  AwaitProbe(probe_port, "the second agent", process->Log());
  return {.process = std::move(process), .endpoint = "https://" + Local(port)};
}

void Programs::KillOperator() {
  operator_->Signal(SIGKILL);
  (void)operator_->Wait(seconds(10));
}

void Programs::KillAgent() {
  agent_->Signal(SIGKILL);
  (void)agent_->Wait(seconds(10));
}

Result<int> Programs::OperatorExit(std::chrono::milliseconds patience) {
  return operator_->Wait(patience);
}

bool Programs::OperatorRuns() { return operator_->Running(); }
bool Programs::AgentRuns() { return agent_->Running(); }
std::string Programs::OperatorLog() const { return operator_->Log(); }
std::string Programs::AgentLog() const { return agent_->Log(); }

std::string Programs::OperatorMetrics() const {
  const auto client =
      Need(net::HttpClient::Make({.base_url = "http://" + Local(operator_probe_port_)}));
  return Need(client->Send({.path = "/metrics"})).body;
}

double Programs::Passes(const std::string& controller) const {
  const std::string metrics = OperatorMetrics();
  const std::string name =
      "controller_runtime_reconcile_time_seconds_count{controller=\"" + controller + "\"}";
  const std::size_t found = metrics.find(name);
  return found == std::string::npos ? 0 : std::stod(metrics.substr(found + name.size()));
}

}  // namespace tenantry::testing
