#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/api/protocol.h"

namespace tenantry::agents {

// The tasks of one agent whose end we wait for. Pure; not thread-safe.
// A wait begins before its task is submitted, so that no report can come too early; until the
// agent's answer is there (Keep) nobody wonders why the agent does not know the task.
class Waits {
 public:
  // Tells one wait from a later one for the same id.
  using Ticket = std::uint64_t;

  Ticket Begin(const std::string& id);  // replaces an earlier wait for that id
  std::optional<Ticket> BeginUnlessThere(const std::string& id);
  void Keep(const std::string& id, Ticket ticket);
  void End(const std::string& id);
  bool End(const std::string& id, Ticket ticket);  // whether there was that wait

  // Takes note of what the agent said; whether somebody waits for it. A final report ends the wait.
  bool Take(const api::TaskReport& report);

  // A new connection knows nothing yet of any task.
  void BeginConnection();
  // From now on it tells of all that happens: a wait that begins later needs no confirmation.
  void ProveConnection() { is_proven_ = true; }
  void EndConnection() { is_proven_ = false; }
  struct Open {
    std::string id;
    Ticket ticket;
  };
  // Submitted tasks whose end may have been missed: nothing was heard of them since
  // BeginConnection.
  std::vector<Open> Unconfirmed() const;
  // Ends the waits of all submitted tasks and returns their ids.
  std::vector<std::string> EndAll();

  bool empty() const { return waits_.empty(); }

 private:
  struct Wait {
    Ticket ticket = 0;
    bool submitted = false;
    bool confirmed = false;
  };

  std::map<std::string, Wait> waits_;
  Ticket last_ticket_ = 0;
  bool is_proven_ = false;
};

}  // namespace tenantry::agents
