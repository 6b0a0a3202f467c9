#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <openssl/sha.h>

#include <array>
#include <cstdlib>
#include <string>
#include <string_view>

#include "agent/postgres/connection.h"

namespace tenantry::postgres {
namespace {

constexpr int kIterations = 4096;
constexpr std::size_t kSaltBytes = 16;
using Digest = std::array<unsigned char, SHA256_DIGEST_LENGTH>;

const unsigned char* Bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

std::string Base64(std::string_view bytes) {
  std::string text(4 * ((bytes.size() + 2) / 3) + 1, '\0');
  const int length = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), Bytes(bytes),
                                     static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(length));
  return text;
}

std::string_view View(const Digest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

Digest Hmac(const Digest& key, std::string_view text) {
  Digest digest{};
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), Bytes(text), text.size(),
       digest.data(), nullptr);
  return digest;
}

}  // namespace

std::string ScramVerifier(const Secret& password, std::string_view salt) {
  Digest salted{};
  PKCS5_PBKDF2_HMAC(password.reveal().data(), static_cast<int>(password.reveal().size()),
                    Bytes(salt), static_cast<int>(salt.size()), kIterations, EVP_sha256(),
                    static_cast<int>(salted.size()), salted.data());
  const Digest client_key = Hmac(salted, "Client Key");
  Digest stored_key{};
  SHA256(client_key.data(), client_key.size(), stored_key.data());
  const Digest server_key = Hmac(salted, "Server Key");
  OPENSSL_cleanse(salted.data(), salted.size());
  return "SCRAM-SHA-256$" + std::to_string(kIterations) + ":" + Base64(salt) + "$" +
         Base64(View(stored_key)) + ":" + Base64(View(server_key));
}

std::string ScramVerifier(const Secret& password) {
  std::string salt(kSaltBytes, '\0');
  if (RAND_bytes(reinterpret_cast<unsigned char*>(salt.data()), static_cast<int>(salt.size())) !=
      1) {
    std::abort();  // without randomness nothing that follows is safe
  }
  return ScramVerifier(password, salt);
}

}  // namespace tenantry::postgres
