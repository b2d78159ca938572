#pragma once
// That a plugin file crashed on an input, as hosts of one state folder tell each other.

#include <cstdint>
#include <string>

namespace toolpost {

struct CrashRecord {
  std::string file;        // SHA-256 of the plugin's file
  std::string owner;       // whose call it was; empty in the record of a quarantined file
  std::string input;       // digest of plugin, method and arguments; empty in that record
  std::int64_t at_ms = 0;  // the last time; wall clock
  std::uint32_t count = 1;
};

}  // namespace toolpost
