#pragma once
// Every setting of the host as plain data, in the shape of the TOML file. Each line states what it bounds,
// its range and what its extremes do; settings_schema.cpp repeats default and range in one table that makes
// the documentation. Not for deciding anything: policies take the part they need.

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/time.hpp"

namespace toolpost {

struct LimitSettings {                        // [limits], of what a client sends and a plugin answers
  std::uint64_t message_bytes_max = 4 << 20;  // one JSON-RPC line; 1024..64 MiB
  std::uint64_t output_bytes_max = 8 << 20;   // one reply of a plugin; 1024..64 MiB
  std::uint32_t depth_max = 64;               // nesting of JSON; 4..512
  std::uint32_t nodes_max = 200'000;          // values in one message; 16..10,000,000
  std::uint32_t keys_max = 1024;              // in one object; 4..100,000
  std::uint32_t key_bytes_max = 256;          // one key; 8..65,536
  std::uint64_t string_bytes_max = 4 << 20;   // one string; 64..64 MiB
};

struct CeilingSettings {    // [ceilings] and [ceilings_long]; 0 switches one off, 1..86,400,000
  Millis provider{30'000};  // one attempt
  Millis tool{45'000};      // one tool call
  Millis expert{60'000};    // a tool call once it has asked an expert, from acceptance
  Millis daemon{67'500};    // one request from acceptance to answer; outermost
  Millis upload{120'000};   // a provider's file transfer
};

struct DeadlineSettings {           // [deadlines]
  Millis provider_reserve{500};     // kept back for a tool to use a provider's answer; 0..10,000
  Millis tool_reserve{750};         // kept back for the host to answer; 0..10,000
  Millis client_wall{60'000};       // how long a client waits that ignores progress; 0 off, ..86,400,000
  Millis client_reserve{2'000};     // answered this much before the wall; 0..30,000
  Millis progress_interval{8'000};  // between progress notifications; 100..60,000
  Millis shutdown_drain{2'000};     // running calls may finish after end of input; 0..60,000
  Millis ask_max{600'000};       // a call's user may think so long, all questions together; 1000..86,400,000
  bool allow_unbounded = false;  // permits ceilings.daemon = 0
};

struct TurnSettings {                          // [turns]
  Millis turn_max{5'000};                      // computing of one turn; 10..600,000
  std::uint32_t effects_max = 256;             // per call; 1..4096
  std::uint32_t turns_max = 256;               // per call; 1..4096
  std::uint64_t journal_bytes_max = 64 << 20;  // per call; 4096..1 GiB
  std::uint32_t provider_calls_max = 8;        // per call; 0..256
  std::uint32_t asks_max = 4;                  // questions to the user per call; 0..64
  std::uint32_t samples_max = 4;               // to the client's model, per call and provider call; 0..64
};

struct AdmissionSettings {              // [admission]
  std::uint32_t calls_max = 24;         // running at once, all owners; 1..100,000
  std::uint32_t owner_calls_max = 8;    // running at once of one owner; 1..100,000
  std::uint32_t plugin_calls_max = 16;  // running at once of one plugin; 1..100,000
  std::uint32_t queue_size_max = 256;   // waiting, all owners; 0 refuses instead of waiting, ..100,000
  Millis queue_wait_max{5'000};         // a call that waited this long is refused; 0..600,000
  bool attach_repeats = true;           // the same call of an idempotent tool waits for the one that runs
};

struct RetrySettings {              // [retry], provider calls only
  std::uint32_t attempts_max = 4;   // counts the first; 1..10, 1 turns retry off
  Millis backoff_base{250};         // doubles per attempt, full jitter; 1..60,000
  Millis backoff_max{8'000};        // 1..600,000
  Millis attempt_min{2'000};        // no attempt starts with less time left; 0..60,000
  double budget_tokens_max = 20;    // bucket per provider and model; 0 turns retry off, ..1000
  double budget_retry_cost = 2;     // 0..100
  double budget_timeout_cost = 4;   // a retry after a timeout; 0..100
  double budget_throttle_cost = 1;  // a retry after rate limiting; 0..100
  double budget_refund = 0.2;       // given back by a success; 0..100
};

struct QuarantineSettings {  // [quarantine], of plugins that crash
  bool enabled = true;
  std::uint32_t repeats_max = 2;  // crashes on one input of one owner; then it is refused; 1..1000
  std::uint32_t inputs_max = 3;   // different inputs; then the file is refused; 1..256
  Millis window{300'000};  // within which both count, and how long an input is refused; 1000..86,400,000
};

struct BreakerSettings {  // [breaker], per provider and model
  bool enabled = true;
  std::uint32_t failures_max = 5;  // in a row; 1..1000
  std::uint32_t window = 20;       // calls looked back on; 2..1000
  double window_ratio = 0.5;       // of the window failed opens it; 0.01..1
  Millis open_base{15'000};        // doubles per opening; 1..3,600,000
  Millis open_max{300'000};        // 1..3,600,000
};

struct WorkerSettings {                // [workers]
  std::uint32_t workers_max = 4;       // per plugin; 1..256
  std::uint32_t total_max = 64;        // all plugins; 1..1024
  std::uint32_t queue_ahead_max = 32;  // turns sent to a worker before it asks; 1..64
  std::uint32_t turns_max = 100'000;   // a worker is replaced after so many; 1..10,000,000
  Millis age_max{600'000};             // and after this long; 1000..86,400,000
  Millis idle_max{60'000};             // an idle one ends; 100..86,400,000
  Millis ready_max{8'000};             // from fork to READY, plugin constructors included; 100..600,000
  Millis spawn_max{2'000};             // the spawner may owe an answer this long; 10..600,000
  Millis spawner_backoff_max{5'000};   // longest pause before it is started anew; 0 never waits, ..60,000
  Millis slow_turn{100};               // a longer turn lets another worker start; 1..60,000
  std::string reuse = "owner";         // owner | call: what may follow a call in its worker
  std::uint64_t memory_bytes_max = 512ull << 20;  // address space; 64 MiB..64 GiB
  std::uint64_t memory_growth_bytes_max = 64ull
                                          << 20;  // a worker that grew by more is replaced; 1 MiB..64 GiB
  std::uint32_t files_max = 128;                  // descriptors; 16..4096
  std::uint64_t file_bytes_max = 64 << 20;        // largest file written; 0..1 GiB
  std::uint32_t log_lines_max = 200;              // per call; 0..100,000
  std::uint64_t stdio_bytes_max = 65'536;         // captured per worker; 0..16 MiB
};

struct IsolationSettings {       // [isolation]
  std::string mode = "process";  // process | in-process; in-process needs allow_unsafe
  std::uint32_t min_level = 2;   // plugins are refused below it; 0..4, at most level_max
  std::uint32_t level_max = 3;   // how deep to go where the kernel allows it; 0..4
  bool allow_unsafe = false;
};

struct FileSettings {                        // [files]
  std::vector<std::string> roots;            // absolute; empty: the working directory, unless / or home
  std::uint64_t file_bytes_max = 2 << 20;    // one file; 0..256 MiB
  std::uint64_t total_bytes_max = 16 << 20;  // per call; 0..1 GiB
  std::uint32_t files_max = 64;              // per call; 0..10,000
  std::vector<std::string> deny;             // further names refused inside a root, e.g. "secrets.yaml"
};

struct GitSettings {                             // [git]
  Millis time_max{10'000};                       // one effect; 100..600,000
  std::uint64_t output_bytes_max = 1 << 20;      // of one answer's files; 4096..16 MiB
  std::uint32_t files_max = 500;                 // in one answer; 1..10,000
  std::uint64_t memory_bytes_max = 1024u << 20;  // address space of one process; 128 MiB..64 GiB
  std::uint32_t processes_max = 2;               // at once; 1..64
  std::uint32_t queue_size_max = 256;            // effects that wait for one; 1..100,000
};

struct HttpSettings {                       // [http]
  Millis connect{5'000};                    // DNS, TCP and TLS; 100..60,000
  Millis first_byte{30'000};                // until the answer's header; 100..3,600,000
  Millis stream_idle{15'000};               // between content of a stream; 100..3,600,000
  std::uint64_t body_bytes_max = 16 << 20;  // one answer, decompressed; 1024..1 GiB
  std::uint64_t header_bytes_max = 65'536;  // 1024..1 MiB
  std::uint32_t redirects_max = 3;          // 0 follows none, ..10
  std::uint32_t connections_max = 64;       // 1..1024
  std::uint32_t queue_size_max = 4096;      // calls that wait for one; 1..100,000
  std::string ca_file;                      // PEM, trusted besides the system's authorities; empty: none
};

struct ToolSettings {                // [tools]
  std::string profile = "standard";  // lean | standard | full: what tools/list names
  std::vector<std::string> enable;   // named besides, by tool name
  std::vector<std::string> disable;  // not there at all; wins over the others
};

struct StoreSettings {                       // [store]
  std::string state_dir;                     // empty: $XDG_STATE_HOME/toolpost or ~/.local/state/toolpost
  Millis thread_ttl{86'400'000};             // 24 h since the last turn; 60,000..31,536,000,000
  std::uint32_t thread_turns_max = 50;       // 1..10,000
  std::uint64_t thread_bytes_max = 4 << 20;  // 4096..256 MiB
  std::uint64_t value_bytes_max = 1 << 20;   // one stored value; 0..64 MiB
  std::uint32_t call_values_max = 64;        // values that one call may put; 0..10,000
  std::uint32_t call_turns_max = 16;         // thread turns that one call may append; 0..1000
  std::uint32_t queue_size_max =
      4096;                        // tasks that wait for the disk, of files and of the store; 16..100,000
  Millis shared_poll{25};          // between two looks for a provider's place that other hosts hold; 2..5,000
  Millis journal_ttl{86'400'000};  // of calls that ended or were interrupted; 60,000..31,536,000,000
  std::uint64_t file_bytes_max = 1ull << 30;  // of all of it; 131,072..1 TiB
};

struct ResumeSettings {             // [resume], calls whose host died
  std::string in_doubt = "report";  // report | resend: what was sent and never answered
  Millis repeat_window{600'000};    // the same call asked again goes on where it was; 0 never, ..86,400,000
};

/// As log.file: no file at all.
constexpr const char* kNoLogFile = "none";

struct LogSettings {           // [log]
  std::string level = "info";  // debug | info | warn | error | off
  std::string file;            // JSON lines; empty: one per host in the state folder; "none": none
  std::uint64_t file_bytes_max = 10 << 20;  // then it is rotated; 65,536..1 GiB
  std::uint32_t old_files_max = 3;          // kept of the rotated ones; 0..100
  std::uint32_t recent_calls_max = 200;     // ended calls kept in memory for toolcall_log_tail; 0..10,000
};

/// A secret is named, never written here: exactly one of these says where it is.
struct SecretSource {
  std::string env;                     // name of a variable; read at start
  std::string file;                    // absolute path, mode 0600; one line
  std::vector<std::string> command{};  // absolute program and arguments; its output is the key
};

struct ModelSettings {                // [models], which model answers
  bool local_only = false;            // only providers of this machine or marked local
  std::vector<std::string> fallback;  // "NAME" or "NAME/model", asked in this order when auto's choice fails
  std::uint32_t fallbacks_max = 1;    // further models that one call of auto may ask; 0..8, 0 none
  std::vector<std::string> catalog_folders;  // absolute; their catalogues replace bundled entries
  Millis list_ttl{3'600'000};  // how long a server's own list holds; 0 never asks, ..604,800,000
};

struct ProviderSettings {                     // [providers.NAME]
  std::string plugin = "openai";              // which provider plugin speaks to it
  std::string base_url;                       // http(s); its origin is what the plugin may reach
  std::optional<SecretSource> key;            // sent to that origin only, in one header
  std::string key_header;                     // e.g. "api-key"; empty: what the plugin's manifest says
  std::string key_prefix;                     // before the key; with key_header alone, empty is empty
  std::vector<std::string> models;            // offered; the first is its default
  std::vector<std::string> models_allowed;    // empty: all
  std::vector<std::string> models_preferred;  // what auto takes first, in this order
  bool local = false;                         // counts as local though base_url is another machine
  std::uint32_t concurrency_max = 8;          // attempts at once; 1..10,000
  std::uint32_t queue_size_max = 64;          // attempts that wait for it; 0 refuses instead, ..10,000
  std::optional<Millis> ceiling;              // overrides ceilings.provider
  std::optional<std::uint32_t> attempts_max;  // overrides retry.attempts_max
  double daily_cost_max = 0;                  // of a UTC day, in the catalogue's currency; 0: no limit, ..1e6
  std::string config_json = "{}";             // [providers.NAME.config], for the plugin's own schema
};

struct PluginSettings {  // [plugins."ID"]
  bool enabled = true;
  std::vector<std::string> grant;          // effect kinds, e.g. "file.read", "provider"
  std::vector<std::string> http_origins;   // exact origins for the http effect
  std::optional<Millis> ceiling;           // overrides ceilings.tool
  std::optional<Millis> turn_max;          // overrides turns.turn_max
  std::optional<std::uint32_t> calls_max;  // overrides admission.plugin_calls_max
  std::string config_json = "{}";          // [plugins."ID".config], for the plugin's own schema
};

struct Settings {
  LimitSettings limits;
  CeilingSettings ceilings;
  CeilingSettings ceilings_long{Millis{600'000}, Millis{660'000}, Millis{720'000}, Millis{810'000},
                                Millis{120'000}};
  DeadlineSettings deadlines;
  TurnSettings turns;
  AdmissionSettings admission;
  RetrySettings retry;
  BreakerSettings breaker;
  QuarantineSettings quarantine;
  WorkerSettings workers;
  IsolationSettings isolation;
  FileSettings files;
  GitSettings git;
  HttpSettings http;
  ToolSettings tools;
  StoreSettings store;
  ResumeSettings resume;
  LogSettings log;
  ModelSettings models;
  std::string locale = "en";                // BCP 47; models are asked to answer in it
  bool sanitize_invisible = true;           // strip invisible and bidirectional characters from text
  std::string default_provider;             // for model = "auto"; empty: auto chooses among all
  std::vector<std::string> plugin_folders;  // third-party plugins; empty: $XDG_DATA_HOME/toolpost/plugins
  std::vector<std::string> clients_reset_on_progress{"claude-code"};  // by clientInfo.name; no wall for these
  std::map<std::string, ProviderSettings> providers;
  std::map<std::string, PluginSettings> plugins;
};

}  // namespace toolpost
