#include "config/settings_print.hpp"

#include <sstream>
#include <vector>

#include "config/setting_value.hpp"
#include "config/settings_explain.hpp"
#include "config/settings_schema.hpp"
#include "config/toml_document.hpp"

namespace toolpost {
namespace {

constexpr std::size_t kColumnMax = 100;

// `text` as comment lines.
std::string commented(std::string_view text, std::string_view prefix = "# ") {
  std::string out, line;
  std::istringstream words{std::string(text)};
  for (std::string word; words >> word;) {
    if (!line.empty() && prefix.size() + line.size() + 1 + word.size() > kColumnMax) {
      out += std::string(prefix) + line + '\n';
      line.clear();
    }
    line += (line.empty() ? "" : " ") + word;
  }
  return out + std::string(prefix) + line + '\n';
}

// "milliseconds, 10..600,000 (5 s)": what a value may be, and the default in words.
std::string bounds_text(const SettingSpec& spec) {
  std::string text = spec.kind == SettingKind::duration || !spec.unit.empty() ? std::string(spec.unit)
                                                                              : kind_text(spec.kind);
  if (const std::string range = range_text(spec); !range.empty() && spec.kind != SettingKind::flag)
    text = spec.kind == SettingKind::text ? range : text + ", " + range;
  return text;
}

std::string default_in_words(const SettingSpec& spec) {
  if (spec.kind != SettingKind::duration && spec.unit != "bytes") return "";
  std::string digits;
  for (const char c : spec.default_value)
    if (c != '_') digits += c;
  const std::string words = digits.empty() ? "" : human_text(spec, std::stod(digits));
  return words.empty() ? "" : " (" + words + ")";
}

template <typename Owner>
std::string example_lines(std::span<const Setting<Owner>> table,
                          const std::vector<std::pair<std::string_view, std::string_view>>& examples) {
  std::string out;
  for (const Setting<Owner>& setting : table) {
    const SettingSpec& spec = setting.spec;
    std::string value(spec.default_value);
    for (const auto& [key, example] : examples)
      if (key == spec.key) value = example;
    out += commented(std::string(spec.meaning) + " [" + bounds_text(spec) + "; default: " +
                         (spec.default_value.empty() ? "not set" : std::string(spec.default_value)) + "]",
                     "#   # ");
    out += "#   " + std::string(spec.key) + " = " + value + "\n";
  }
  return out;
}

std::string provider_example() {
  return "# Providers: one table per name. This is an example; take the first '#' of each line below away.\n"
         "# [providers.example]\n" +
         example_lines(provider_settings(), {{"base_url", "\"https://api.example.com/v1\""},
                                             {"key", "{ env = \"EXAMPLE_API_KEY\" }"},
                                             {"models", "[\"example-large\", \"example-small\"]"},
                                             {"ceiling_ms", "60_000"},
                                             {"attempts_max", "2"},
                                             {"config", "{ temperature = 0.2 }"}});
}

std::string plugin_example() {
  return "# Plugins: one table per id, for what differs from the rest. Also an example.\n"
         "# [plugins.\"org.example.review\"]\n" +
         example_lines(plugin_settings(), {{"grant", "[\"file.read\", \"provider\"]"},
                                           {"ceiling_ms", "60_000"},
                                           {"turn_max_ms", "10_000"},
                                           {"calls_max", "4"},
                                           {"config", "{ language = \"en\" }"}});
}

std::string cell(std::string_view text) {
  std::string out;
  for (const char c : text) out += c == '|' ? std::string("\\|") : std::string(1, c);
  return out;
}

template <typename Owner>
std::string markdown_table(std::span<const Setting<Owner>> table, std::string_view section) {
  std::string out = "| Setting | Default | Unit and range | Meaning |\n|---|---|---|---|\n";
  for (const Setting<Owner>& setting : table) {
    const SettingSpec& spec = setting.spec;
    if (spec.section != section) continue;
    const std::string value =
        spec.default_value.empty() ? "not set" : "`" + std::string(spec.default_value) + "`";
    out += "| `" + std::string(spec.key) + "` | " + value + default_in_words(spec) + " | " +
           cell(bounds_text(spec)) + " | " + cell(spec.meaning) + " |\n";
  }
  return out;
}

constexpr std::string_view kMarkdownHead = R"(# Configuration

This page and `config/toolpost.toml` are made from the table in `host/config/settings_schema.cpp`; change it there.

Toolpost runs without any file. These are read when they exist, and a later one overrides an earlier one setting
by setting:

1. `/etc/toolpost/toolpost.toml`
2. `$XDG_CONFIG_HOME/toolpost/toolpost.toml`, or `~/.config/toolpost/toolpost.toml`
3. the file given with `--config FILE`, which must exist
4. variables `TOOLPOST_<SECTION>__<KEY>`, for example `TOOLPOST_LOG__LEVEL=debug`

Lists are replaced, not joined; so is the `config` table of a provider or plugin. In variables, strings are written
without quotes and lists with commas. A provider's setting is `TOOLPOST_PROVIDERS__<NAME>__<KEY>`, a plugin's
`TOOLPOST_PLUGINS__<ID>__<KEY>` with `_` for every character of the id that is neither letter nor digit; a file must have that plugin's table.

All mistakes are reported at once, with file, line and column. A mistake in a file refuses the start; nothing is
guessed. `toolpost config print` shows what is in force, with `--explain` also where each value was said, and
`toolpost config print --defaults` every setting. `--json` gives the same to programs.

Durations are whole milliseconds (`_ms`), sizes whole bytes (`_bytes`). Every limit has a range: there is no
"unlimited" except where the meaning says so.

**Secrets are never written into these files.** A key names its source: `{ env = "NAME" }`, or
`{ file = "/absolute/path" }`, a regular file of the same user with mode 0600 or stricter, or
`{ command = ["/absolute/program", "argument"] }`, whose standard output is the key. A command runs without a shell, with `PATH`,
`HOME`, `USER`, `LANG` and the `XDG_` variables alone; it may take 10 s and write 16 KiB. All keys are read at start and on reload
(SIGHUP).
)";

constexpr std::string_view kMarkdownRules = R"(
## Rules between settings

- `provider_ms + deadlines.provider_reserve_ms <= tool_ms <= expert_ms <= daemon_ms`, and
  `tool_ms + deadlines.tool_reserve_ms <= daemon_ms`, in `[ceilings]` and in `[ceilings_long]`.
  A ceiling of 0 is off and is skipped here. `daemon_ms = 0` needs `deadlines.allow_unbounded = true` and is warned of.
- `deadlines.client_reserve_ms` is less than `deadlines.client_wall_ms`, unless that is 0.
- `retry.backoff_base_ms <= retry.backoff_max_ms`, and `breaker.open_base_ms <= breaker.open_max_ms`.
- `isolation.mode = "in-process"` needs `isolation.allow_unsafe = true` and is warned of.
- `host.default_provider` is empty, `client`, or the name of a `[providers.NAME]`.
- Each entry of `models.fallback` is such a name, or NAME/model.
- A `base_url` is http or https, without user name, query or fragment; plain http with a key to another machine is
  warned of.
- Paths are absolute. `files.deny` holds names without `/`.
)";

}  // namespace

std::string default_toml() {
  std::string out =
      "# Every setting of Toolpost with its default. Copy the lines that you change; what a file does not "
      "name\n"
      "# keeps its default. Made from the table in host/config/settings_schema.cpp: change it there.\n";
  for (const SectionSpec& section : section_specs()) {
    out += "\n" + commented(section.meaning) + "[" + std::string(section.name) + "]\n";
    for (const Setting<Settings>& setting : host_settings()) {
      const SettingSpec& spec = setting.spec;
      if (spec.section != section.name) continue;
      out += commented(std::string(spec.meaning) + " [" + bounds_text(spec) + "]");
      const std::string words = default_in_words(spec);
      out += std::string(spec.key) + " = " + std::string(spec.default_value) +
             (words.empty() ? "" : "  # " + words.substr(2, words.size() - 3)) + "\n";
    }
  }
  return out + "\n" + provider_example() + "\n" + plugin_example();
}

std::string settings_markdown() {
  std::string out(kMarkdownHead);
  for (const SectionSpec& section : section_specs()) {
    out += "\n## [" + std::string(section.name) + "]\n\n" + cell(section.meaning) + "\n\n";
    out += markdown_table(host_settings(), section.name);
  }
  out +=
      "\n## [providers.NAME]\n\nOne table per provider; the name has 1 to 64 of a-z, 0-9, `-` and `_`.\n\n";
  out += markdown_table(provider_settings(), "");
  out += "\n## [plugins.\"ID\"]\n\nOne table per plugin, by the id in its manifest.\n\n";
  out += markdown_table(plugin_settings(), "");
  return out + std::string(kMarkdownRules);
}

std::string print_toml(const Settings& settings) {
  std::string out, table;
  for (const EffectiveSetting& setting : effective_settings(settings)) {
    if (setting.table != table) out += (out.empty() ? "[" : "\n[") + (table = setting.table) + "]\n";
    out += setting.key + " = " + setting.value + "\n";
  }
  return out;
}

}  // namespace toolpost
