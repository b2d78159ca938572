// Both sides of every range in the table, so that none is off by one.
#include <cmath>

#include "catch.hpp"
#include "config/setting_value.hpp"
#include "config/settings_load.hpp"
#include "config/settings_schema.hpp"

using namespace toolpost;

namespace {

TomlNode number_node(const SettingSpec& spec, double value) {
  TomlNode node;
  node.kind = spec.kind == SettingKind::ratio ? TomlNode::Kind::number : TomlNode::Kind::integer;
  node.number = value;
  node.integer = static_cast<std::int64_t>(value);
  return node;
}

template <typename Owner>
int check_ranges(std::span<const Setting<Owner>> table) {
  int checked = 0;
  for (const Setting<Owner>& setting : table) {
    const SettingSpec& spec = setting.spec;
    const bool number = spec.kind == SettingKind::count || spec.kind == SettingKind::ratio ||
                        spec.kind == SettingKind::duration;
    if (!number) continue;
    ++checked;
    INFO(spec.section << "." << spec.key);
    REQUIRE(spec.min < spec.max);
    Owner owner;
    const double step = spec.kind == SettingKind::ratio ? 0.001 : 1;
    for (const double good : {spec.min, spec.max}) {
      CHECK_FALSE(assign(spec, setting.slot(owner), number_node(spec, good)));
      std::string digits;
      for (const char c : value_text(spec, setting.slot(owner))) digits += c == '_' ? "" : std::string(1, c);
      CHECK(std::stod(digits) == Approx(good));
    }
    const std::string before = value_text(spec, setting.slot(owner));
    for (const double bad : {spec.min - step, spec.max + step}) {
      const auto fault = assign(spec, setting.slot(owner), number_node(spec, bad));
      REQUIRE(fault);
      CHECK(fault->find(range_text(spec)) != std::string::npos);
      CHECK(fault->find("found the ") != std::string::npos);
    }
    CHECK(value_text(spec, setting.slot(owner)) == before);
  }
  return checked;
}

}  // namespace

TEST_CASE("settings range: both bounds of every number are accepted, one step outside is not", "[config]") {
  CHECK(check_ranges(host_settings()) > 70);
  CHECK(check_ranges(provider_settings()) == 5);
  CHECK(check_ranges(plugin_settings()) == 3);
}

TEST_CASE("settings range: nan, inf and the largest integers are refused", "[config]") {
  for (const char* value : {"nan", "inf", "-inf", "1e300"})
    CHECK_FALSE(load_settings({{"f", std::string("[retry]\nbudget_refund = ") + value}}).loaded);
  for (const char* value : {"9223372036854775807", "-9223372036854775808", "-1"})
    CHECK_FALSE(load_settings({{"f", std::string("[limits]\ndepth_max = ") + value}}).loaded);
}

TEST_CASE("settings range: human words appear for round bytes and times only", "[config]") {
  SettingSpec bytes;
  bytes.unit = "bytes";
  bytes.kind = SettingKind::count;
  CHECK(human_text(bytes, 4 << 20) == "4 MiB");
  CHECK(human_text(bytes, (4 << 20) + 1) == "");
  CHECK(human_text(bytes, 1023) == "");
  SettingSpec time;
  time.kind = SettingKind::duration;
  CHECK(human_text(time, 60'000) == "1 min");
  CHECK(human_text(time, 67'500) == "");
  CHECK(human_text(time, 86'400'000) == "24 h");
  CHECK(grouped(0, ',') == "0");
  CHECK(grouped(999, ',') == "999");
  CHECK(grouped(1000, ',') == "1,000");
  CHECK(grouped(1234567, '_') == "1_234_567");
}
