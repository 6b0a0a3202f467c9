#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "tests/support/certificates.h"
#include "tests/support/cluster.h"

namespace tenantry::testing {

// What the servers of tests have in common: a process on a free loopback port with a folder of its
// own. It ends with this object, or with the thread that started it.
class ServerProcess {
 public:
  struct Options {
    std::string name;
    std::function<std::vector<std::string>(int port)> arguments;
    std::function<bool(int port)> answers;  // asked until it does
    std::string user = {};                  // as whom it runs when we are root; empty: as root
    int end_signal = 9;                     // ends the server at once
  };

  // In `folder`, which holds its log, too. Returns when the server answers.
  static Result<std::unique_ptr<ServerProcess>> Start(const TemporaryFolder& folder,
                                                      const Options& options);
  ~ServerProcess() { Stop(); }
  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;

  int port() const { return port_; }
  // Ends the server; its port refuses connections from then on.
  void Stop();

 private:
  ServerProcess(std::unique_ptr<ChildProcess> process, int port, int end_signal)
      : process_(std::move(process)), port_(port), end_signal_(end_signal) {}
  static Result<std::unique_ptr<ServerProcess>> TryStart(const TemporaryFolder& folder,
                                                         const Options& options);

  std::unique_ptr<ChildProcess> process_;
  int port_;
  int end_signal_;
};

}  // namespace tenantry::testing
