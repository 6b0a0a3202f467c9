#pragma once

#include <sys/socket.h>

namespace tenantry::load {

// Whether an address is one of the public internet: not of this machine, of a private or local
// network, a group, or set aside for something else. Addresses that carry an IPv4 address inside
// are judged by that one. Source: IANA IPv4 and IPv6 Special-Purpose Address Registries.
bool IsPublicAddress(const sockaddr& address);

}  // namespace tenantry::load
