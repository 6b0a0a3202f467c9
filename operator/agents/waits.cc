#include "operator/agents/waits.h"

namespace tenantry::agents {

Waits::Ticket Waits::Begin(const std::string& id) {
  const Ticket ticket = ++last_ticket_;
  waits_[id] = Wait{.ticket = ticket, .confirmed = is_proven_};
  return ticket;
}

std::optional<Waits::Ticket> Waits::BeginUnlessThere(const std::string& id) {
  return waits_.contains(id) ? std::nullopt : std::optional(Begin(id));
}

void Waits::Keep(const std::string& id, Ticket ticket) {
  const auto found = waits_.find(id);
  if (found != waits_.end() && found->second.ticket == ticket) {
    found->second.submitted = true;
  }
}

void Waits::End(const std::string& id) { waits_.erase(id); }

bool Waits::End(const std::string& id, Ticket ticket) {
  const auto found = waits_.find(id);
  if (found == waits_.end() || found->second.ticket != ticket) {
    return false;
  }
  waits_.erase(found);
  return true;
}

bool Waits::Take(const api::TaskReport& report) {
  const auto found = waits_.find(report.id);
  if (found == waits_.end()) {
    return false;
  }
  if (api::IsFinal(report.state)) {
    waits_.erase(found);
  } else {
    found->second.confirmed = true;
  }
  return true;
}

void Waits::BeginConnection() {
  EndConnection();
  for (auto& [id, wait] : waits_) {
    wait.confirmed = false;
  }
}

std::vector<Waits::Open> Waits::Unconfirmed() const {
  std::vector<Open> open;
  for (const auto& [id, wait] : waits_) {
    if (wait.submitted && !wait.confirmed) {
      open.push_back({.id = id, .ticket = wait.ticket});
    }
  }
  return open;
}

std::vector<std::string> Waits::EndAll() {
  std::vector<std::string> ended;
  for (const auto& [id, wait] : waits_) {
    if (wait.submitted) {
      ended.push_back(id);
    }
  }
  for (const std::string& id : ended) {
    waits_.erase(id);
  }
  return ended;
}

}  // namespace tenantry::agents
