// The sections of the file, in the order in which they are printed. Part of the one table of settings.
#include "config/settings_schema.hpp"

namespace toolpost {
namespace {

constexpr SectionSpec kSections[] = {
    {"host", "The host itself."},
    {"clients", "What is known about MCP clients."},
    {"limits", "Of what a client sends and a plugin answers."},
    {"ceilings",
     "How long things may take; 0 switches one off and the next outer one then holds. They nest: "
     "provider + deadlines.provider_reserve_ms <= tool <= expert <= daemon, and "
     "tool + deadlines.tool_reserve_ms <= daemon."},
    {"ceilings_long", "The same for patient calls: `toolpost call --patient`, and durable ones."},
    {"deadlines", "What is kept back so that an answer still gets out in time."},
    {"turns", "Of one run of plugin code, and of the call it belongs to."},
    {"admission", "How much runs at once; what cannot start in time is refused early."},
    {"retry", "Provider calls only; nothing else is ever retried."},
    {"breaker", "Per provider and model: a failing upstream is left alone for a while."},
    {"quarantine", "Plugins that crash or hang: what they crashed on is not run again and again."},
    {"workers", "The processes that run plugins."},
    {"isolation", "What keeps a plugin in its process."},
    {"files", "What the file effects may read."},
    {"git", "What the git effects may take; what they may read is what [files] says."},
    {"http", "The host's HTTP client."},
    {"tools", "Which tools clients are told of."},
    {"store", "Threads, journals and stored values."},
    {"resume", "Calls whose host died."},
    {"models", "Which model answers; the providers themselves are below."},
    {"log", "Logs go to standard error; standard output is the protocol's."},
};

}  // namespace

std::span<const SectionSpec> section_specs() {
  return kSections;
}

}  // namespace toolpost
