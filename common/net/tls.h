#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/base/result.h"

namespace tenantry::net {

// PEM files of one side of a mutual TLS connection.
struct TlsFiles {
  std::string ca_file;
  std::string certificate_file;
  std::string key_file;
};

struct TlsSnapshot;  // parsed certificates: common/net/tls_snapshot.h

// Certificates that follow their files: re-read when a file's modification time or content changes
// (checked at most once a second, on use), so that a renewed leaf or a new CA needs no restart. A
// file that cannot be read keeps the old certificates in use and is counted and logged.
// Thread-safe. TLS 1.3 only.
class TlsIdentity {
 public:
  // kInvalid: a file is missing or unreadable, or key and certificate do not belong together; the
  // message names the file.
  static Result<std::shared_ptr<TlsIdentity>> Load(const TlsFiles& files);
  // The same for a server whose clients need no certificate: without an authority.
  static Result<std::shared_ptr<TlsIdentity>> LoadServer(const std::string& certificate_file,
                                                         const std::string& key_file);
  // A self-signed certificate for these names and IP addresses, made here and kept in memory only;
  // renewed when a third of its year is left. For servers whose clients need no certificate.
  static Result<std::shared_ptr<TlsIdentity>> MakeSelfSigned(const std::vector<std::string>& names,
                                                             const Clock& clock);
  virtual ~TlsIdentity() = default;

  // Called once for each (re)load with its error, if any: certwatcher metrics and log.
  virtual void OnReload(std::function<void(const Result<void>&)> callback) = 0;

  // The certificates as they are now; re-reads the files when that is due.
  virtual std::shared_ptr<const TlsSnapshot> Current() = 0;
};

// Which peer is accepted, by the URI SAN of its leaf:
// spiffe://<trust_domain>/ns/<any>/<role>/<any>.
struct PeerRule {
  std::string trust_domain;  // "tenantry.dev"
  std::string role;          // "operator" or "agent"
};

// Whether one SPIFFE ID satisfies the rule. Pure.
bool MatchesPeerRule(const std::string& uri, const PeerRule& rule);

}  // namespace tenantry::net
