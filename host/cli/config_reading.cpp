#include "cli/config_reading.hpp"

#include "base/result.hpp"
#include "cli/configuration_file.hpp"
#include "config/config_paths.hpp"

extern char** environ;

namespace toolpost {

EnvironmentList environment_list() {
  EnvironmentList list;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const std::size_t equals = text.find('=');
    if (equals != std::string_view::npos) list.emplace_back(text.substr(0, equals), text.substr(equals + 1));
  }
  return list;
}

ConfigReading read_configuration(const std::optional<std::string>& given) {
  const EnvironmentList list = environment_list();
  ConfigReading reading;
  std::vector<ConfigSource> sources;
  std::vector<ConfigProblem> unreadable;
  for (const ConfigFile& file : config_files({list.begin(), list.end()}, given)) {
    auto text = read_configuration_file(file.path);
    if (!text) {
      if (file.presence == ConfigFile::Presence::required)
        unreadable.push_back({file.path, 0, 0, "the configuration file is not there; --config names it"});
    } else if (!*text) {
      unreadable.push_back({file.path, 0, 0, text->error().message});
    } else {
      reading.files.push_back(file.path);
      sources.push_back({file.path, std::move(**text)});
    }
  }
  reading.outcome = load_settings(sources, list);
  if (unreadable.empty()) return reading;
  reading.outcome.loaded.reset();
  reading.outcome.problems.insert(reading.outcome.problems.begin(), unreadable.begin(), unreadable.end());
  return reading;
}

}  // namespace toolpost
