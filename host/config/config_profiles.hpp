#pragma once
// The example files in config/: a few settings for one kind of place, each with the reason. Made from the
// schema, so that a setting that is renamed or bounded otherwise cannot stay behind. Not for defaults (see
// settings_print).

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace toolpost {

/// "minimal", "hardened", "container".
std::vector<std::string> config_profile_names();
/// The file of that name in config/. Errors: not_found, with a guess at what was meant.
Result<std::string> config_profile(std::string_view name);

}  // namespace toolpost
