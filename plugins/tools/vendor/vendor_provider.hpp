#pragma once
// Which of the configured providers a tool of one vendor asks: the first one with that vendor's plugin, a
// usable one before others.

#include <toolpost/workflow/fields.hpp>

#include <string>

namespace vendor {

using toolpost::json;

struct Vendor {
  const char* plugin;    // the provider plugin, by the last word of its id
  const char* name;      // for people
  const char* base_url;  // an example for the configuration
};

struct Chosen {
  std::string provider;  // the NAME of [providers.NAME]; empty: none is configured
  std::string unusable;  // why it cannot be asked; empty: it can
  json all;              // every configured provider, as the effect `models` lists them
};

inline std::string missing(const Vendor& vendor, const std::string& tool) {
  return tool + " asks " + vendor.name + ", and no provider with plugin = \"" + vendor.plugin +
         "\" is configured; the operator may add to the configuration:\n[providers." + vendor.plugin +
         "]\nplugin = \"" + vendor.plugin + "\"\nbase_url = \"" + vendor.base_url +
         "\"\nkey = { env = \"NAME_OF_A_VARIABLE\" }\n";
}

inline Chosen choose_provider(toolpost::Call& call, const Vendor& vendor) {
  Chosen chosen;
  chosen.all = call.perform("models", json::object()).value("providers", json::array());
  for (const json& one : chosen.all) {
    const std::string plugin = one.value("plugin", "");
    if (plugin.substr(plugin.rfind('.') + 1) != vendor.plugin) continue;
    const std::string why_not = one.value("unusable", "");
    if (!chosen.provider.empty() && !why_not.empty()) continue;
    chosen.provider = one.value("provider", "");
    chosen.unusable = why_not;
    if (why_not.empty()) break;
  }
  return chosen;
}

/// The NAME of the vendor's provider. Throws UNSUPPORTED, saying what to configure, when there is none. One
/// that cannot be used is named all the same: asking it fails with the reason.
inline std::string provider_of(toolpost::Call& call, const Vendor& vendor, const std::string& tool) {
  const Chosen chosen = choose_provider(call, vendor);
  if (chosen.provider.empty()) throw toolpost::Error(TOOLPOST_UNSUPPORTED, missing(vendor, tool));
  return chosen.provider;
}

}  // namespace vendor
