#pragma once
// Which network addresses are not the public internet. Judged on the resolved address, at the moment a socket
// is opened, so that no name, redirect or rebinding can lead around it.

#include <sys/socket.h>

#include <string>

namespace toolpost {

/// True for loopback, private, shared (CGNAT), link-local (with cloud metadata), multicast, reserved and
/// documentation ranges, for IPv6 outside global unicast, for IPv4 of those kinds inside IPv6 (mapped, NAT64,
/// 6to4), and for any family but IPv4 and IPv6.
bool is_private_address(const sockaddr* address);

/// The same for the text of an address ("127.0.0.1", "::1"); true for anything that is not one.
bool is_private_address(const std::string& text);

}  // namespace toolpost
