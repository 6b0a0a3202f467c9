// Feeds arbitrary bytes to the kubeconfig reader. Files that they name are below a folder that does
// not exist.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "operator/kube/config.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto config = tenantry::kube::ParseKubeconfig(text, "/nonexistent", "");
  if (config ? config->server.empty() : config.error().message.empty()) {
    std::abort();  // neither usable nor explained
  }
  return 0;
}
