#include "cli/completion.hpp"

#include <CLI/CLI.hpp>

namespace toolpost {
namespace {

/// The words that may follow, given the commands so far: "config print" -> "--defaults --explain ...".
void add_cases(const CLI::App& app, const std::string& path, const std::string& inherited, std::string& out) {
  std::string words;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; }))
    words += command->get_name() + " ";
  std::string options;
  for (const CLI::Option* option : app.get_options())
    for (const std::string& name : option->get_lnames()) options += "--" + name + " ";
  words += options + inherited;
  while (words.ends_with(' ')) words.pop_back();
  out += "    \"" + path + "\") words=\"" + words + "\" ;;\n";
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    // --help and --version are the program's own; each command has its --help already.
    const std::string passed_on = "--config --state-dir --json ";
    add_cases(*command, path.empty() ? command->get_name() : path + " " + command->get_name(), passed_on,
              out);
  }
}

constexpr const char* kHead = R"(# Completes toolpost's commands and options; everything else is a file.
_toolpost() {
  local current="${COMP_WORDS[COMP_CWORD]}" path="" words="" word
  for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$path $word" in
COMMANDS
    esac
  done
  case "$path" in
)";

constexpr const char* kTail = R"(  esac
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}
complete -o default -F _toolpost toolpost
)";

/// "      " config") path=config ;;" for each command, so that options and their values are skipped.
void add_paths(const CLI::App& app, const std::string& path, std::string& out) {
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    const std::string longer = path.empty() ? command->get_name() : path + " " + command->get_name();
    out += "      \"" + path + " " + command->get_name() + "\") path=\"" + longer + "\" ;;\n";
    add_paths(*command, longer, out);
  }
}

}  // namespace

std::string completion_script(const CLI::App& app, Shell shell) {
  std::string paths;
  add_paths(app, "", paths);
  if (!paths.empty()) paths.pop_back();
  std::string script(kHead);
  script.replace(script.find("COMMANDS"), 8, paths);
  add_cases(app, "", "", script);
  script += kTail;
  // zsh understands bash's completions once it is told to.
  return shell == Shell::bash ? script
                              : "#compdef toolpost\nautoload -Uz bashcompinit && bashcompinit\n" + script;
}

}  // namespace toolpost
