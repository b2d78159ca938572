#pragma once
// One setting's value: from a TOML node into its slot, from its slot to text, and the words for its limits.
// Knows types and ranges only; what values mean together is settings_rules.

#include <optional>
#include <string>

#include "config/settings_schema.hpp"
#include "config/toml_document.hpp"

namespace toolpost {

/// Checks type and range and stores the value. Answers what is wrong ("must be ..., found ..."), or nothing;
/// then the slot is as it was.
std::optional<std::string> assign(const SettingSpec& spec, SettingSlot slot, const TomlNode& node);

/// The value as TOML, numbers grouped as in the schema's defaults; empty for an optional that is not set.
std::string value_text(const SettingSpec& spec, SettingSlot slot);

/// "1,024..67,108,864"; "0.01..1"; the words of a choice; empty when anything goes.
std::string range_text(const SettingSpec& spec);
/// "64 MiB" for large round numbers of bytes, "24 h" for long times; empty when that says nothing more.
std::string human_text(const SettingSpec& spec, double value);
/// "whole number", "list of strings", ...
std::string kind_text(SettingKind kind);
/// 1234567 with `separator` between groups of three.
std::string grouped(std::uint64_t value, char separator);

}  // namespace toolpost
