// toolpost: the command line. Parsing and help only; what a command does is in cli/.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <vector>

#include "base/text.hpp"
#include "cli/command_failure.hpp"
#include "cli/commands.hpp"
#include "cli/completion.hpp"
#include "cli/import_command.hpp"

namespace {

using namespace toolpost;

/// The commands by the order of the help, each with what runs it.
class CommandLine {
 public:
  CommandLine();
  int run(int argc, char** argv);

 private:
  std::string unknown_command(int argc, char** argv) const;
  std::string missing_command() const;
  CLI::App& add(CLI::App& parent, const char* name, const char* what, const char* examples,
                std::function<int()> action) {
    CLI::App* command = parent.add_subcommand(name, what);
    command->footer(std::string("Examples:\n") + examples);
    command->fallthrough();  // --config, --state-dir and --json may stand behind the command too
    if (action) actions_.emplace_back(command, std::move(action));
    return *command;
  }
  void add_serving();
  void add_calling();
  void add_calls();
  void add_threads();
  void add_plugins();
  void add_operating();
  void add_config();

  CLI::App app_{"Toolpost: a plugin host for AI workflow tools", "toolpost"};
  std::vector<std::pair<CLI::App*, std::function<int()>>> actions_;
  HostOptions options_;
  std::string config_file_;
  bool json_ = false;
  CallCommand call_;
  ReplayCommand replay_;
  std::string replay_match_ = "exact";
  std::string tool_;
  std::string released_;
  std::string inspected_;
  bool quiet_ = false;
  ConfigPrintCommand print_;
  ConfigImportCommand import_;
  bool probe_ = false;
  bool smoke_all_ = false;
  bool metrics_ = false;
  bool watch_ = false;
  std::string shell_;
  std::string kept_call_;
  bool purge_all_ = false;
  ThreadsCommand threads_;
  std::uint32_t threads_limit_ = 50;
};

CommandLine::CommandLine() {
  app_.set_version_flag("--version", kVersion);
  app_.require_subcommand(1);
  app_.footer(
      "Examples:\n"
      "  toolpost doctor                          is everything in order, and how is a client connected?\n"
      "  toolpost call echo '{\"text\":\"hello\"}'    run one tool\n"
      "  toolpost COMMAND --help                  more about one command\n\n"
      "Exit status: 0 done, 1 the call or check failed, 2 wrong use or configuration.");
  app_.add_option("--config", config_file_, "A configuration file; read after the system's and the user's");
  app_.add_option("--state-dir", options_.state_dir, "Where threads and plugin copies are kept");
  app_.add_flag("--json", json_, "Print JSON for programs instead of text for people");
  add_serving();
  add_calling();
  add_calls();
  add_threads();
  add_plugins();
  add_operating();
  add_config();
}

void CommandLine::add_serving() {
  add(app_, "serve", "Speak MCP over stdin and stdout",
      "  toolpost serve                            usually started by a client, see `toolpost doctor`\n"
      "  toolpost --config work.toml serve         with a configuration of its own",
      [this] { return run_serve(options_); });
}

void CommandLine::add_calling() {
  auto& call =
      add(app_, "call", "Run one tool and print its reply",
          "  toolpost call echo '{\"text\":\"hello\"}'\n"
          "  toolpost call debug --record bug.journal '{\"step\":\"...\"}'   keep the call for replay\n"
          "  toolpost call chat --json '{\"prompt\":\"...\"}' | jq -r .parts[0].json.content",
          [this] { return run_call(options_, call_); });
  call.add_option("tool", call_.tool, "Its name; `toolpost tools` lists them")->required();
  call.add_option("arguments", call_.arguments, "A JSON object; - reads it from standard input");
  call.add_option("--record", call_.record_file, "Write the call's journal to this new file, for replay");
  call.add_flag("--patient", call_.patient, "Wait as long as [ceilings_long] allows, not [ceilings]");
  call.add_flag("--durable", call_.durable,
                "The same, and what it has so far survives a crash: call it again to go on");
  auto& replay = add(
      app_, "replay", "Repeat a recorded call exactly, without performing anything",
      "  toolpost replay bug.journal\n"
      "  toolpost replay --match=kind bug.journal   other words are fine, another outcome is not\n"
      "  toolpost replay --update bug.journal       take the new outcome as the right one",
      [this] {
        replay_.match = replay_match_ == "kind" ? ReplayCommand::Match::kind : ReplayCommand::Match::exact;
        return run_replay(options_, replay_);
      });
  replay.add_option("file", replay_.file, "What `toolpost call --record` wrote")->required();
  replay
      .add_option("--match", replay_match_, "exact: the same bytes; kind: the same outcome and media types")
      ->check(CLI::IsMember({"exact", "kind"}));
  replay.add_flag("--update", replay_.update, "Write the new outcome into the file");
}

void CommandLine::add_calls() {
  auto& calls = add(app_, "calls", "Calls that survive: interrupted ones, and outcomes nobody has heard",
                    "  toolpost calls list\n"
                    "  toolpost calls resume       finish all durable calls whose host died",
                    {});
  calls.require_subcommand(1);
  add(calls, "list", "List them", "  toolpost calls list", [this] { return run_calls_list(options_); });
  auto& show = add(calls, "show", "Print a call's outcome, or the answers it has so far",
                   "  toolpost calls show 0123456789abcdef0123456789abcdef",
                   [this] { return run_calls_show(options_, kept_call_); });
  show.add_option("id", kept_call_, "As `calls list` and a failed call's message name it")->required();
  add(calls, "resume", "Finish all durable calls whose host died", "  toolpost calls resume",
      [this] { return run_calls_resume(options_); });
  auto& purge = add(calls, "purge", "Forget one call, or all that are not running",
                    "  toolpost calls purge 0123456789abcdef0123456789abcdef\n"
                    "  toolpost calls purge --yes        all",
                    [this] { return run_calls_purge(options_, kept_call_, purge_all_); });
  purge.add_option("id", kept_call_, "One call");
  purge.add_flag("--yes", purge_all_, "All of them, without another question");
}

void CommandLine::add_threads() {
  auto& threads =
      add(app_, "threads", "Conversations that tools can go on with: list, show, export, delete them",
          "  toolpost threads list\n"
          "  toolpost threads export 0123456789abcdef0123456789abcdef --out bug.json",
          {});
  threads.require_subcommand(1);
  auto& list = add(threads, "list", "List them, the one used last first",
                   "  toolpost threads list\n"
                   "  toolpost threads list --limit 5 --json | jq -r .threads[0].id",
                   [this] { return run_threads_list(options_, threads_limit_); });
  list.add_option("--limit", threads_limit_, "At most so many; 50 if not given")
      ->check(CLI::Range(1, 100'000));
  const char* id_help = "As a tool's continuation_id and `threads list` name it";
  auto& show =
      add(threads, "show", "Print a thread's turns; of a long question or answer its first 500 bytes",
          "  toolpost threads show 0123456789abcdef0123456789abcdef\n"
          "  toolpost threads show --full 0123456789abcdef0123456789abcdef",
          [this] { return run_threads_show(options_, threads_); });
  show.add_option("id", threads_.ids, id_help)->required()->expected(1);
  show.add_flag("--full", threads_.full, "Print all of every text");
  auto& out = add(threads, "export", "Print a whole thread as JSON or Markdown",
                  "  toolpost threads export 0123456789abcdef0123456789abcdef | jq .turns[].turn.answer\n"
                  "  toolpost threads export 0123456789abcdef0123456789abcdef --markdown --out bug.md",
                  [this] { return run_threads_export(options_, threads_); });
  out.add_option("id", threads_.ids, id_help)->required()->expected(1);
  out.add_flag("--markdown", threads_.markdown, "Print questions and answers to read, not JSON");
  out.add_option("--out", threads_.out, "Write it into this file (mode 0600), which must not be there");
  auto& gone = add(threads, "delete", "Delete threads, all that are named or none",
                   "  toolpost threads delete 0123456789abcdef0123456789abcdef\n"
                   "  toolpost threads delete --expired      what no tool can go on with any more\n"
                   "  toolpost threads delete --all --yes    everything",
                   [this] { return run_threads_delete(options_, threads_); });
  gone.add_option("ids", threads_.ids, id_help);
  gone.add_flag("--expired", threads_.expired, "Those whose time has passed");
  gone.add_flag("--all", threads_.all, "All of them; needs --yes");
  gone.add_flag("--yes", threads_.yes, "Delete without another question");
}

void CommandLine::add_plugins() {
  auto& tools = add(app_, "tools", "List the tools, or show one with its arguments",
                    "  toolpost tools\n"
                    "  toolpost tools debug        its arguments, and a call to try\n"
                    "  toolpost tools --json       as clients get them",
                    [this] { return run_tools(options_, tool_); });
  tools.add_option("tool", tool_, "Show this one");
  auto& plugins =
      add(app_, "plugins", "List plugins, what was refused and why, and what could be granted",
          "  toolpost plugins            what is there, and the TOML that grants what is missing\n"
          "  toolpost plugins --release dev.example.tool    run one again that is quarantined",
          [this] { return run_plugins(options_, released_); });
  plugins.add_option("--release", released_, "Run this plugin again, whatever it crashed on");
  auto& inspect =
      add(app_, "inspect", "Check a plugin file without running it",
          "  toolpost inspect build/plugin.so\n"
          "  toolpost inspect --quiet build/plugin.so    for build scripts: problems only",
          [this] {
            return run_inspect(inspected_, quiet_                            ? InspectOutput::problems
                                           : options_.output == Output::json ? InspectOutput::json
                                                                             : InspectOutput::full);
          });
  inspect.add_option("file", inspected_, "A shared library")->required();
  inspect.add_flag("--quiet", quiet_, "Print problems only");
}

void CommandLine::add_operating() {
  add(app_, "smoke", "Call every tool through a server of its own and show how it went",
      "  toolpost smoke              a table; status 1 when a tool fails, hangs or takes 60 s\n"
      "  toolpost smoke --all        also one chat with each provider; costs a few tokens",
      [this] { return run_smoke(options_, smoke_all_ ? SmokeScope::all : SmokeScope::tools); })
      .add_flag("--all", smoke_all_, "Also one chat with each provider");
  auto& status =
      add(app_, "status", "Show the running hosts, or their metrics",
          "  toolpost status\n"
          "  toolpost status --watch      anew each second\n"
          "  toolpost status --metrics    Prometheus text, for a node exporter's textfile collector",
          [this] {
            return run_status(options_, metrics_ ? StatusView::metrics
                                        : watch_ ? StatusView::watch
                                                 : StatusView::hosts);
          });
  auto* watch = status.add_flag("--watch", watch_, "Show them anew each second, until interrupted");
  status.add_flag("--metrics", metrics_, "Print Prometheus text")->excludes(watch);
  auto& doctor = add(app_, "doctor", "Say what is wrong with this installation, and how to mend it",
                     "  toolpost doctor\n"
                     "  toolpost doctor --probe     also ask each provider's first model; costs a few tokens",
                     [this] { return run_doctor(options_, probe_ ? DoctorProbe::yes : DoctorProbe::no); });
  doctor.add_flag("--probe", probe_, "Also ask each provider's first model");
  auto& completion = add(app_, "completion", "Print a script that completes commands in a shell",
                         "  source <(toolpost completion bash)\n"
                         "  toolpost completion zsh > ~/.zfunc/_toolpost",
                         [this] {
                           std::cout << completion_script(app_, shell_ == "zsh" ? Shell::zsh : Shell::bash);
                           return 0;
                         });
  completion.add_option("shell", shell_, "bash or zsh")->required()->check(CLI::IsMember({"bash", "zsh"}));
}

void CommandLine::add_config() {
  auto& config = add(app_, "config", "Check, print or import the configuration",
                     "  toolpost config check\n"
                     "  toolpost config print --explain",
                     {});
  config.require_subcommand(1);
  add(config, "check", "Read the configuration and report every problem",
      "  toolpost config check                        status 2 when something is wrong\n"
      "  toolpost --config new.toml config check      before it replaces the old one",
      [this] { return run_config_check(options_); });
  auto& print = add(config, "print", "Print the configuration in force",
                    "  toolpost config print --explain              and where each value comes from\n"
                    "  toolpost config print --defaults             every setting with its documentation\n"
                    "  toolpost config print --profile container    a file to start from",
                    [this] { return run_config_print(options_, print_); });
  auto* defaults =
      print.add_flag("--defaults", print_.defaults, "Print every setting with its documentation and default");
  auto* explain = print.add_flag("--explain", print_.explain, "Say where each value comes from");
  auto* profile =
      print.add_option("--profile", print_.profile, "Print minimal, hardened or container instead");
  auto* markdown = print.add_flag("--markdown", print_.markdown, "Print the manual page docs/config.md");
  explain->excludes(defaults)->excludes(profile)->excludes(markdown);
  defaults->excludes(profile)->excludes(markdown);
  profile->excludes(markdown);
  auto& import =
      add(config, "import", "Turn the predecessor's .env file into a configuration",
          "  toolpost config import .env                      print it; what changed is on standard error\n"
          "  toolpost config import .env --out toolpost.toml  write it into a new file\n"
          "  toolpost config import .env --json | jq '.variables[] | select(.effect != \"kept\")'",
          [this] { return run_config_import(options_, import_); });
  import.add_option("file", import_.file, "The .env file");
  import.add_option("--out", import_.out, "Write it into this file (mode 0600), which must not be there");
  import.add_flag("--markdown", import_.markdown, "Print the manual page docs/migrating.md");
}

/// The first word that is no command where one belongs, and what was meant; empty when each is one.
std::string CommandLine::unknown_command(int argc, char** argv) const {
  const CLI::App* at = &app_;
  std::string before = "toolpost";
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    const auto commands = at->get_subcommands([](const CLI::App*) { return true; });
    if (commands.empty()) return "";
    if (word == "--config" || word == "--state-dir") ++i;
    if (word.starts_with("-")) continue;
    std::vector<std::string> names;
    names.reserve(commands.size());
    for (const CLI::App* one : commands) names.push_back(one->get_name());
    const auto found = std::find(names.begin(), names.end(), word);
    if (found == names.end()) {
      const auto near = did_you_mean(word, names);
      return "there is no command \"" + before.substr(std::min(before.size(), sizeof "toolpost")) +
             (before == "toolpost" ? "" : " ") + word + "\"" +
             (near ? "; did you mean \"" + *near + "\"?" : "; `" + before + " --help` lists them");
    }
    before += " " + word;
    at = commands[static_cast<std::size_t>(found - names.begin())];
  }
  return "";
}

/// What may follow the command that was given, where one has to; empty where none has to.
std::string CommandLine::missing_command() const {
  const CLI::App* at = &app_;
  std::string before = "toolpost";
  while (!at->get_subcommands().empty()) {
    at = at->get_subcommands().front();
    before += " " + at->get_name();
  }
  std::string names;
  for (const CLI::App* one : at->get_subcommands([](const CLI::App*) { return true; }))
    names += (names.empty() ? "" : ", ") + one->get_name();
  return names.empty() ? "" : "`" + before + "` needs a command: " + names;
}

int CommandLine::run(int argc, char** argv) {
  try {
    app_.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app_.exit(error) == 0 ? 0 : 2;  // --help, --version
    const std::vector<std::string> words(argv, argv + argc);
    if (std::find(words.begin(), words.end(), "--json") != words.end()) options_.output = Output::json;
    std::string wrong = unknown_command(argc, argv);
    if (wrong.empty() && dynamic_cast<const CLI::RequiredError*>(&error) != nullptr)
      wrong = missing_command();
    if (wrong.empty() && options_.output == Output::json) wrong = error.what();
    if (!wrong.empty()) return fail(options_, {Errc::invalid_input, wrong}, 2);
    return app_.exit(error) == 0 ? 0 : 2;
  }
  if (!config_file_.empty()) options_.config_file = config_file_;
  if (json_) options_.output = Output::json;
  for (const auto& [command, action] : actions_)
    if (command->parsed()) return action();
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  const int status = CommandLine().run(argc, argv);
  std::cout.flush();
  std::fflush(nullptr);
  // Not exit(): a plugin that hangs in a constructor in-process keeps the loader's lock, which exit() waits
  // for.
  std::_Exit(status);
}
