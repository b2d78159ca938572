#pragma once
// Questions to a client's user or model, between the host's neutral form and MCP's elicitation and sampling.
// Knows the wire; what may be asked is judged before.

#include <string>
#include <string_view>

#include "base/result.hpp"

namespace toolpost {

inline constexpr std::string_view kMcpElicit = "elicitation/create";
inline constexpr std::string_view kMcpSample = "sampling/createMessage";

/// The params of elicitation/create. `question_json`: {"message", "schema"}, checked.
std::string mcp_elicitation_params(std::string_view question_json);
/// {"action": "accept" | "decline" | "cancel", "content": {...}} of a client's result. Error: bad_upstream.
Result<std::string> read_mcp_elicitation(std::string_view result_json);

/// The params of sampling/createMessage. `question_json`: {"messages", "system", "output_tokens_max",
/// "temperature", "stop", "model"}, checked; all but the first may be missing. No context of other servers is
/// asked for.
std::string mcp_sampling_params(std::string_view question_json);
/// {"text", "model", "finish_reason"} of a client's result. Error: bad_upstream.
Result<std::string> read_mcp_sampling(std::string_view result_json);

}  // namespace toolpost
