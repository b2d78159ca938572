#pragma once
// What a plugin reached for and was refused inside its worker. The worker counts on the page that it shares
// with the host, which logs the first of a kind and tells the rest in `status`.

#include <array>
#include <cstdint>
#include <string_view>

namespace toolpost {

enum class RefusedPower : unsigned char { processes, network, privileges, files, handles };

inline constexpr std::size_t kRefusedPowers = static_cast<std::size_t>(RefusedPower::handles) + 1;

/// As in the `refusals` of `status`. Lifetime: static.
constexpr std::string_view name(RefusedPower power) {
  constexpr std::array<std::string_view, kRefusedPowers> names = {
      "kernel.processes", "kernel.network", "kernel.privileges", "kernel.files", "handle"};
  return names[static_cast<std::size_t>(power)];
}

/// What it did, for the log. Lifetime: static.
constexpr std::string_view meaning(RefusedPower power) {
  constexpr std::array<std::string_view, kRefusedPowers> meanings = {
      "it tried to start, signal, read or steer a process", "it tried to use a socket",
      "it tried to use a privilege of the account or the machine",
      "it tried to change files, or to open them by their numbers",
      "it used the handle of another call, or of an effect that its call did not start"};
  return meanings[static_cast<std::size_t>(power)];
}

}  // namespace toolpost
