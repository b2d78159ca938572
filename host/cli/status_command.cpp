#include <unistd.h>

#include <iostream>
#include <nlohmann/json.hpp>

#include "cli/command_failure.hpp"
#include "cli/commands.hpp"
#include "cli/host_socket.hpp"
#include "cli/prometheus_merge.hpp"
#include "cli/text_table.hpp"

namespace toolpost {
namespace {

using nlohmann::json;

std::map<std::string, json> read_hosts(const std::string& state_dir) {
  std::map<std::string, json> hosts;
  for (const auto& [name, text] : read_host_documents(state_dir)) {
    json document = json::parse(text, nullptr, false);
    if (document.is_object() && document.contains("status")) hosts[name] = std::move(document);
  }
  return hosts;
}

/// What an operator should know beyond the numbers, a line each.
std::string remarks(const json& host) {
  std::string out;
  const std::string pid = std::to_string(host.value("pid", 0));
  const auto add = [&](const std::string& what) { out += "host " + pid + ": " + what + "\n"; };
  const json& status = host["status"];
  for (const json& call : status.value("running_calls", json::array()))
    add(call.value("tool", "") + ", for " + age_text(call.value("age_ms", 0LL)) + ": " +
        call.value("doing", "") + ", " + age_text(call.value("left_ms", 0LL)) + " left");
  for (const json& plugin : status.value("plugins", json::array())) {
    const std::string name = "plugin " + plugin.value("id", "");
    if (plugin.contains("reason")) add(name + " cannot run: " + plugin.value("reason", ""));
    const json refusals = plugin.value("refusals", json::object());
    std::string refused;
    for (const auto& [what, times] : refusals.items())
      refused += (refused.empty() ? "" : ", ") + what + " (" + times.dump() + ")";
    if (!refused.empty()) add(name + " was refused what it reached for: " + refused);
  }
  for (const json& provider : status.value("providers", json::array())) {
    const std::string name = "provider " + provider.value("provider", "");
    if (provider.contains("unusable")) add(name + ": " + provider.value("unusable", ""));
    for (const json& model : provider.value("breaker_open", json::array()))
      add(name + ": the breaker of model " + model.get<std::string>() + " is open");
  }
  for (const json& problem : status.value("limits_not_shared", json::array()))
    add(problem.get<std::string>());
  for (const char* key : {"store_problem", "warning"})
    if (status.contains(key)) add(status.value(key, ""));
  if (host.contains("reload_refused"))
    add("its configuration was not reloaded:\n" + host.value("reload_refused", ""));
  return out;
}

std::string hosts_text(const std::map<std::string, json>& hosts) {
  TextTable table({"host", "up", "calls", "waiting", "workers", "plugins", "isolation", "configuration"});
  std::string more;
  for (const auto& [name, host] : hosts) {
    const json& status = host["status"];
    const json calls = status.value("calls", json::object());
    const int old = host.value("earlier_configurations", 0);
    const int level = status.value("isolation_level", -1);
    table.add({std::to_string(host.value("pid", 0)),
               age_text(host.value("now_ms", 0LL) - host.value("started_ms", 0LL)),
               std::to_string(calls.value("running", 0)), std::to_string(calls.value("queued", 0)),
               std::to_string(status.value("workers", 0)), std::to_string(status["plugins"].size()),
               level < 0 ? "not known yet" : "level " + std::to_string(level),
               "no. " + std::to_string(host.value("configuration", 0)) +
                   (old > 0 ? ", " + std::to_string(old) + " earlier finishing" : "")});
    more += remarks(host);
  }
  return table.text() + more;
}

std::string metrics_text(const std::map<std::string, json>& hosts) {
  std::map<std::string, std::string> texts;
  for (const auto& [name, host] : hosts) texts[name.substr(0, name.rfind('.'))] = host.value("metrics", "");
  return merge_metrics(texts);
}

void show(const HostOptions& options, StatusView view, const std::map<std::string, json>& hosts) {
  if (view == StatusView::metrics) {
    std::cout << metrics_text(hosts);
  } else if (options.output == Output::json) {
    json list = json::array();
    for (const auto& [name, host] : hosts) list.push_back(host);
    std::cout << list.dump(1, ' ', false, json::error_handler_t::replace) << "\n";
  } else {
    std::cout << hosts_text(hosts);
  }
  std::cout.flush();
}

}  // namespace

int run_status(const HostOptions& options, StatusView view) {
  // A configuration that is wrong by now is a reason to look, not to refuse: what can be read of it will do.
  const ConfigReading reading = read_configuration(options.config_file);
  show_problems(reading);
  const SettingsOutcome& read = reading.outcome;
  const auto folder = state_folder(options, read.loaded ? read.loaded->settings
                                            : read.rest ? read.rest->settings
                                                        : Settings());
  if (!folder) return fail(options, folder.error(), 2);
  const auto hosts = read_hosts(*folder);
  const Error none{Errc::not_found, "no host is running on the state folder " + *folder +
                                        "; a client starts one with `toolpost serve`"};
  if (hosts.empty() && view != StatusView::watch) return fail(options, none);
  if (view != StatusView::watch) {
    show(options, view, hosts);
    return 0;
  }
  // Until it is interrupted. Clearing the screen is for terminals; a file gets one picture after the other.
  const std::string clear = isatty(STDOUT_FILENO) == 1 ? "\x1b[H\x1b[2J" : "";
  EventLoop loop;
  const std::function<void()> draw = [&] {
    std::cout << clear;
    const auto now = read_hosts(*folder);
    if (now.empty() && options.output == Output::human)
      std::cout << none.message << "\n" << std::flush;
    else
      show(options, view, now);
    loop.after(std::chrono::seconds(1), draw);
  };
  draw();
  loop.run();
  return 0;
}

}  // namespace toolpost
