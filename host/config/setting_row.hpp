#pragma once
// How a row of the one table of settings is written: its kind follows from the member that it fills. For the
// files of the table only.

#include "config/settings_schema.hpp"

namespace toolpost {

struct Range {
  double min, max;
};
inline constexpr double kKiB = 1024, kMiB = 1024 * kKiB, kGiB = 1024 * kMiB;
inline constexpr Range kCeiling{0, 86'400'000};

template <typename Member>
constexpr SettingKind kind_of() {
  if constexpr (std::is_same_v<Member, bool>)
    return SettingKind::flag;
  else if constexpr (std::is_same_v<Member, double>)
    return SettingKind::ratio;
  else if constexpr (std::is_same_v<Member, Millis> || std::is_same_v<Member, std::optional<Millis>>)
    return SettingKind::duration;
  else if constexpr (std::is_same_v<Member, std::string>)
    return SettingKind::text;
  else if constexpr (std::is_same_v<Member, std::vector<std::string>>)
    return SettingKind::texts;
  else if constexpr (std::is_same_v<Member, std::optional<SecretSource>>)
    return SettingKind::secret;
  else
    return SettingKind::count;
}

template <typename Owner, auto... Path>
SettingSlot slot_at(Owner& owner) {
  return &(owner.*....*Path);
}

template <typename Owner, auto... Path>
constexpr Setting<Owner> row(std::string_view section, std::string_view key, std::string_view default_value,
                             Range range, std::string_view unit, std::string_view meaning) {
  using Member = std::remove_reference_t<decltype((std::declval<Owner&>().*....*Path))>;
  constexpr SettingKind kind = kind_of<Member>();
  return {{section,
           key,
           kind,
           default_value,
           range.min,
           range.max,
           kind == SettingKind::duration ? std::string_view("milliseconds") : unit,
           {},
           meaning},
          &slot_at<Owner, Path...>};
}

template <typename Owner, auto... Path>
constexpr Setting<Owner> plain(std::string_view section, std::string_view key, std::string_view default_value,
                               std::string_view meaning, std::string_view allowed = {}) {
  Setting<Owner> setting = row<Owner, Path...>(section, key, default_value, {0, 0}, {}, meaning);
  setting.spec.allowed = allowed;
  return setting;
}

}  // namespace toolpost
