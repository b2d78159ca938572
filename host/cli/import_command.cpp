#include <algorithm>
#include <iostream>
#include <nlohmann/json.hpp>

#include "cli/configuration_file.hpp"
#include "cli/env_import.hpp"
#include "cli/env_page.hpp"
#include "cli/import_command.hpp"
#include "cli/new_file.hpp"

namespace toolpost {
namespace {

using nlohmann::json;

int fail(const HostOptions& options, const std::string& message, int status) {
  if (options.output == Output::json) {
    std::cout << json{{"error", {{"message", message}}}}.dump(1) << "\n";
  } else {
    std::cerr << "toolpost: " << message << "\n";
  }
  return status;
}

json note_json(const EnvNote& note) {
  json one = {{"effect", note.effect}};
  if (!note.variable.empty()) one["variable"] = note.variable;
  if (note.line != 0) one["line"] = note.line;
  if (!note.setting.empty()) one["setting"] = note.setting;
  if (!note.message.empty()) one["message"] = note.message;
  return one;
}

struct NoteGroup {
  const char* effect;
  const char* head;
};
// In the order in which a reader has to act. What was kept or not set needs no word.
constexpr NoteGroup kGroups[] = {
    {"bad_line", "these lines set nothing"},
    {"unknown", "not known"},
    {"unusable", "values that cannot be used"},
    {"duplicate", "set more than once"},
    {"key", "keys: none is written; each must come from somewhere"},
    {"changed", "means something else here"},
    {"adjusted", "follows from the rest"},
    {"no_effect", "has no effect any more"},
};

/// "NAME (line 3), ceilings.tool_ms", as far as there is something to name.
std::string where(const EnvNote& note) {
  const std::string line = note.line == 0 ? "" : "line " + std::to_string(note.line);
  if (note.variable.empty()) return note.setting.empty() ? line : note.setting;
  const bool named = note.effect == "changed" && !note.setting.empty();
  return note.variable + " (" + line + ")" + (named ? ", " + note.setting : "");
}

std::string notes_text(const std::vector<EnvNote>& notes) {
  std::string out;
  for (const NoteGroup& group : kGroups) {
    std::string lines;
    for (const EnvNote& note : notes) {
      if (note.effect != group.effect) continue;
      lines += "  " + where(note) + ": " + note.message + "\n";
    }
    if (!lines.empty()) out += std::string(group.head) + ":\n" + lines;
  }
  const auto kept =
      std::count_if(notes.begin(), notes.end(), [](const EnvNote& note) { return note.effect == "kept"; });
  return out + std::to_string(kept) + (kept == 1 ? " variable means" : " variables mean") +
         " the same here\n";
}

}  // namespace

int run_config_import(const HostOptions& options, const ConfigImportCommand& command) {
  if (command.markdown) {
    std::cout << env_page();
    return 0;
  }
  if (command.file.empty()) return fail(options, "name the .env file to import", 2);
  const auto text = read_configuration_file(command.file);
  if (!text) return fail(options, command.file + " is not there", 2);
  if (!*text) return fail(options, command.file + ": " + text->error().message, 2);
  if ((*text)->size() > kConfigurationBytesMax)
    return fail(options, command.file + " is larger than 1 MiB; a .env file never is", 2);
  const EnvImport imported = import_env(**text);
  if (!imported.problems.empty())
    return fail(options,
                "a mistake of this program: what it made does not load: " +
                    to_string(imported.problems.front()) + "; please report it",
                1);
  if (!command.out.empty()) {
    if (auto written = write_new_file(command.out, imported.toml); !written)
      return fail(options, written.error().message, 1);
  }
  if (options.output == Output::json) {
    json document = {{"toml", imported.toml}, {"variables", json::array()}};
    for (const EnvNote& note : imported.notes) document["variables"].push_back(note_json(note));
    if (!command.out.empty()) document["file"] = command.out;
    std::cout << document.dump(1, ' ', false, json::error_handler_t::replace) << "\n";
    return 0;
  }
  if (command.out.empty()) std::cout << imported.toml;
  std::cerr << notes_text(imported.notes);
  if (!command.out.empty())
    std::cerr << command.out << " is written; try it: toolpost --config " << command.out << " config check\n";
  return 0;
}

}  // namespace toolpost
