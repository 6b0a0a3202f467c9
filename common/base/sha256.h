#pragma once

#include <memory>
#include <string>
#include <string_view>

struct evp_md_ctx_st;  // EVP_MD_CTX

namespace tenantry {

// SHA-256 of bytes that come piece by piece.
class Sha256 {
 public:
  Sha256();
  void Add(std::string_view bytes);
  // As 64 hex digits. Ends the digest: nothing may be added afterwards.
  std::string Finish();

 private:
  struct Deleter {
    void operator()(evp_md_ctx_st* context) const;
  };
  std::unique_ptr<evp_md_ctx_st, Deleter> context_;
};

// Of a whole text, as 64 hex digits.
std::string Sha256Hex(std::string_view text);

}  // namespace tenantry
