#include "config/settings_rules.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/text.hpp"
#include "config/toml_document.hpp"
#include "config/value_grammar.hpp"

namespace toolpost {
namespace {

using Findings = std::vector<RuleFinding>;
using Severity = RuleFinding::Severity;

struct NamedTime {
  std::string name;
  Millis value;
};

std::string shown(const NamedTime& time) {
  return time.name + " (" + std::to_string(time.value.count()) + ")";
}

void require_at_most(const NamedTime& inner, const NamedTime& outer, Findings& findings,
                     const NamedTime* reserve = nullptr) {
  if (inner.value + (reserve ? reserve->value : Millis{0}) <= outer.value) return;
  std::vector<std::string> names{inner.name, outer.name};
  if (reserve) names.push_back(reserve->name);
  findings.push_back({Severity::problem, std::move(names),
                      shown(inner) + (reserve ? " + " + shown(*reserve) : "") + " must be at most " +
                          shown(outer) + "; lower the one or raise the other"});
}

// A ceiling of 0 is off, so each one is held against the next outer one that is on.
void check_ceilings(const std::string& profile, const CeilingSettings& ceilings,
                    const DeadlineSettings& deadlines, Findings& findings) {
  const NamedTime chain[] = {{profile + ".provider_ms", ceilings.provider},
                             {profile + ".tool_ms", ceilings.tool},
                             {profile + ".expert_ms", ceilings.expert},
                             {profile + ".daemon_ms", ceilings.daemon}};
  const NamedTime provider_reserve{"deadlines.provider_reserve_ms", deadlines.provider_reserve};
  const NamedTime tool_reserve{"deadlines.tool_reserve_ms", deadlines.tool_reserve};
  for (std::size_t inner = 0; inner < 3; ++inner) {
    if (chain[inner].value == Millis{0}) continue;
    std::size_t outer = inner + 1;
    while (outer < 3 && chain[outer].value == Millis{0}) ++outer;
    if (chain[outer].value == Millis{0}) continue;
    const bool tool_in_daemon = inner == 1 && outer == 3;  // the reserve below asks for more
    if (!tool_in_daemon)
      require_at_most(chain[inner], chain[outer], findings, inner == 0 ? &provider_reserve : nullptr);
  }
  if (ceilings.daemon != Millis{0}) {
    // A tool ceiling above the expert's was reported above; it need not be named twice.
    const bool reported = ceilings.expert != Millis{0} && ceilings.tool > ceilings.expert;
    if (ceilings.tool != Millis{0} && !reported) require_at_most(chain[1], chain[3], findings, &tool_reserve);
  } else if (!deadlines.allow_unbounded) {
    findings.push_back({Severity::problem,
                        {chain[3].name, "deadlines.allow_unbounded"},
                        chain[3].name + " = 0 switches off the last deadline; set it to 1 or more, or set "
                                        "deadlines.allow_unbounded = true (found false)"});
  } else {
    findings.push_back({Severity::warning,
                        {chain[3].name, "deadlines.allow_unbounded"},
                        chain[3].name + " = 0: calls have no outermost deadline and may never be answered"});
  }
}

// An override holds in both profiles, so it must fit into the one that leaves more; past that it never binds.
// `outward` lists what stands around it, the nearest first.
void check_override(const NamedTime& own, const Settings& settings,
                    const std::vector<std::pair<const char*, Millis CeilingSettings::*>>& outward,
                    const NamedTime& reserve, Findings& findings) {
  std::optional<NamedTime> loosest;
  for (const auto& profile :
       {std::pair{"ceilings.", &settings.ceilings}, std::pair{"ceilings_long.", &settings.ceilings_long}}) {
    const CeilingSettings& ceilings = *profile.second;
    const auto on = std::find_if(outward.begin(), outward.end(),
                                 [&ceilings](const auto& one) { return ceilings.*one.second != Millis{0}; });
    if (on == outward.end()) return;
    const Millis value = ceilings.*on->second;
    if (!loosest || value > loosest->value)
      loosest = NamedTime{std::string(profile.first) + on->first, value};
  }
  require_at_most(own, *loosest, findings, &reserve);
}

void check_overrides(const Settings& settings, Findings& findings) {
  const NamedTime provider_reserve{"deadlines.provider_reserve_ms", settings.deadlines.provider_reserve};
  const NamedTime tool_reserve{"deadlines.tool_reserve_ms", settings.deadlines.tool_reserve};
  for (const auto& [id, provider] : settings.providers) {
    if (!provider.ceiling) continue;
    check_override({"providers." + toml_key(id) + ".ceiling_ms", *provider.ceiling}, settings,
                   {{"expert_ms", &CeilingSettings::expert},
                    {"tool_ms", &CeilingSettings::tool},
                    {"daemon_ms", &CeilingSettings::daemon}},
                   provider_reserve, findings);
  }
  for (const auto& [id, plugin] : settings.plugins) {
    const std::string table = "plugins." + toml_key(id);
    if (!plugin.ceiling) continue;
    const NamedTime ceiling{table + ".ceiling_ms", *plugin.ceiling};
    check_override(ceiling, settings, {{"daemon_ms", &CeilingSettings::daemon}}, tool_reserve, findings);
    if (plugin.turn_max && ceiling.value != Millis{0})
      require_at_most({table + ".turn_max_ms", *plugin.turn_max}, ceiling, findings);
  }
}

void check_pairs(const Settings& settings, Findings& findings) {
  const DeadlineSettings& deadlines = settings.deadlines;
  if (deadlines.client_wall != Millis{0} && deadlines.client_reserve >= deadlines.client_wall)
    findings.push_back(
        {Severity::problem,
         {"deadlines.client_reserve_ms", "deadlines.client_wall_ms"},
         shown({"deadlines.client_reserve_ms", deadlines.client_reserve}) + " must be less than " +
             shown({"deadlines.client_wall_ms", deadlines.client_wall}) + ", or no call has any time"});
  require_at_most({"retry.backoff_base_ms", settings.retry.backoff_base},
                  {"retry.backoff_max_ms", settings.retry.backoff_max}, findings);
  require_at_most({"breaker.open_base_ms", settings.breaker.open_base},
                  {"breaker.open_max_ms", settings.breaker.open_max}, findings);
}

void check_choice(const std::string& name, const std::string& value, std::string_view words,
                  Findings& findings) {
  const std::vector<std::string> allowed = split(words, '|');
  for (const std::string& word : allowed)
    if (word == value) return;
  findings.push_back({Severity::problem,
                      {name},
                      name + " must be one of " + std::string(words) + ", found " + toml_quoted(value)});
}

void check_isolation(const IsolationSettings& isolation, Findings& findings) {
  if (isolation.min_level > isolation.level_max) {
    findings.push_back({Severity::problem,
                        {"isolation.min_level", "isolation.level_max"},
                        "isolation.min_level (" + std::to_string(isolation.min_level) +
                            ") must be at most isolation.level_max (" + std::to_string(isolation.level_max) +
                            "), or no plugin can run; lower the one or raise the other"});
  }
  if (isolation.mode != "in-process") return;
  if (!isolation.allow_unsafe) {
    findings.push_back({Severity::problem,
                        {"isolation.mode", "isolation.allow_unsafe"},
                        "isolation.mode = \"in-process\" needs isolation.allow_unsafe = true (found false): "
                        "there, one bad plugin takes the host and every call with it"});
  } else {
    findings.push_back(
        {Severity::warning,
         {"isolation.mode", "isolation.allow_unsafe"},
         "isolation.mode = \"in-process\": plugins share the host's process and all its powers; "
         "for debugging only"});
  }
}

void check_absolute(const std::string& name, const std::string& path, Findings& findings) {
  if (path.starts_with('/')) return;
  findings.push_back(
      {Severity::problem, {name}, name + " must be an absolute path, found " + toml_quoted(path)});
}

void check_paths(const Settings& settings, Findings& findings) {
  for (const std::string& folder : settings.plugin_folders)
    check_absolute("host.plugin_folders", folder, findings);
  for (const std::string& folder : settings.models.catalog_folders)
    check_absolute("models.catalog_folders", folder, findings);
  for (const std::string& root : settings.files.roots) check_absolute("files.roots", root, findings);
  for (const std::string& name : settings.files.deny)
    if (name.find('/') != std::string::npos)
      findings.push_back({Severity::problem,
                          {"files.deny"},
                          "files.deny holds names, not paths, found " + toml_quoted(name)});
  if (!settings.store.state_dir.empty())
    check_absolute("store.state_dir", settings.store.state_dir, findings);
  if (!settings.http.ca_file.empty()) check_absolute("http.ca_file", settings.http.ca_file, findings);
  if (!settings.log.file.empty() && settings.log.file != kNoLogFile)
    check_absolute("log.file", settings.log.file, findings);
}

void check_key(const std::string& name, const SecretSource& key, Findings& findings) {
  const auto problem = [&](const std::string& fault) {
    findings.push_back({Severity::problem, {name}, name + fault});
  };
  const int sources = (key.env.empty() ? 0 : 1) + (key.file.empty() ? 0 : 1) + (key.command.empty() ? 0 : 1);
  if (sources != 1)
    return problem(" must have exactly one of env, file and command, found " +
                   (sources == 0 ? std::string("none") : std::to_string(sources)));
  // Each value may be the secret itself, put in the wrong place, so none is shown.
  if (!key.command.empty())
    return key.command.front().starts_with('/')
               ? void()
               : problem(": command must begin with the absolute path of a program (value not shown)");
  if (!key.file.empty())
    return key.file.starts_with('/') ? void() : problem(": file must be an absolute path (value not shown)");
  if (const std::string fault = variable_fault(key.env); !fault.empty())
    problem(": env must be the name of an environment variable (value not shown): " + fault);
}

void check_provider(const std::string& id, const ProviderSettings& provider, Findings& findings) {
  const std::string table = "providers." + toml_key(id);
  const std::string url = table + ".base_url";
  if (const std::string fault = provider_name_fault(id); !fault.empty())
    findings.push_back({Severity::problem, {table}, "[" + table + "]: " + fault});
  const bool of_client = provider.plugin == "client" || provider.plugin == "dev.toolpost.client";
  if (of_client) {
    if (!provider.base_url.empty() || provider.key)
      findings.push_back({Severity::problem,
                          {url, table},
                          "[" + table +
                              "] asks the client's own model, which has no URL and no key; remove " +
                              "base_url and key"});
  } else if (provider.base_url.empty()) {
    findings.push_back(
        {Severity::problem,
         {url, table},
         url + " is missing; give the provider's http or https URL, e.g. \"https://api.example.com/v1\""});
  } else if (const std::string fault = url_fault(provider.base_url); !fault.empty()) {
    findings.push_back({Severity::problem, {url}, url + " is not usable (value not shown): " + fault});
  } else if (provider.key && is_plain_remote(provider.base_url)) {
    findings.push_back({Severity::warning,
                        {url},
                        url + " is http to another machine: the key and every prompt travel unencrypted"});
  }
  if (provider.plugin.empty())
    findings.push_back({Severity::problem, {table + ".plugin"}, table + ".plugin must not be empty"});
  if (provider.key) check_key(table + ".key", *provider.key, findings);
}

void check_providers(const Settings& settings, Findings& findings) {
  std::vector<std::string> names{"client"};
  for (const auto& [name, provider] : settings.providers) {
    check_provider(name, provider, findings);
    names.push_back(name);
  }
  for (const std::string& entry : settings.models.fallback) {
    const std::string name = entry.substr(0, entry.find('/'));
    if (settings.providers.count(name) != 0) continue;
    const auto guess = did_you_mean(name, names);
    findings.push_back({Severity::problem,
                        {"models.fallback"},
                        "models.fallback names " + toml_quoted(entry) + ", but there is no [providers." +
                            toml_key(name) + "]" + (guess ? "; did you mean \"" + *guess + "\"?" : "") +
                            "; an entry is a provider's name or NAME/model"});
  }
  const std::string& wanted = settings.default_provider;
  if (wanted.empty() || wanted == "client" || settings.providers.count(wanted) != 0) return;
  const auto guess = did_you_mean(wanted, names);
  findings.push_back({Severity::problem,
                      {"host.default_provider"},
                      "host.default_provider names " + toml_quoted(wanted) + ", but there is no [providers." +
                          toml_key(wanted) + "]" + (guess ? "; did you mean \"" + *guess + "\"?" : "")});
}

void check_plugins(const Settings& settings, Findings& findings) {
  for (const auto& [id, plugin] : settings.plugins) {
    const std::string name = "plugins." + toml_key(id) + ".http_origins";
    for (const std::string& origin : plugin.http_origins)
      if (const std::string fault = origin_fault(origin); !fault.empty())
        findings.push_back({Severity::problem,
                            {name},
                            name + " holds something else than an origin (value not shown): " + fault});
  }
}

}  // namespace

std::vector<RuleFinding> check_rules(const Settings& settings) {
  Findings findings;
  if (const std::string fault = locale_fault(settings.locale); !fault.empty())
    findings.push_back({Severity::problem,
                        {"host.locale"},
                        "host.locale must be a BCP 47 tag like \"en\" or \"pt-BR\", found " +
                            toml_quoted(settings.locale) + ": " + fault});
  check_ceilings("ceilings", settings.ceilings, settings.deadlines, findings);
  check_ceilings("ceilings_long", settings.ceilings_long, settings.deadlines, findings);
  check_overrides(settings, findings);
  check_pairs(settings, findings);
  // The loader refuses other words by the schema; these lines hold for Settings made in code.
  check_choice("workers.reuse", settings.workers.reuse, "owner|call", findings);
  check_choice("isolation.mode", settings.isolation.mode, "process|in-process", findings);
  check_choice("tools.profile", settings.tools.profile, "lean|standard|full", findings);
  check_choice("log.level", settings.log.level, "debug|info|warn|error|off", findings);
  check_isolation(settings.isolation, findings);
  check_paths(settings, findings);
  check_providers(settings, findings);
  check_plugins(settings, findings);
  return findings;
}

}  // namespace toolpost
