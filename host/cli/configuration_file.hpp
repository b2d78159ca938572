#pragma once
// Reads one file that an operator wrote, a configuration or what becomes one. Not for its meaning.

#include <optional>
#include <string>

#include "base/result.hpp"

namespace toolpost {

constexpr std::size_t kConfigurationBytesMax = 1 << 20;

/// The text of a file, or the first kConfigurationBytesMax + 1 bytes of it, so that it is the parser that
/// says what is too much. Nothing when the file is not there. Errors: invalid_config.
std::optional<Result<std::string>> read_configuration_file(const std::string& path);

}  // namespace toolpost
