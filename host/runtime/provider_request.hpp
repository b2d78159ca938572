#pragma once
// Between a tool's neutral request and the provider plugin that gets it: what the host reads, adds, bounds to
// what the chosen model takes, and says in the reply. No plugin can pass it by.

#include <nlohmann/json.hpp>
#include <string>

#include "base/error.hpp"
#include "model/model_choice.hpp"
#include "runtime/call_runner.hpp"

namespace toolpost {

/// Methods that a model answers; the others move files or list things.
bool is_chat(std::string_view method);

/// The text of a member; "" when it is none.
std::string text_of(const nlohmann::json& request, const char* key);

/// Whether the host is to choose the model.
bool leaves_choice(const nlohmann::json& request);

/// Whether it asks for an expert's opinion, which gives the asking call more time.
bool asks_expert(const nlohmann::json& request);

/// Whether another model may do better after such a failure.
bool may_fall_back(Errc code);

/// What the request wants of a model.
ModelWish wish_of(const nlohmann::json& request, std::string_view tool, const std::string& locale);

/// The request for this model. `facts` may be null: then nothing is bounded.
nlohmann::json request_for(const nlohmann::json& asked, const std::string& model, const ModelFacts* facts,
                           const std::string& locale);

/// Adds the cost, and notes on what request_for() changed.
void complete_reply(nlohmann::json& reply, const nlohmann::json& asked, const ModelFacts* facts);

}  // namespace toolpost
