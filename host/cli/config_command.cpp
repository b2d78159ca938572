#include <iostream>
#include <nlohmann/json.hpp>

#include "cli/commands.hpp"
#include "cli/host_setup.hpp"
#include "config/config_profiles.hpp"
#include "config/settings_explain.hpp"
#include "config/settings_print.hpp"

namespace toolpost {
namespace {

using nlohmann::json;

json problems_json(const std::vector<ConfigProblem>& problems) {
  json list = json::array();
  for (const ConfigProblem& problem : problems) {
    json one = {{"message", problem.message}};
    if (!problem.file.empty()) one["file"] = problem.file;
    if (problem.line != 0) one["line"] = problem.line;
    if (problem.column != 0) one["column"] = problem.column;
    list.push_back(std::move(one));
  }
  return list;
}

std::string shown(const json& value) {
  return value.dump(1, ' ', false, json::error_handler_t::replace) + "\n";
}

}  // namespace

int run_config_check(const HostOptions& options) {
  ConfigReading reading = read_configuration(options.config_file);
  SettingsOutcome& outcome = reading.outcome;
  MisfitProblems misfits;
  if (const auto& settings = outcome.loaded ? outcome.loaded : outcome.rest)
    misfits = misfit_problems(*settings);
  outcome.problems.insert(outcome.problems.end(), misfits.problems.begin(), misfits.problems.end());
  if (!outcome.problems.empty()) outcome.loaded.reset();
  const bool good = outcome.loaded.has_value();
  if (good) {
    for (const auto& more : {misfits.warnings, key_warnings(*outcome.loaded)})
      outcome.loaded->warnings.insert(outcome.loaded->warnings.end(), more.begin(), more.end());
  }
  if (options.output == Output::json) {
    std::cout << shown({{"good", good},
                        {"files", reading.files},
                        {"problems", problems_json(reading.outcome.problems)},
                        {"warnings", problems_json(good ? reading.outcome.loaded->warnings
                                                        : std::vector<ConfigProblem>{})}});
    return good ? 0 : 2;
  }
  show_problems(reading);
  if (!good) return 2;
  std::cout << "the configuration is good; read: ";
  for (const std::string& file : reading.files) std::cout << file << ", ";
  std::cout << "the environment\n";
  return 0;
}

int run_config_print(const HostOptions& options, const ConfigPrintCommand& command) {
  if (!command.profile.empty()) {
    const auto text = config_profile(command.profile);
    if (!text) {
      std::cerr << "toolpost: " << text.error().message << "\n";
      return 2;
    }
    std::cout << *text;
    return 0;
  }
  if (command.markdown) {
    std::cout << settings_markdown();
    return 0;
  }
  LoadedSettings loaded;
  if (!command.defaults) {
    ConfigReading reading = read_configuration(options.config_file);
    show_problems(reading);
    if (!reading.outcome.loaded) return 2;
    loaded = std::move(*reading.outcome.loaded);
  }
  if (options.output == Output::json) {
    std::cout << explain_json(loaded);
  } else if (command.defaults) {
    std::cout << default_toml();
  } else {
    std::cout << (command.explain ? explain_toml(loaded) : print_toml(loaded.settings));
  }
  return 0;
}

}  // namespace toolpost
