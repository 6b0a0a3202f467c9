#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>

#include "common/base/clock.h"
#include "operator/kube/client.h"

namespace tenantry::kube {

// Receives the state of one resource type, as it changes. Called by one thread at a time. A list
// that breaks off begins again with BeginReplace, without an EndReplace before; while a list runs,
// Remove may come, too, and what was there before it stays valid. Objects always have a name.
class ReflectorSink {
 public:
  virtual ~ReflectorSink() = default;
  virtual void Upsert(Json object) = 0;  // added, changed, or seen again
  virtual void Remove(const api::ObjectKey& key) = 0;
  virtual void BeginReplace() = 0;  // a whole new list follows by Upsert …
  virtual void EndReplace() = 0;    // … what was not among it is gone
};

struct ReflectorOptions {
  Resource resource;
  ListOptions list;
  bool streaming_lists = true;  // false: initial lists are paged ones, whatever the server can
  std::chrono::milliseconds idle_timeout = kIdleTimeout;
};

// Keeps a sink in step with the API server: streaming initial list where served, a paged LIST where
// not; then a watch with bookmarks that resumes by resourceVersion; 410 → a new list. A watch that
// only fell silent, or that the server ended, is resumed at once and not worth a line of the log.
// Between failures it waits with backoff (800 ms → 30 s, jitter). Metrics:
// tenantry_watch_restarts_total{kind,reason}, tenantry_watch_last_event_timestamp_seconds{kind};
// `kind` is Resource::kind.
class Reflector {
 public:
  Reflector(Client& client, ReflectorOptions options, ReflectorSink& sink,
            telemetry::Registry& metrics);

  void Run(std::stop_token stop);          // on a thread of its own
  bool synced() const { return synced_; }  // the first list is complete

 private:
  class Impl;
  Client& client_;
  ReflectorOptions options_;
  ReflectorSink& sink_;
  telemetry::Registry& metrics_;
  std::atomic<bool> synced_ = false;
};

}  // namespace tenantry::kube
