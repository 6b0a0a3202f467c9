#include "common/net/socket_bio.h"

#include <sys/socket.h>

#include <cerrno>
#include <cstddef>
#include <memory>

namespace tenantry::net {
namespace {

struct MethodDeleter {
  void operator()(BIO_METHOD* method) const { BIO_meth_free(method); }
};

int DescriptorOf(BIO* bio) { return static_cast<const UniqueFd*>(BIO_get_data(bio))->get(); }

int Finish(BIO* bio, ssize_t count, int retry_flags) {
  BIO_clear_retry_flags(bio);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) {
    BIO_set_flags(bio, retry_flags | BIO_FLAGS_SHOULD_RETRY);
  }
  return static_cast<int>(count);
}

int Write(BIO* bio, const char* data, int size) {
  const ssize_t count = send(DescriptorOf(bio), data, static_cast<std::size_t>(size), MSG_NOSIGNAL);
  return Finish(bio, count, BIO_FLAGS_WRITE);
}

int Read(BIO* bio, char* data, int size) {
  const ssize_t count = recv(DescriptorOf(bio), data, static_cast<std::size_t>(size), 0);
  if (count == 0) {
    BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
  }
  return Finish(bio, count, BIO_FLAGS_READ);
}

long Control(BIO* bio, int command, long /*number*/, void* /*pointer*/) {
  switch (command) {
    case BIO_CTRL_FLUSH:
      return 1;
    case BIO_CTRL_EOF:
      return BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0 ? 1 : 0;
    default:
      return 0;
  }
}

std::unique_ptr<BIO_METHOD, MethodDeleter> MakeMethod() {
  std::unique_ptr<BIO_METHOD, MethodDeleter> method(
      BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "tenantry socket"));
  BIO_meth_set_write(method.get(), Write);
  BIO_meth_set_read(method.get(), Read);
  BIO_meth_set_ctrl(method.get(), Control);
  return method;
}

}  // namespace

BIO* NewSocketBio(const UniqueFd& socket) {
  static const std::unique_ptr<BIO_METHOD, MethodDeleter> method = MakeMethod();
  BIO* bio = BIO_new(method.get());
  BIO_set_data(bio, const_cast<UniqueFd*>(&socket));  // only read
  BIO_set_init(bio, 1);
  return bio;
}

}  // namespace tenantry::net
