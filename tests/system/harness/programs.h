#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>

#include "common/telemetry/metrics.h"
#include "operator/kube/client.h"
#include "tests/support/cluster.h"

// The operator and an agent as processes, against the local cluster.
namespace tenantry::testing {

// How the programs reach each other and the rest: by default directly.
struct Links {
  std::string kubeconfig;  // the operator's
  std::string agent_endpoint;
  int postgres_port = 0;  // as DataStores say them
  int redis_port = 0;
};

// Both programs, started once for all tests of this process, with short intervals. Kill tests end
// and start them; others only use them.
class Programs {
 public:
  static Programs& Instance();

  void StartOperator();
  void StartAgent();
  // Another one, ready, without our links. It ends with what is returned.
  std::unique_ptr<ChildProcess> StartStandbyOperator() const;
  struct SecondAgent {
    std::unique_ptr<ChildProcess> process;
    std::string endpoint;
  };
  SecondAgent StartSecondAgent() const;
  void KillOperator();  // -9
  void KillAgent();     // -9
  bool OperatorRuns();
  bool AgentRuns();
  // Its exit code once it has ended by itself; kUnavailable when it does not in time.
  Result<int> OperatorExit(std::chrono::milliseconds patience);
  std::string OperatorLog() const;
  std::string AgentLog() const;
  std::string OperatorMetrics() const;
  // How many passes a controller ("tenant") has had since the operator's start.
  double Passes(const std::string& controller) const;
  const ClusterEnvironment& cluster() const { return cluster_; }
  kube::Client& kube() const { return *kube_; }  // as the cluster's administrator
  const Links& links() const { return links_; }
  int agent_port() const { return agent_port_; }
  // From now on; starts the operator anew.
  void UseLinks(const Links& links);
  // To be killed by other threads; this object notices when it is started again.
  pid_t operator_pid() const { return operator_->pid(); }
  pid_t agent_pid() const { return agent_->pid(); }
  const std::filesystem::path& fixtures_dir() const { return fixtures_dir_; }

 private:
  Programs();
  Result<std::unique_ptr<ChildProcess>> LaunchOperator(const std::string& kubeconfig,
                                                       int probe_port,
                                                       const std::string& log_name) const;
  Result<std::unique_ptr<ChildProcess>> LaunchAgent(int port, int probe_port,
                                                    const std::string& name) const;

  ClusterEnvironment cluster_;
  Links links_;
  std::unique_ptr<telemetry::Registry> registry_;
  std::unique_ptr<kube::Client> kube_;
  std::filesystem::path fixtures_dir_;
  int agent_port_ = 0;
  int agent_probe_port_ = 0;
  int operator_probe_port_ = 0;
  std::unique_ptr<ChildProcess> operator_;
  std::unique_ptr<ChildProcess> agent_;
};

}  // namespace tenantry::testing
