#include <iostream>
#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "cli/command_failure.hpp"
#include "cli/commands.hpp"
#include "cli/mcp_session.hpp"
#include "cli/sample_arguments.hpp"
#include "cli/text_table.hpp"

namespace toolpost {
namespace {

using nlohmann::ordered_json;

/// What a model pays for knowing a tool, by the rule of thumb of four bytes to a token.
std::size_t token_estimate(const std::string& text) {
  return (text.size() + 3) / 4;
}

std::string first_sentence(const std::string& text) {
  const std::size_t end = text.find_first_of(".\n");
  if (std::min(end, text.size()) <= 90) return text.substr(0, end);
  const std::size_t word = text.rfind(' ', 90);
  return text.substr(0, word == std::string::npos ? 90 : word) + " ...";
}

/// "string", "low|medium|high", "string[]".
std::string type_text(const ordered_json& schema) {
  if (!schema.is_object()) return "any";
  std::string choices;
  for (const auto& one : schema.value("enum", ordered_json::array()))
    choices += (choices.empty() ? "" : "|") + (one.is_string() ? one.get<std::string>() : one.dump());
  if (!choices.empty()) return choices;
  const ordered_json type = schema.value("type", ordered_json("any"));
  if (type == "array") return type_text(schema.value("items", ordered_json())) + "[]";
  return type.is_string() ? type.get<std::string>() : type.dump();
}

void print_one(const MethodManifest& method, const PluginEntry& plugin) {
  std::cout << method.name << (method.title.empty() ? "" : ": " + method.title) << "\n"
            << "  plugin " << plugin.id() << " " << plugin.found.manifest.version << "\n\n"
            << method.description << "\n\narguments:\n";
  const auto schema = ordered_json::parse(method.input_schema, nullptr, false);
  TextTable table({"  name", "type", "", "meaning"});
  const auto required = schema.value("required", ordered_json::array());
  const auto properties = schema.value("properties", ordered_json::object());
  for (const auto& [key, value] : properties.items()) {
    const bool needed = std::find(required.begin(), required.end(), key) != required.end();
    const std::string meaning = value.is_object() ? value.value("description", "") : "";
    table.add({"  " + key, type_text(value), needed ? "required" : "", meaning});
  }
  std::cout << table.text();
  if (!method.sample.empty())
    std::cout << "\ntry it:\n  toolpost call " << method.name << " '"
              << with_sample_file(method.sample, "hello.txt") << "'\n";
}

}  // namespace

int run_tools(const HostOptions& options, const std::string& tool) {
  const auto host = set_up_host(options);
  if (!host) return 2;
  PluginTable& plugins = host->runtime->plugins();
  const std::string listed = tools_list_json(plugins);
  if (!tool.empty()) {
    const auto found = plugins.tool(tool);
    if (!found) return fail(options, plugins.no_tool(tool));
    if (options.output == Output::human) {
      print_one(*found.method->manifest, *found.plugin);
      return 0;
    }
    for (const auto& one : ordered_json::parse(listed))
      if (one["name"] == tool) std::cout << one.dump(1) << "\n";
    return 0;
  }
  if (options.output == Output::json) {
    std::cout << ordered_json::parse(listed).dump(1) << "\n";
    return 0;
  }
  TextTable table({"tool", "plugin", "tokens", "does"});
  for (const auto& one : ordered_json::parse(listed)) {
    const std::string name = one["name"];
    const auto found = plugins.tool(name);
    table.add({name, found.plugin->id(), std::to_string(token_estimate(one.dump())),
               first_sentence(found.method->manifest->description)});
  }
  std::cout << table.text() << "\nA client's model reads about " << token_estimate(listed)
            << " tokens to know them all. `toolpost tools NAME` shows one.\n";
  if (!plugins.refused().empty())
    std::cout << "Not all that was found is used; `toolpost plugins` says what and why.\n";
  return 0;
}

}  // namespace toolpost
