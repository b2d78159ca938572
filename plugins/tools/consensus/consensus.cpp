// consensus: has several models judge a proposal, each for itself; answers with their opinions and how far
// they agree. All are asked in the first step, at once; later steps hand their answers out one by one.
#include <toolpost/workflow/workflow.hpp>

#include <optional>

#include "panel.hpp"

namespace {

using namespace toolpost::workflow;
using consensus::Seat;
using toolpost::json;

constexpr std::size_t kChosenMax = 3;  // models taken when the agent names none
constexpr Tokens kFileTokens{30'000};
constexpr std::size_t kNotStored = static_cast<std::size_t>(-1);

std::string seat_name(const json& opinion) {
  return opinion.value("model", "") + ":" + opinion.value("stance", "neutral");
}

/// The seats an agent asks for. Errors: invalid_input, naming the entry.
std::vector<Seat> seats_of(const json& models) {
  std::vector<Seat> seats;
  if (models.is_null()) return seats;
  if (!models.is_array() || models.size() > consensus::kModelsMax)
    refuse_field("models", "a list of at most 16 {model, stance, stance_prompt}");
  for (const json& one : models) {
    if (!one.is_object()) refuse_field("models", "a list of objects with \"model\"");
    Seat seat{text_field(one, "model"), text_field(one, "stance", "neutral"),
              text_field(one, "stance_prompt")};
    if (seat.model.empty()) refuse_field("models", "a list of objects with \"model\"");
    if (!is_one_of(seat.stance, {"for", "against", "neutral"}))
      refuse_field("models[].stance", "for, against or neutral");
    for (const Seat& other : seats) {
      if (other.model == seat.model && other.stance == seat.stance) {
        throw toolpost::Error(TOOLPOST_INVALID_INPUT, "\"models\" names " + seat.model + " with stance " +
                                                          seat.stance +
                                                          " twice; give one of them another stance");
      }
    }
    seats.push_back(std::move(seat));
  }
  return seats;
}

/// What the host offers to ask, and how many provider calls it lets one call make.
struct Offer {
  json providers = json::array();
  std::optional<std::size_t> calls_max;  // without a value: it does not tell
};

Offer offer_of(toolpost::Call& call, const json& wish) {
  Offer offer;
  try {
    const json told = call.perform("models", wish);
    offer.providers = told.value("providers", json::array());
    if (told.contains("provider_calls_max")) offer.calls_max = told["provider_calls_max"].get<std::size_t>();
  } catch (const toolpost::Error&) {
    // Without the list there is still the default model.
  }
  return offer;
}

/// The first models of the configured providers, taken in turn, so that different makers are heard.
std::vector<Seat> chosen_seats(const Offer& offer) {
  std::vector<Seat> seats;
  const std::size_t most = std::min(kChosenMax, offer.calls_max.value_or(kChosenMax));
  bool more = true;
  for (std::size_t place = 0; more && seats.size() < most; ++place) {
    more = false;
    for (const json& provider : offer.providers) {
      const json models = provider.value("models", json::array());
      if (provider.contains("unusable") || place >= models.size() || seats.size() == most) continue;
      seats.push_back(
          {provider.value("provider", "") + "/" + models[place].get<std::string>(), "neutral", ""});
      more = true;
    }
  }
  if (seats.empty()) seats.push_back({"auto", "neutral", ""});
  return seats;
}

/// Told before any is asked: the host would refuse those beyond its limit.
void refuse_too_many(const std::vector<Seat>& seats, const Offer& offer) {
  if (seats.size() <= offer.calls_max.value_or(consensus::kModelsMax)) return;
  throw toolpost::Error(TOOLPOST_INVALID_INPUT,
                        "\"models\" names " + std::to_string(seats.size()) + ", and one call may ask " +
                            std::to_string(*offer.calls_max) +
                            " here (turns.provider_calls_max): name fewer, or let the operator raise it");
}

struct Consensus : toolpost::Plugin {
  explicit Consensus(const json& config)
      : answer_characters_max_(config.value("answer_characters_max", kAnswerCharactersMax)),
        model_deadline_ms_(config.value("model_deadline_ms", 35'000)),
        quorum_(config.value("quorum", 0)) {}

  json invoke(toolpost::Call& call, std::string_view, const json& request) override {
    Step step = read_step(request, {"models", "current_model_index", "model_responses"});
    if (const std::size_t size = count_characters(step.text); size > kStepCharactersMax)
      return resend_prompt("consensus", "relevant_files", size, kStepCharactersMax);
    if (std::string text = take_prompt_file(call, step.relevant_files); !text.empty())
      step.text = std::move(text);
    json state = json::object();
    std::size_t turns = 0;
    if (!step.continuation_id.empty()) {
      const json thread = call.perform("thread.read", {{"id", step.continuation_id}});
      turns = thread["turns"].size();
      if (step.number > 1) state = thread.value("state", json::object()).value("consensus", json::object());
    }
    json response = {{"metadata", {{"tool_name", "consensus"}, {"workflow_type", "multi_model_consensus"}}}};
    if (!step.ignored.empty()) response["metadata"]["ignored_fields"] = step.ignored;
    const bool asked = !state.contains("opinions");
    if (asked) state = ask(call, step, response);
    answer(step, state, response);
    store(call, step, asked ? turns : kNotStored, state, response);
    return response;
  }

 private:
  /// Asks the whole panel. What comes back is all that later steps need.
  json ask(toolpost::Call& call, const Step& step, json& response) const {
    std::vector<Seat> seats = seats_of(field(step.own, "models"));
    if (seats.empty() && step.number > 1) {
      throw toolpost::Error(TOOLPOST_INVALID_INPUT,
                            "\"continuation_id\" is missing or belongs to no consensus: pass the one of step "
                            "1, or send step 1 anew "
                            "with models");
    }
    Offer offer;
    if (step.use_expert) {
      offer = offer_of(call, seats.empty() ? json::object() : json{{"limits", true}});
      if (seats.empty()) seats = chosen_seats(offer);
      refuse_too_many(seats, offer);
    }
    const EmbeddedFiles files = embed_files(call, step.relevant_files, kFileTokens);
    if (!step.relevant_files.empty())
      response["file_context"] = {
          {"type", "fully_embedded"}, {"files_embedded", files.embedded}, {"left_out", files.left_out}};
    consensus::Question question;
    const ShownImages images = show_images(call, step.images);
    question.images = images.parts;
    if (!images.shown.empty()) response["file_context"]["images_shown"] = images.shown;
    for (const json& one : images.left_out) response["file_context"]["left_out"].push_back(one);
    question.text = "PROPOSAL\n" + step.text + (files.text.empty() ? "" : "\n\nFILES\n" + files.text);
    if (step.temperature >= 0) question.temperature = step.temperature;
    question.web_search = step.use_websearch;
    question.thinking = step.thinking_mode;
    question.model_deadline_ms = model_deadline_ms_;
    question.provider_calls_max = offer.calls_max.value_or(consensus::kProviderCallsUsual);
    question.quorum = quorum_ > 0 ? std::min(quorum_, seats.size()) : consensus::usual_quorum(seats.size());
    json state = {{"initial_request", step.text}, {"findings", step.findings}, {"quorum", question.quorum}};
    if (!step.use_expert) {
      state["handed_over"] = "use_assistant_model is false, so no model was asked";
      state["opinions"] = json::array();
    } else {
      consensus::Panel panel(call, question, seats);
      state["opinions"] = panel.ask();
      if (panel.nobody_there()) state["handed_over"] = state["opinions"][0]["error"];
    }
    if (state.contains("handed_over")) state["question"] = question.text;
    return state;
  }

  void answer(const Step& step, const json& state, json& response) const {
    const json& opinions = state["opinions"];
    const int count = static_cast<int>(opinions.size());
    const bool handed_over = state.contains("handed_over");
    const bool last = handed_over || !step.more || step.number >= count;
    response["step_number"] = step.number;
    response["total_steps"] = std::max(1, count);
    response["next_step_required"] = !last;
    response["current_model_index"] = std::min(step.number, count);
    if (step.number == 1)
      response["agent_analysis"] = {{"initial_analysis", step.text}, {"findings", step.findings}};
    if (step.number <= count) {
      const json& opinion = opinions[static_cast<std::size_t>(step.number - 1)];
      response["model_consulted"] = opinion["model"];
      response["model_stance"] = opinion["stance"];
      response["model_response"] = opinion;
      response["metadata"]["model_consulted"] = seat_name(opinion);
    }
    if (last) return complete(state, response);
    response["status"] = step.number == 1 ? "analysis_and_first_model_consulted" : "model_consulted";
    const std::string next = std::to_string(step.number + 1);
    response["required_actions"] = {
        "Note the position of this model and the reason that carries it",
        "Check its claims against the code or the facts you know",
        "Keep your own judgement open until all " + std::to_string(count) + " are read"};
    response["next_steps"] =
        "All models have been asked already, each without knowing of the others. Note what this one adds, "
        "then call consensus with "
        "step_number " +
        next +
        " and the continuation_id for the next opinion. With next_step_required false the same call gives "
        "all opinions and the consensus at "
        "once.";
    response["next_step_number"] = step.number + 1;
  }

  void complete(const json& state, json& response) const {
    const json& opinions = state["opinions"];
    const auto tally = consensus::tally(opinions, state.value("quorum", std::size_t{1}));
    json names = json::array();
    for (const json& opinion : opinions) {
      if (opinion["status"] == "success") names.push_back(seat_name(opinion));
    }
    response["status"] = "consensus_workflow_complete";
    response["consensus_complete"] = true;
    response["complete_consensus"] = {{"initial_prompt", state["initial_request"]},
                                      {"models_consulted", names},
                                      {"total_responses", tally.answered},
                                      {"consensus_confidence", tally.label()},
                                      {"confidence_basis", tally.to_json()}};
    response["accumulated_responses"] = opinions;
    if (count_characters(opinions.dump()) > answer_characters_max_) {
      for (json& opinion : response["accumulated_responses"]) opinion.erase("raw_response");
      response["raw_left_out"] =
          "raw_response of each is left out for length; consensus with this continuation_id and the "
          "step_number "
          "of a model (its place in this list) gives it.";
    }
    if (state.contains("handed_over")) {
      response["status"] = "local_work_complete";
      response["expert_analysis"] = {{"status", "handed_to_agent"},
                                     {"reason", state["handed_over"]},
                                     {"system_prompt", consensus::system_prompt({"", "neutral", ""})},
                                     {"brief", state["question"]}};
      response["next_steps"] =
          "No model could be asked; accumulated_responses says why for each. Judge the proposal yourself: "
          "write the best case for it, then the best "
          "case against it, each as if the "
          "other did not exist, and only then your verdict. Tell the user that this is one voice and no "
          "consensus.";
    } else if (tally.answered == 0) {
      response["next_steps"] =
          "No model answered, so there is no consensus; accumulated_responses says why for each. Tell the "
          "user, and call consensus again with "
          "other models or later. Do not present your own view as that of the models.";
    } else {
      response["next_steps"] =
          "Put it together: where the models agree, where they differ and whose reasons are better, then one "
          "recommendation with the steps that "
          "follow. Name the models that did not answer. consensus_confidence measures agreement, not truth: "
          "weigh the reasons, check the facts.";
    }
  }

  /// `turns` are those of the thread that `state` was made from; kNotStored when it came out of the thread.
  void store(toolpost::Call& call, const Step& step, std::size_t turns, const json& state,
             json& response) const {
    json turn = {{"tool", "consensus"}, {"step", step.number}, {"status", response["status"]}};
    if (response.contains("consensus_complete")) {
      std::string text;
      for (const json& opinion : state["opinions"])
        text += seat_name(opinion) + "\n" + opinion.value("verdict", opinion.value("error", "")) + "\n\n";
      turn["question"] = state["initial_request"];
      turn["answer"] = text;
    }
    json append = {{"tool", "consensus"}, {"turn", turn}};
    if (turns != kNotStored) append["state"] = state;
    if (!step.continuation_id.empty()) append["id"] = step.continuation_id;
    if (!step.continuation_id.empty() && turns != kNotStored) append["after"] = turns;
    try {
      response["continuation_id"] = call.perform("thread.append", append)["id"];
    } catch (const toolpost::Error& error) {
      response["continuation_note"] = std::string("These opinions are not remembered: ") + error.what();
      if (response.contains("consensus_complete")) return;
      // Later steps would find nothing, so all of it is handed out now.
      response["next_step_required"] = false;
      for (const char* key : {"required_actions", "next_step_number"}) response.erase(key);
      return complete(state, response);
    }
    if (!response.contains("next_step_number")) return;
    const int next = response["next_step_number"];
    const int total = response["total_steps"];
    response["next_call"] = {{"tool", "consensus"},
                             {"arguments",
                              {{"step_number", next},
                               {"total_steps", total},
                               {"next_step_required", next < total},
                               {"continuation_id", response["continuation_id"]}}}};
  }

  const std::size_t answer_characters_max_;
  const std::int64_t model_deadline_ms_;
  const std::size_t quorum_;  // 0: half of those asked
};

}  // namespace

TOOLPOST_PLUGIN(Consensus)
