#include "config/setting_row.hpp"

namespace toolpost {
namespace {

// The short forms keep one setting on two lines; they are undefined again below.
#define NUMBER(part, Part, member) row<Settings, &Settings::part, &Part##Settings::member>
#define PLAIN(part, Part, member) plain<Settings, &Settings::part, &Part##Settings::member>

constexpr Setting<Settings> kHostSettings[] = {
    plain<Settings, &Settings::locale>(
        "host", "locale", "\"en\"",
        "Language that models are asked to answer in, as a BCP 47 tag; en asks for none."),
    plain<Settings, &Settings::sanitize_invisible>(
        "host", "sanitize_invisible", "true",
        "Strip invisible and bidirectional characters from text before a plugin sees it."),
    plain<Settings, &Settings::default_provider>(
        "host", "default_provider", "\"\"",
        "The provider that answers model = \"auto\"; empty lets auto choose among all."),
    plain<Settings, &Settings::plugin_folders>(
        "host", "plugin_folders", "[]",
        "Absolute folders of third-party plugins; empty takes $XDG_DATA_HOME/toolpost/plugins."),
    plain<Settings, &Settings::clients_reset_on_progress>(
        "clients", "reset_on_progress", "[\"claude-code\"]",
        "Clients (by clientInfo.name) that wait on while progress arrives; deadlines.client_wall_ms spares "
        "them."),

    NUMBER(limits, Limit, message_bytes_max)("limits", "message_bytes_max", "4_194_304", {kKiB, 64 * kMiB},
                                             "bytes", "One JSON-RPC line of a client."),
    NUMBER(limits, Limit, output_bytes_max)("limits", "output_bytes_max", "8_388_608", {kKiB, 64 * kMiB},
                                            "bytes", "One reply of a plugin."),
    NUMBER(limits, Limit, depth_max)("limits", "depth_max", "64", {4, 512}, "levels", "Nesting of JSON."),
    NUMBER(limits, Limit, nodes_max)("limits", "nodes_max", "200_000", {16, 10'000'000}, "values",
                                     "Values in one message."),
    NUMBER(limits, Limit, keys_max)("limits", "keys_max", "1_024", {4, 100'000}, "keys",
                                    "Keys in one JSON object."),
    NUMBER(limits, Limit, key_bytes_max)("limits", "key_bytes_max", "256", {8, 65'536}, "bytes",
                                         "One key of a JSON object."),
    NUMBER(limits, Limit, string_bytes_max)("limits", "string_bytes_max", "4_194_304", {64, 64 * kMiB},
                                            "bytes", "One JSON string."),

    NUMBER(ceilings, Ceiling, provider)("ceilings", "provider_ms", "30_000", kCeiling, "",
                                        "One attempt of a provider call."),
    NUMBER(ceilings, Ceiling, tool)("ceilings", "tool_ms", "45_000", kCeiling, "", "One tool call."),
    NUMBER(ceilings, Ceiling, expert)("ceilings", "expert_ms", "60_000", kCeiling, "",
                                      "A tool call once it has asked an expert, counted from acceptance."),
    NUMBER(ceilings, Ceiling, daemon)(
        "ceilings", "daemon_ms", "67_500", kCeiling, "",
        "One request from acceptance to answer, the outermost; 0 needs deadlines.allow_unbounded."),
    NUMBER(ceilings, Ceiling, upload)("ceilings", "upload_ms", "120_000", kCeiling, "",
                                      "A provider's file transfer."),
    NUMBER(ceilings_long, Ceiling, provider)("ceilings_long", "provider_ms", "600_000", kCeiling, "",
                                             "One attempt of a provider call."),
    NUMBER(ceilings_long, Ceiling, tool)("ceilings_long", "tool_ms", "660_000", kCeiling, "",
                                         "One tool call."),
    NUMBER(ceilings_long, Ceiling, expert)(
        "ceilings_long", "expert_ms", "720_000", kCeiling, "",
        "A tool call once it has asked an expert, counted from acceptance."),
    NUMBER(ceilings_long, Ceiling, daemon)(
        "ceilings_long", "daemon_ms", "810_000", kCeiling, "",
        "One request from acceptance to answer, the outermost; 0 needs deadlines.allow_unbounded."),
    NUMBER(ceilings_long, Ceiling, upload)("ceilings_long", "upload_ms", "120_000", kCeiling, "",
                                           "A provider's file transfer."),

    NUMBER(deadlines, Deadline, provider_reserve)("deadlines", "provider_reserve_ms", "500", {0, 10'000}, "",
                                                  "Kept back for a tool to use a provider's answer."),
    NUMBER(deadlines, Deadline, tool_reserve)("deadlines", "tool_reserve_ms", "750", {0, 10'000}, "",
                                              "Kept back for the host to answer."),
    NUMBER(deadlines, Deadline, client_wall)(
        "deadlines", "client_wall_ms", "60_000", kCeiling, "",
        "How long a client waits that ignores progress; 0 switches it off."),
    NUMBER(deadlines, Deadline, client_reserve)("deadlines", "client_reserve_ms", "2_000", {0, 30'000}, "",
                                                "Such a client is answered this much before its wall."),
    NUMBER(deadlines, Deadline, progress_interval)("deadlines", "progress_interval_ms", "8_000",
                                                   {100, 60'000}, "", "Between two progress notifications."),
    NUMBER(deadlines, Deadline, shutdown_drain)(
        "deadlines", "shutdown_drain_ms", "2_000", {0, 60'000}, "",
        "Running calls may finish for so long after the end of input."),
    NUMBER(deadlines, Deadline, ask_max)(
        "deadlines", "ask_max_ms", "600_000", {1'000, 86'400'000}, "",
        "How long a call's user may think about its questions, all together; the other ceilings stand still "
        "meanwhile, the wall of a client that ignores progress does not."),
    PLAIN(deadlines, Deadline, allow_unbounded)(
        "deadlines", "allow_unbounded", "false",
        "Permits a daemon ceiling of 0, that is calls without any deadline."),

    NUMBER(turns, Turn, turn_max)(
        "turns", "turn_max_ms", "5_000", {10, 600'000}, "",
        "Computing of one turn; a longer one counts as hung and its worker is killed."),
    NUMBER(turns, Turn, effects_max)("turns", "effects_max", "256", {1, 4096}, "effects",
                                     "Effects of one call."),
    NUMBER(turns, Turn, turns_max)("turns", "turns_max", "256", {1, 4096}, "turns", "Turns of one call."),
    NUMBER(turns, Turn, journal_bytes_max)("turns", "journal_bytes_max", "67_108_864", {4 * kKiB, kGiB},
                                           "bytes", "The journal of one call."),
    NUMBER(turns, Turn, provider_calls_max)("turns", "provider_calls_max", "8", {0, 256}, "calls",
                                            "Provider calls that one call may make; 0 permits none."),
    NUMBER(turns, Turn, asks_max)("turns", "asks_max", "4", {0, 64}, "questions",
                                  "Questions to the user that one call may ask; 0 permits none."),
    NUMBER(turns, Turn, samples_max)(
        "turns", "samples_max", "4",
        {0, 64}, "questions",
        "Questions to the client's own model that one call, or one provider call, may ask; 0 permits none."),

    NUMBER(admission, Admission, calls_max)("admission", "calls_max", "24", {1, 100'000}, "calls",
                                            "Running at once, all owners."),
    NUMBER(admission, Admission, owner_calls_max)("admission", "owner_calls_max", "8", {1, 100'000}, "calls",
                                                  "Running at once of one owner."),
    NUMBER(admission, Admission, plugin_calls_max)("admission", "plugin_calls_max", "16", {1, 100'000},
                                                   "calls", "Running at once of one plugin."),
    NUMBER(admission, Admission, queue_size_max)(
        "admission", "queue_size_max", "256", {0, 100'000}, "calls",
        "Waiting to start, all owners; 0 refuses instead of waiting."),
    NUMBER(admission, Admission, queue_wait_max)("admission", "queue_wait_max_ms", "5_000", {0, 600'000}, "",
                                                 "A call that waited this long is refused."),
    PLAIN(admission, Admission, attach_repeats)("admission", "attach_repeats", "true",
                                                "Whether a call of an idempotent tool waits for the same "
                                                "call that already runs, and shares its answer."),

    NUMBER(retry, Retry, attempts_max)(
        "retry", "attempts_max", "4", {1, 10}, "attempts",
        "Attempts of one provider call, the first included; 1 turns retry off."),
    NUMBER(retry, Retry, backoff_base)("retry", "backoff_base_ms", "250", {1, 60'000}, "",
                                       "The first pause; it doubles per attempt and is fully jittered."),
    NUMBER(retry, Retry, backoff_max)("retry", "backoff_max_ms", "8_000", {1, 600'000}, "",
                                      "The longest pause."),
    NUMBER(retry, Retry, attempt_min)("retry", "attempt_min_ms", "2_000", {0, 60'000}, "",
                                      "No attempt starts with less time left than this."),
    NUMBER(retry, Retry, budget_tokens_max)("retry", "budget_tokens_max", "20.0", {0, 1000}, "tokens",
                                            "The retry budget of one provider and model; 0 turns retry off."),
    NUMBER(retry, Retry, budget_retry_cost)("retry", "budget_retry_cost", "2.0", {0, 100}, "tokens",
                                            "What a retry takes from the budget."),
    NUMBER(retry, Retry, budget_timeout_cost)("retry", "budget_timeout_cost", "4.0", {0, 100}, "tokens",
                                              "What a retry after a timeout takes."),
    NUMBER(retry, Retry, budget_throttle_cost)("retry", "budget_throttle_cost", "1.0", {0, 100}, "tokens",
                                               "What a retry after rate limiting takes."),
    NUMBER(retry, Retry, budget_refund)("retry", "budget_refund", "0.2", {0, 100}, "tokens",
                                        "What a success gives back."),

    PLAIN(breaker, Breaker, enabled)("breaker", "enabled", "true",
                                     "Whether a failing provider is left alone for a while."),
    NUMBER(breaker, Breaker, failures_max)("breaker", "failures_max", "5", {1, 1000}, "failures",
                                           "So many failures in a row open the breaker."),
    NUMBER(breaker, Breaker, window)("breaker", "window", "20", {2, 1000}, "attempts",
                                     "How many attempts are looked back on."),
    NUMBER(breaker, Breaker, window_ratio)("breaker", "window_ratio", "0.5", {0.01, 1}, "",
                                           "This share of failures in a full window opens the breaker."),
    NUMBER(breaker, Breaker, open_base)("breaker", "open_base_ms", "15_000", {1, 3'600'000}, "",
                                        "How long it stays open the first time; it doubles per opening."),
    NUMBER(breaker, Breaker, open_max)("breaker", "open_max_ms", "300_000", {1, 3'600'000}, "",
                                       "The longest time that it stays open."),

    PLAIN(quarantine, Quarantine, enabled)("quarantine", "enabled", "true",
                                           "Whether inputs and files that crash are refused."),
    NUMBER(quarantine, Quarantine, repeats_max)("quarantine", "repeats_max", "2", {1, 1000}, "crashes",
                                                "An input of one owner that crashed a plugin so often is "
                                                "refused; a crashed turn is run again once, so "
                                                "one call may crash twice."),
    NUMBER(quarantine, Quarantine, inputs_max)("quarantine", "inputs_max", "3", {1, 256}, "inputs",
                                               "A plugin file that crashed on so many different inputs is "
                                               "refused until `toolpost plugins --release`."),
    NUMBER(quarantine, Quarantine, window)(
        "quarantine", "window_ms", "300_000", {1'000, 86'400'000}, "",
        "Crashes count together within this time, and an input is refused for it."),

    NUMBER(workers, Worker, workers_max)("workers", "workers_max", "4", {1, 256}, "workers",
                                         "Workers of one plugin."),
    NUMBER(workers, Worker, total_max)("workers", "total_max", "64", {1, 1024}, "workers",
                                       "Workers of all plugins."),
    NUMBER(workers, Worker, queue_ahead_max)("workers", "queue_ahead_max", "32", {1, 64}, "turns",
                                             "Turns sent to a worker before it asks for them."),
    NUMBER(workers, Worker, turns_max)("workers", "turns_max", "100_000", {1, 10'000'000}, "turns",
                                       "A worker is replaced after so many turns."),
    NUMBER(workers, Worker, age_max)("workers", "age_max_ms", "600_000", {1000, 86'400'000}, "",
                                     "A worker is replaced after this long."),
    NUMBER(workers, Worker, idle_max)("workers", "idle_max_ms", "60_000", {100, 86'400'000}, "",
                                      "An idle worker ends after this long."),
    NUMBER(workers, Worker, ready_max)("workers", "ready_max_ms", "8_000", {100, 600'000}, "",
                                       "From fork to ready, the plugin's constructors included."),
    NUMBER(workers, Worker, spawn_max)("workers", "spawn_max_ms", "2_000", {10, 600'000}, "",
                                       "The process that starts workers is replaced, with all of them, when "
                                       "it owes an answer for this long."),
    NUMBER(workers, Worker, spawner_backoff_max)("workers", "spawner_backoff_max_ms", "5_000", {0, 60'000},
                                                 "",
                                                 "When it is lost repeatedly, it is started anew after a "
                                                 "pause; this is the longest. The first loss in "
                                                 "a minute costs none, 0 never waits."),
    NUMBER(workers, Worker, slow_turn)("workers", "slow_turn_ms", "100", {1, 60'000}, "",
                                       "A longer turn lets another worker start."),
    PLAIN(workers, Worker, reuse)(
        "workers", "reuse", "\"owner\"",
        "What may follow a call in its worker: calls of the same owner, or nothing (\"call\").",
        "owner|call"),
    NUMBER(workers, Worker, memory_bytes_max)("workers", "memory_bytes_max", "536_870_912",
                                              {64 * kMiB, 64 * kGiB}, "bytes",
                                              "Address space of one worker."),
    NUMBER(workers, Worker, memory_growth_bytes_max)(
        "workers", "memory_growth_bytes_max", "67_108_864", {kMiB, 64 * kGiB}, "bytes",
        "A worker that holds so much more than after its first turn is replaced."),
    NUMBER(workers, Worker, files_max)("workers", "files_max", "128", {16, 4096}, "descriptors",
                                       "Open descriptors of one worker."),
    NUMBER(workers, Worker, file_bytes_max)("workers", "file_bytes_max", "67_108_864", {0, kGiB}, "bytes",
                                            "The largest file that a worker may write."),
    NUMBER(workers, Worker, log_lines_max)("workers", "log_lines_max", "200", {0, 100'000}, "lines",
                                           "Log lines of one call; the rest is counted and dropped."),
    NUMBER(workers, Worker, stdio_bytes_max)("workers", "stdio_bytes_max", "65_536", {0, 16 * kMiB}, "bytes",
                                             "Captured standard output and error of one worker."),

    PLAIN(isolation, Isolation, mode)(
        "isolation", "mode", "\"process\"",
        "Where plugins run; in-process needs isolation.allow_unsafe and is for debugging alone.",
        "process|in-process"),
    NUMBER(isolation, Isolation, min_level)(
        "isolation", "min_level", "2", {0, 4}, "level",
        "Plugins are refused below it: 0 process, 1 limits, 2 seccomp, 3 Landlock, 4 namespaces."),
    NUMBER(isolation, Isolation, level_max)(
        "isolation", "level_max", "3", {0, 4}, "level",
        "How deep to go where the kernel allows it; 4 makes a worker's start more than twice as long."),
    PLAIN(isolation, Isolation, allow_unsafe)(
        "isolation", "allow_unsafe", "false",
        "Permits isolation.mode = \"in-process\", where one bad plugin takes the host down."),

    PLAIN(files, File, roots)(
        "files", "roots", "[]",
        "Absolute folders that may be read; empty takes the working directory, unless it is / or home."),
    NUMBER(files, File, file_bytes_max)("files", "file_bytes_max", "2_097_152", {0, 256 * kMiB}, "bytes",
                                        "One file."),
    NUMBER(files, File, total_bytes_max)("files", "total_bytes_max", "16_777_216", {0, kGiB}, "bytes",
                                         "All files of one call."),
    NUMBER(files, File, files_max)("files", "files_max", "64", {0, 10'000}, "files",
                                   "Files of one call; 0 permits none."),
    PLAIN(files, File, deny)("files", "deny", "[]",
                             "Further names that are refused inside a root, for example \"secrets.yaml\"."),

    NUMBER(git, Git, time_max)("git", "time_max_ms", "10_000", {100, 600'000}, "",
                               "One effect; its process is ended then."),
    NUMBER(git, Git, output_bytes_max)("git", "output_bytes_max", "1_048_576", {4 * kKiB, 16 * kMiB}, "bytes",
                                       "The files of one answer; what does not fit is named only."),
    NUMBER(git, Git, files_max)("git", "files_max", "500", {1, 10'000}, "files", "Files of one answer."),
    NUMBER(git, Git, memory_bytes_max)("git", "memory_bytes_max", "1_073_741_824", {128 * kMiB, 64 * kGiB},
                                       "bytes", "Address space of one process."),
    NUMBER(git, Git, processes_max)("git", "processes_max", "2", {1, 64}, "processes",
                                    "At once; further effects wait."),
    NUMBER(git, Git, queue_size_max)("git", "queue_size_max", "256", {1, 100'000}, "effects",
                                     "Waiting for a process; further ones are refused."),

    NUMBER(http, Http, connect)("http", "connect_ms", "5_000", {100, 60'000}, "",
                                "DNS, TCP and TLS together."),
    NUMBER(http, Http, first_byte)("http", "first_byte_ms", "30_000", {100, 3'600'000}, "",
                                   "Until the answer's header is there."),
    NUMBER(http, Http, stream_idle)("http", "stream_idle_ms", "15_000", {100, 3'600'000}, "",
                                    "Between two pieces of content of a stream."),
    NUMBER(http, Http, body_bytes_max)("http", "body_bytes_max", "16_777_216", {kKiB, kGiB}, "bytes",
                                       "One answer, decompressed."),
    NUMBER(http, Http, header_bytes_max)("http", "header_bytes_max", "65_536", {kKiB, kMiB}, "bytes",
                                         "The header of one answer."),
    NUMBER(http, Http, redirects_max)("http", "redirects_max", "3", {0, 10}, "redirects",
                                      "Redirects followed; 0 follows none."),
    NUMBER(http, Http, connections_max)("http", "connections_max", "64", {1, 1024}, "connections",
                                        "Connections at once."),
    NUMBER(http, Http, queue_size_max)("http", "queue_size_max", "4_096", {1, 100'000}, "calls",
                                       "Waiting for a connection; further ones are refused."),
    PLAIN(http, Http, ca_file)("http", "ca_file", "\"\"",
                               "Absolute path of a PEM file of certificate authorities trusted besides the "
                               "system's, for private servers."),

    PLAIN(tools, Tool, profile)("tools", "profile", "\"standard\"",
                                "What tools/list names of the bundled tools: lean for little context, "
                                "standard, or full. Others still "
                                "answer when they are called by name; dropped-in tools are always named.",
                                "lean|standard|full"),
    PLAIN(tools, Tool, enable)("tools", "enable", "[]",
                               "Tools named besides those of the profile, for example \"echo\"."),
    PLAIN(tools, Tool, disable)(
        "tools", "disable", "[]",
        "Tools that are not there at all, for example \"consensus\"; wins over enable."),

    PLAIN(store, Store, state_dir)(
        "store", "state_dir", "\"\"",
        "Absolute folder of all state; empty takes $XDG_STATE_HOME/toolpost or ~/.local/state/toolpost."),
    NUMBER(store, Store, thread_ttl)("store", "thread_ttl_ms", "86_400_000", {60'000, 31'536'000'000}, "",
                                     "A thread is forgotten this long after its last turn."),
    NUMBER(store, Store, thread_turns_max)("store", "thread_turns_max", "50", {1, 10'000}, "turns",
                                           "Turns of one thread."),
    NUMBER(store, Store, thread_bytes_max)("store", "thread_bytes_max", "4_194_304", {4 * kKiB, 256 * kMiB},
                                           "bytes", "One thread."),
    NUMBER(store, Store, value_bytes_max)("store", "value_bytes_max", "1_048_576", {0, 64 * kMiB}, "bytes",
                                          "One stored value."),
    NUMBER(store, Store, call_values_max)("store", "call_values_max", "64", {0, 10'000}, "values",
                                          "Values that one call may store; 0 permits none."),
    NUMBER(store, Store, call_turns_max)("store", "call_turns_max", "16", {0, 1000}, "turns",
                                         "Thread turns that one call may append; 0 permits none."),
    NUMBER(store, Store, queue_size_max)(
        "store", "queue_size_max", "4_096", {16, 100'000}, "tasks",
        "Waiting for the disk, those of files and those of the store each; further ones are refused."),
    NUMBER(store, Store, file_bytes_max)("store", "file_bytes_max", "1_073_741_824",
                                         {128 * kKiB, 1024 * kGiB}, "bytes",
                                         "The file that holds all of it does not grow past this."),
    NUMBER(store, Store, shared_poll)(
        "store", "shared_poll_ms", "25", {2, 5'000}, "",
        "While other hosts of the state folder hold all places of a provider, one is looked for this often."),
    NUMBER(store, Store, journal_ttl)("store", "journal_ttl_ms", "86_400_000", {60'000, 31'536'000'000}, "",
                                      "A call's journal is forgotten this long after it last changed."),

    PLAIN(resume, Resume, in_doubt)(
        "resume", "in_doubt", "\"report\"",
        "What was sent before the host died and never answered: fail the call, or send "
        "it again.",
        "report|resend"),
    NUMBER(resume, Resume, repeat_window)(
        "resume", "repeat_window_ms", "600_000", {0, 86'400'000}, "",
        "A call that is asked again this soon after its host died goes on where it "
        "was; 0 begins anew."),

    PLAIN(models, Model, local_only)(
        "models", "local_only", "false",
        "Ask only providers on this machine, and those that are marked as local."),
    PLAIN(models, Model, fallback)("models", "fallback", "[]",
                                   "Providers or NAME/model, asked in this order when what auto chose fails; "
                                   "empty takes auto's next ones."),
    NUMBER(models, Model, fallbacks_max)("models", "fallbacks_max", "1", {0, 8}, "models",
                                         "Further models that one call of auto may ask; 0 asks none."),
    PLAIN(models, Model, catalog_folders)(
        "models", "catalog_folders", "[]",
        "Absolute folders of further model catalogues; their entries replace the bundled ones."),
    NUMBER(models, Model, list_ttl)(
        "models", "list_ttl_ms", "3_600_000", {0, 604'800'000}, "",
        "How long the list of a server whose models are not configured holds; 0 never asks for it."),

    PLAIN(log, Log, level)("log", "level", "\"info\"", "The least important event that is written.",
                           "debug|info|warn|error|off"),
    PLAIN(log, Log, file)(
        "log", "file", "\"\"",
        "Absolute path of a file of JSON lines; empty takes one for each host in the state folder, \"none\" "
        "writes none."),
    NUMBER(log, Log, file_bytes_max)("log", "file_bytes_max", "10_485_760", {64 * kKiB, kGiB}, "bytes",
                                     "A file that grew to this is rotated."),
    NUMBER(log, Log, old_files_max)("log", "old_files_max", "3", {0, 100}, "files",
                                    "Rotated files kept besides the one that is written."),
    NUMBER(log, Log, recent_calls_max)(
        "log", "recent_calls_max", "200", {0, 10'000}, "calls",
        "Ended calls that are kept in memory for toolcall_log_tail, without what was asked and "
        "answered; 0 keeps none."),
};
#undef NUMBER
#undef PLAIN

}  // namespace

std::span<const Setting<Settings>> host_settings() {
  return kHostSettings;
}

}  // namespace toolpost
