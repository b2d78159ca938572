#include "effect/http/private_address.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <cstdint>
#include <cstring>

namespace toolpost {
namespace {

struct Range {
  std::uint32_t first;
  unsigned bits;
};

// IANA's special-purpose registry, all that is not globally reachable, and multicast.
constexpr Range private_ranges[] = {
    {0x00000000, 8},   // 0/8, "this network"; Linux connects 0.0.0.0 to itself
    {0x0a000000, 8},   // 10/8
    {0x64400000, 10},  // 100.64/10, shared by carriers
    {0x7f000000, 8},   // 127/8
    {0xa9fe0000, 16},  // 169.254/16, link-local, cloud metadata
    {0xac100000, 12},  // 172.16/12
    {0xc0000000, 24},  // 192.0.0/24
    {0xc0000200, 24},  // 192.0.2/24, documentation
    {0xc0586300, 24},  // 192.88.99/24, old 6to4 relays
    {0xc0a80000, 16},  // 192.168/16
    {0xc6120000, 15},  // 198.18/15, benchmarks
    {0xc6336400, 24},  // 198.51.100/24, documentation
    {0xcb007100, 24},  // 203.0.113/24, documentation
    {0xe0000000, 3},   // 224/4 multicast and 240/4 reserved, broadcast
};

bool is_private_v4(std::uint32_t address) {
  for (const Range& range : private_ranges) {
    if ((address ^ range.first) >> (32 - range.bits) == 0) return true;
  }
  return false;
}

std::uint32_t big_endian(const std::uint8_t* bytes) {
  return std::uint32_t{bytes[0]} << 24 | std::uint32_t{bytes[1]} << 16 | std::uint32_t{bytes[2]} << 8 |
         bytes[3];
}

bool is_private_v6(const std::uint8_t (&b)[16]) {
  static constexpr std::uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  static constexpr std::uint8_t nat64[12] = {0, 0x64, 0xff, 0x9b};
  if (std::memcmp(b, mapped, 12) == 0 || std::memcmp(b, nat64, 12) == 0)
    return is_private_v4(big_endian(b + 12));
  if ((b[0] & 0xe0) != 0x20) return true;  // only 2000::/3 is global unicast
  const std::uint32_t head = big_endian(b);
  if (head >> 16 == 0x2002) return is_private_v4(big_endian(b + 2));  // 6to4
  if (head == 0x20010db8 || head >> 12 == 0x3fff0) return true;       // documentation
  if (head >> 9 == 0x20010000 >> 9) return true;                      // 2001::/23: Teredo, ORCHID, benchmarks
  return false;
}

}  // namespace

bool is_private_address(const sockaddr* address) {
  if (address == nullptr) return true;
  if (address->sa_family == AF_INET) {
    sockaddr_in v4;
    std::memcpy(&v4, address, sizeof v4);
    return is_private_v4(ntohl(v4.sin_addr.s_addr));
  }
  if (address->sa_family == AF_INET6) {
    sockaddr_in6 v6;
    std::memcpy(&v6, address, sizeof v6);
    return is_private_v6(v6.sin6_addr.s6_addr);
  }
  return true;
}

bool is_private_address(const std::string& text) {
  in_addr v4;
  if (inet_pton(AF_INET, text.c_str(), &v4) == 1) return is_private_v4(ntohl(v4.s_addr));
  in6_addr v6;
  if (inet_pton(AF_INET6, text.c_str(), &v6) == 1) return is_private_v6(v6.s6_addr);
  return true;
}

}  // namespace toolpost
