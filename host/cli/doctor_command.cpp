// `toolpost doctor`: everything that can be wrong with an installation, and how to mend it.
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <nlohmann/json.hpp>

#include "cli/client_hints.hpp"
#include "cli/commands.hpp"
#include "cli/mcp_session.hpp"
#include "config/config_paths.hpp"

namespace toolpost {
namespace {

using nlohmann::json;

struct Finding {
  enum class State { good, warning, bad };
  State state = State::good;
  std::string subject;
  std::string what;
  std::string mend;  // empty: nothing to do
};

const char* word(Finding::State state) {
  return state == Finding::State::good ? "ok" : state == Finding::State::warning ? "warn" : "bad";
}

class Doctor {
 public:
  explicit Doctor(const HostOptions& options) : options_(options) {}
  int run(DoctorProbe probe);

 private:
  using State = Finding::State;
  void add(State state, std::string subject, std::string what, std::string mend = "") {
    findings_.push_back({state, std::move(subject), std::move(what), std::move(mend)});
  }
  bool look_at_configuration();
  void look_at_permissions(const std::string& subject, const std::string& path);
  void look_at_plugins(const json& status);
  void look_at_isolation(const json& status);
  void look_at_providers(const json& status);
  void look_at_schema_cost();
  void look_at_clients();
  void ask(const std::string& provider, const std::string& model);
  void forget_thread(const CallOutcome& outcome);
  int report() const;

  const HostOptions& options_;
  std::vector<Finding> findings_;
  std::unique_ptr<Host> host_;
};

bool Doctor::look_at_configuration() {
  const ConfigReading reading = read_configuration(options_.config_file);
  for (const std::string& file : reading.files) look_at_permissions("configuration", file);
  for (const ConfigProblem& problem : reading.outcome.problems)
    add(State::bad, "configuration", to_string(problem), "edit that line; docs/config.md has every setting");
  if (!reading.outcome.loaded) return false;
  const MisfitProblems misfits = misfit_problems(*reading.outcome.loaded);
  for (const ConfigProblem& warning : misfits.warnings)
    add(State::warning, "configuration", to_string(warning));
  for (const ConfigProblem& problem : misfits.problems)
    add(State::bad, "configuration", to_string(problem),
        "edit that line; `toolpost plugins` lists what is there");
  if (!misfits.problems.empty()) return false;
  for (const ConfigProblem& warning : reading.outcome.loaded->warnings)
    add(State::warning, "configuration", to_string(warning));
  std::string read = "read ";
  for (const std::string& file : reading.files) read += file + ", ";
  add(State::good, "configuration", read + "the environment");
  return true;
}

/// Who can write a configuration can send keys elsewhere; who can write a plugin folder can run code.
void Doctor::look_at_permissions(const std::string& subject, const std::string& path) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0 || (status.st_mode & 022) == 0) return;
  add(State::bad, subject, path + " may be written by others", "chmod go-w " + path);
}

void Doctor::look_at_plugins(const json& status) {
  std::size_t ready = 0;
  for (const auto& plugin : host_->runtime->plugins().plugins()) {
    const std::string subject = "plugin " + plugin->id();
    if (const auto refused = host_->runtime->quarantine().file_refusal(*plugin)) {
      add(State::bad, subject, "is quarantined: it crashed on different inputs",
          "replace its file, or: toolpost plugins --release " + plugin->id());
    } else if (plugin->incompatible) {
      add(State::bad, subject, plugin->incompatible->message,
          "update or remove " + plugin->found.source + "; `toolpost inspect` checks a file");
    } else if (!plugin->loaded) {
      add(State::warning, subject, "did not become ready within 10 s",
          "look at its constructor, or try again");
    } else {
      ++ready;
    }
    if (const std::string toml = missing_grants_toml(*plugin); !toml.empty())
      add(State::warning, subject, "asks for effects that are not granted", "to grant them, add:\n" + toml);
  }
  for (const json& refused : status["refused"])
    add(State::bad, "plugin file", refused.value("file", "") + ": " + refused.value("reason", ""),
        "mend or remove the file; `toolpost inspect` looks at one without running it");
  add(ready > 0 ? State::good : State::bad, "plugins", std::to_string(ready) + " ready");
  for (const std::string& folder : host_->runtime->settings().plugin_folders)
    if (!std::filesystem::exists(folder))
      add(State::warning, "plugins", "host.plugin_folders names " + folder + ", which is not there");
}

void Doctor::look_at_isolation(const json& status) {
  const int level = status.value("isolation_level", -1);
  const IsolationSettings& wanted = host_->runtime->settings().isolation;
  if (level < 0) return add(State::warning, "isolation", "unknown: no worker has started");
  const std::string what = "level " + std::to_string(level) + " of " + std::to_string(wanted.level_max) +
                           " wanted (0 process, 1 limits, 2 seccomp, 3 Landlock, 4 namespaces)";
  if (level >= static_cast<int>(wanted.level_max)) return add(State::good, "isolation", what);
  add(level >= static_cast<int>(wanted.min_level) ? State::warning : State::bad, "isolation", what,
      level == 2   ? "this kernel has no Landlock (Linux 5.13), or forbids it here"
      : level == 3 ? "this kernel or container forbids namespaces to ordinary users"
                   : "this kernel or container forbids seccomp filters");
}

void Doctor::look_at_providers(const json& status) {
  if (status["providers"].empty()) {
    return add(
        State::warning, "providers",
        "none is configured: workflow tools ask the client's own model, or hand the expert's brief back",
        "add [providers.NAME] with base_url and models; `toolpost config print --profile minimal` shows one");
  }
  for (const json& provider : status["providers"]) {
    const std::string subject = "provider " + provider.value("provider", "");
    if (provider.contains("unusable")) {
      std::string why = provider.value("unusable", "");
      if (why.starts_with(subject + ": ")) why.erase(0, subject.size() + 2);
      add(State::bad, subject, why,
          "mend [providers." + provider.value("provider", "") + "]; docs/providers.md shows each kind");
    } else {
      const std::size_t models = provider["models"].size();
      const json no = provider.value("forbidden", json::object());
      const std::size_t forbidden = no.size();
      std::string what = models == 0 && forbidden == 0 ? "asks the server which models it has"
                                                       : std::to_string(models) + " models";
      if (forbidden != 0) what += " (" + std::to_string(forbidden) + " more not allowed)";
      const bool useless = models == 0 && forbidden != 0;
      add(useless ? State::bad : State::good, subject, what + ", key and plugin are there",
          useless ? "correct what forbids them: " + no.front().get<std::string>() : "");
    }
  }
  for (const json& problem : status.value("model_catalog_problems", json::array()))
    add(State::bad, "model catalogue", problem, "mend the file; until then nothing in it is known");
}

void Doctor::look_at_schema_cost() {
  const std::size_t tokens = (tools_list_json(host_->runtime->plugins()).size() + 3) / 4;
  const bool dear = tokens > 10'000;
  add(dear ? State::warning : State::good, "schemas",
      "a client's model reads about " + std::to_string(tokens) + " tokens to know the tools",
      dear ? "disable plugins that you do not use: [plugins.\"ID\"] enabled = false" : "");
}

void Doctor::look_at_clients() {
  const EnvironmentList list = environment_list();
  std::error_code error;
  const std::string program = install_prefix() + "/bin/toolpost";
  bool connected = false;
  std::vector<ClientHint> hints =
      client_hints(program, {list.begin(), list.end()}, std::filesystem::current_path(error).string());
  for (const ClientHint& hint : hints) {
    if (hint.state == ClientHint::State::absent) continue;
    const bool knows = hint.state == ClientHint::State::connected;
    connected = connected || knows;
    add(knows ? State::good : State::warning, "client " + hint.name,
        knows ? "knows this server" : "is here and does not know this server", knows ? "" : hint.connect);
  }
  if (connected) return;
  const bool none = std::all_of(hints.begin(), hints.end(), [](const ClientHint& hint) {
    return hint.state == ClientHint::State::absent;
  });
  if (none)
    add(State::warning, "clients", "none that we know is here",
        "in any MCP client: command " + program + ", argument serve");
}

/// The conversation that a probe began is nobody's.
void Doctor::forget_thread(const CallOutcome& outcome) {
  const json reply = json::parse(outcome.parts.front().bytes, nullptr, false);
  const json offer = reply.is_object() ? reply.value("continuation_offer", json()) : json();
  if (!offer.is_object() || !offer.contains("continuation_id") || host_->runtime->store() == nullptr) return;
  static_cast<void>(host_->runtime->store()->remove_threads(
      kLocalOwner, {ThreadRemoval::Which::named, {offer["continuation_id"].get<std::string>()}},
      host_->loop.wall_ms()));
}

/// Through the whole chain, as a call of a client would go.
void Doctor::ask(const std::string& provider, const std::string& model) {
  if (options_.output == Output::human) std::cerr << "asking " << provider << "/" << model << " ...\n";
  const std::string arguments =
      json{{"prompt", "Answer with the single word: ready."}, {"model", provider + "/" + model}}.dump();
  ToolRequest request;
  request.tool = "chat";
  request.arguments_json = arguments;
  host_->runtime->call_tool(request,
                            [&](const CallOutcome& outcome, const Journal*) {
                              const std::string subject = "provider " + provider;
                              const std::string took = ms_text(outcome.elapsed);
                              if (outcome.code == Errc::ok) {
                                add(State::good, subject, model + " answered in " + took);
                                forget_thread(outcome);
                              } else {
                                add(State::bad, subject,
                                    model + " did not answer (" + std::string(name(outcome.code)) + ", " +
                                        took + "): " + outcome.message,
                                    "look at base_url, models and key of [providers." + provider + "]");
                              }
                              host_->loop.stop();
                            },
                            {});
  host_->loop.run();
}

int Doctor::report() const {
  const bool bad = std::any_of(findings_.begin(), findings_.end(),
                               [](const Finding& finding) { return finding.state == State::bad; });
  if (options_.output == Output::json) {
    json list = json::array();
    for (const Finding& finding : findings_) {
      list.push_back({{"state", word(finding.state)}, {"subject", finding.subject}, {"what", finding.what}});
      if (!finding.mend.empty()) list.back()["mend"] = finding.mend;
    }
    std::cout << json{{"good", !bad}, {"findings", list}}.dump(1, ' ', false, json::error_handler_t::replace)
              << "\n";
    return bad ? 1 : 0;
  }
  for (const Finding& finding : findings_) {
    std::string state = word(finding.state);
    state.resize(6, ' ');
    std::cout << state << finding.subject << ": " << finding.what << "\n";
    if (finding.mend.empty()) continue;
    std::string mend = finding.mend;
    while (mend.ends_with('\n')) mend.pop_back();
    for (std::size_t at = 0; (at = mend.find('\n', at)) != std::string::npos; at += 9)
      mend.insert(at + 1, "        ");
    std::cout << "      > " << mend << "\n";
  }
  std::cout << (bad ? "something is wrong; the lines with > say how to mend it\n" : "nothing is wrong\n");
  return bad ? 1 : 0;
}

int Doctor::run(DoctorProbe probe) {
  if (!look_at_configuration()) return report();
  HostOptions quiet = options_;  // what is wrong goes into the report
  quiet.output = Output::human;
  std::string reason;
  host_ = set_up_host(quiet, &reason);
  if (!host_) {
    add(State::bad, "host", "cannot start: " + (reason.empty() ? "why is told above" : reason),
        "mend that first, then ask again: the rest cannot be looked at before");
    return report();
  }
  look_at_permissions("state folder", host_->runtime->state_dir());
  verify_all_plugins(*host_);
  const json status = json::parse(host_->runtime->status_json(true));
  look_at_plugins(status);
  look_at_isolation(status);
  if (const std::string problem = status.value("store_problem", ""); !problem.empty()) {
    const std::size_t advice = problem.find("; ");  // what went wrong; what to do
    add(State::bad, "store", problem.substr(0, advice),
        advice == std::string::npos ? "name another folder with --state-dir or store.state_dir"
                                    : problem.substr(advice + 2));
  }
  look_at_providers(status);
  if (status["file_roots"].empty())
    add(State::warning, "files", "no folder may be read: this is / or your home",
        "start it in a project's folder, or set files.roots");
  look_at_schema_cost();
  look_at_clients();
  if (probe == DoctorProbe::yes) {
    ask_for_models(*host_);
    const json listed = json::parse(host_->runtime->status_json(true));
    for (const json& provider : listed["providers"]) {
      const std::string name = provider.value("provider", "");
      if (provider.contains("unusable")) continue;
      if (!provider["models"].empty())
        ask(name, provider["models"][0].get<std::string>());
      else if (provider.contains("list_problem"))
        add(State::bad, "provider " + name,
            "did not say which models it has: " + provider.value("list_problem", ""),
            "look at its base_url and key, or name models in [providers." + name + "]");
      else
        add(State::warning, "provider " + name, "has no model that may be asked, so it was not");
    }
  }
  return report();
}

}  // namespace

int run_doctor(const HostOptions& options, DoctorProbe probe) {
  return Doctor(options).run(probe);
}

}  // namespace toolpost
