#pragma once
// Every setting once: where it stands in TOML and in Settings, its type, unit, range, default and meaning.
// Loading, printing and the documentation all come from this table. Not for rules between settings.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

#include "config/settings.hpp"

namespace toolpost {

/// Where a value lives. The kinds of SettingKind follow from it, except `object`, which is JSON in a string.
using SettingSlot = std::variant<bool*, std::uint32_t*, std::uint64_t*, double*, Millis*, std::string*,
                                 std::vector<std::string>*, std::optional<Millis>*,
                                 std::optional<std::uint32_t>*, std::optional<SecretSource>*>;

enum class SettingKind { flag, count, ratio, duration, text, texts, secret, object };

struct SettingSpec {
  std::string_view section;  // empty for the tables of providers and plugins
  std::string_view key;
  SettingKind kind = SettingKind::flag;
  std::string_view default_value;  // as TOML; empty: not set
  double min = 0, max = 0;         // inclusive, in the unit; of counts, ratios and durations
  std::string_view unit;           // "bytes", "calls"; a duration's is milliseconds
  std::string_view allowed;        // "a|b" for a text of few values; empty: any
  std::string_view meaning;        // one sentence
};

template <typename Owner>
struct Setting {
  SettingSpec spec;
  SettingSlot (*slot)(Owner&);
};

struct SectionSpec {
  std::string_view name;
  std::string_view meaning;
};

/// In the order of the file. Lifetime: static.
std::span<const SectionSpec> section_specs();
std::span<const Setting<Settings>> host_settings();
std::span<const Setting<ProviderSettings>> provider_settings();
std::span<const Setting<PluginSettings>> plugin_settings();

}  // namespace toolpost
