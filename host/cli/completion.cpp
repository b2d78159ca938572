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
  out += "    \"" + path + "\") found=\"" + words + "\" ;;\n";
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    // --help and --version are the program's own; each command has its --help already.
    const std::string passed_on = "--config --state-dir --json ";
    add_cases(*command, path.empty() ? command->get_name() : path + " " + command->get_name(), passed_on,
              out);
  }
}

// Of bash and zsh alike between its first lines and its last; `path` is zsh's own.
constexpr const char* kBashHead = R"(# Completes toolpost's commands and options; everything else is a file.
_toolpost() {
  local current="${COMP_WORDS[COMP_CWORD]}" at="" found="" word
  for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
)";
constexpr const char* kBashTail = R"(  mapfile -t COMPREPLY < <(compgen -W "$found" -- "$current")
}
complete -o default -F _toolpost toolpost
)";

constexpr const char* kZshHead = R"(#compdef toolpost
_toolpost() {
  local at="" found="" word
  for word in "${(@)words[2,CURRENT-1]}"; do
)";
constexpr const char* kZshTail = R"(  compadd -- ${=found}
  _files
}
if [ "$funcstack[1]" = _toolpost ]; then _toolpost "$@"; else compdef _toolpost toolpost; fi
)";

/// "      " config") at=config ;;" for each command, so that options and their values are skipped.
void add_paths(const CLI::App& app, const std::string& path, std::string& out) {
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    const std::string longer = path.empty() ? command->get_name() : path + " " + command->get_name();
    out += "      \"" + path + " " + command->get_name() + "\") at=\"" + longer + "\" ;;\n";
    add_paths(*command, longer, out);
  }
}

}  // namespace

std::string completion_script(const CLI::App& app, Shell shell) {
  std::string script(shell == Shell::bash ? kBashHead : kZshHead);
  script += "    case \"$at $word\" in\n";
  add_paths(app, "", script);
  script += "    esac\n  done\n  case \"$at\" in\n";
  add_cases(app, "", "", script);
  script += "  esac\n";
  return script + (shell == Shell::bash ? kBashTail : kZshTail);
}

}  // namespace toolpost
