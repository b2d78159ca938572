// Configuration and environment: what loads prints as a file that loads to the same; every problem can be
// shown.
#include "config/settings_load.hpp"
#include "config/settings_print.hpp"
#include "fuzz.hpp"
#include "json/utf8.hpp"

using namespace toolpost;

namespace {

void check_shown(const std::vector<ConfigProblem>& problems) {
  hold(problems.size() <= 100, "at most 100 problems");
  for (const ConfigProblem& problem : problems) {
    const std::string shown = to_string(problem);
    hold(is_one_plain_line(shown), "a problem is one plain line");
    hold(shown.size() <= 4096, "a problem is bounded");
    hold(is_valid_utf8(shown), "a problem is UTF-8");
  }
}

}  // namespace

/// TOML, then behind a line of three dashes variables as NAME=VALUE, one a line.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view rest = fuzz_text(data, size);
  const std::string toml(take_until(rest, "\n---\n"));
  EnvironmentList environment;
  while (!rest.empty()) {
    std::string_view value = take_until(rest, "\n");
    const std::string_view name = take_until(value, "=");
    if (is_valid_utf8(name) && is_valid_utf8(value)) environment.emplace_back(name, value);
  }
  const SettingsOutcome outcome = load_settings({{"fuzz.toml", toml}}, environment);
  check_shown(outcome.problems);
  hold(outcome.loaded.has_value() == outcome.problems.empty(), "settings load exactly when nothing is wrong");
  if (!outcome.loaded) return 0;
  check_shown(outcome.loaded->warnings);
  const std::string printed = print_toml(outcome.loaded->settings);
  const SettingsOutcome again = load_settings({{"printed.toml", printed}});
  hold(again.loaded.has_value(), "what is printed loads");
  hold(print_toml(again.loaded->settings) == printed, "what is printed loads to the same");
  return 0;
}
