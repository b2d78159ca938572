#pragma once
// Two plugins behind the C ABI, as a process would hold them: a tool that does what its request says, rightly
// or wrongly, and a provider that speaks to the simulated model servers.

#include <memory>
#include <string>

#include "toolpost/plugin.h"

namespace toolpost::sim {

class SimPlugin {
 public:
  virtual ~SimPlugin() = default;
  virtual const std::string& id() const = 0;
  const toolpost_invokable_1& table() const;
  void* instance() { return this; }

  virtual toolpost_status invoke(toolpost_call call, std::string_view request) = 0;
};

/// Request: {"nonce": n, "steps": [{"do": ..., ...}], "end": ...}; see sim_calls.cpp, which makes them.
/// Reply:
/// {"nonce": n, "answers": [what the models said]}.
std::unique_ptr<SimPlugin> make_tool_plugin(std::string id);
/// Request: {"model": m, "nonce": s, "uploads": bool}. Reply: {"text": "answer to s"}.
std::unique_ptr<SimPlugin> make_provider_plugin(std::string id);

}  // namespace toolpost::sim
