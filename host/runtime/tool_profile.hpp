#pragma once
// Which tools a client is told of. What it reads of tools costs its model room to think, so a profile names
// those that are worth it. It is no barrier: a tool that is not listed still answers when called by name;
// only tools.disable takes a tool away.

#include <string_view>

#include "config/settings.hpp"
#include "plugin/plugin_catalog.hpp"

namespace toolpost {

enum class ToolOffer {
  listed,    // tools/list names it
  unlisted,  // it answers, but is not named
  disabled   // it is not there
};

/// Tools that the operator dropped in are in every profile.
ToolOffer offer_of(std::string_view tool, PluginOrigin origin, const ToolSettings& settings);

}  // namespace toolpost
