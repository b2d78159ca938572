#pragma once
// Completes the provider tables of an import: which are whole, what their plugin needs, their models, the
// default.

#include <string>
#include <vector>

#include "cli/env_toml.hpp"

namespace toolpost {

struct EnvProviderWishes {
  std::vector<std::string> only;     // empty: all
  std::vector<std::string> without;  // wins
  std::string default_model;         // empty: auto
};

struct EnvProviderFault {
  std::string setting;
  std::string message;
};

/// Drops what is no whole provider and fills in the others. Returns what the operator should know.
std::vector<EnvProviderFault> finish_providers(EnvToml& toml, const EnvProviderWishes& wishes);

}  // namespace toolpost
