#pragma once
// Settings as text for people: the documented default file, the manual page, and what is in force.
// Secrets appear only by their source.

#include <string>

#include "config/settings.hpp"

namespace toolpost {

/// Every setting with meaning, unit, range and default; exactly config/toolpost.toml.
std::string default_toml();
/// The reference for people; exactly docs/config.md.
std::string settings_markdown();
/// Values in force, as a file that loads to the same Settings.
std::string print_toml(const Settings& settings);

}  // namespace toolpost
