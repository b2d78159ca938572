#pragma once
// Reads a secret from where the configuration says it is: an environment variable or a file that only we can read.

#include <functional>
#include <string>

#include "base/result.hpp"
#include "config/settings.hpp"

namespace toolpost {

/// Empty text when no source is named. Errors: unauthenticated, saying what is missing; never the secret.
Result<std::string> read_secret(const SecretSource& source, const std::function<std::string(const std::string&)>& environment);

}  // namespace toolpost
