#include "model/model_choice.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace toolpost {
namespace {

using Providers = std::vector<OfferedProvider>;

bool is_in(const std::vector<std::string>& list, const std::string& word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

/// What `name` is called in full on this provider.
std::string full_name(const ModelCatalog& catalog, const OfferedProvider& provider, const std::string& name) {
  if (is_in(provider.models, name)) return name;
  const ModelFacts* facts = catalog.find(provider.plugin, name);
  return facts == nullptr ? name : facts->name;
}

/// The place of `model` in a list in which aliases count; the list's size if it is not there.
std::size_t place_in(const ModelCatalog& catalog, const OfferedProvider& provider,
                     const std::vector<std::string>& list, const std::string& model) {
  std::size_t place = 0;
  while (place < list.size() && list[place] != model && full_name(catalog, provider, list[place]) != model)
    ++place;
  return place;
}

struct Candidate {
  ModelPick pick;
  int points = 0;
  std::size_t order = 0;
  std::vector<std::string> reasons;
};

/// Why the model cannot do what is wanted; empty when it can, as far as is known.
std::string lack(const ModelWish& wish, const ModelFacts* facts) {
  if (facts == nullptr) return {};
  for (const std::string& need : wish.needs)
    if (!facts->abilities.contains(need)) return "has no " + need;
  if (facts->context_tokens != 0 && wish.tokens > facts->context_tokens)
    return "takes " + std::to_string(facts->context_tokens) + " tokens";
  return {};
}

void rate(const ModelWish& wish, const ModelCatalog& catalog, const OfferedProvider& provider,
          const ModelPolicy& policy, Candidate& candidate) {
  const auto give = [&](int points, const std::string& reason) {
    candidate.points += points;
    candidate.reasons.push_back(reason);
  };
  const ModelFacts* facts = candidate.pick.facts;
  const std::string& model = candidate.pick.model;
  if (provider.resting.contains(model)) give(-10'000, "left alone now after failures");
  if (!policy.default_provider.empty() && provider.name == policy.default_provider)
    give(1'000, "host.default_provider");
  const std::size_t preferred = place_in(catalog, provider, provider.preferred, model);
  if (preferred < provider.preferred.size())
    give(500 - static_cast<int>(std::min<std::size_t>(preferred, 400)), "models_preferred");
  if (facts == nullptr && provider.listed) candidate.points -= 100;  // it may be one for speech or search
  if (facts == nullptr) return;
  const std::string speed = wanted_speed(wish);
  if (facts->speed == speed || facts->speed == "balanced") {
    const std::string whom = wish.role == "expert" ? "an expert's opinion"
                             : wish.tool.empty()   ? "this call"
                                                   : wish.tool;
    give(facts->speed == speed ? 40 : 20,
         facts->speed + ", for " + whom + (wish.step.empty() ? "" : " (" + wish.step + " step)"));
  }
  for (const std::string& like : wish.likes)
    if (facts->abilities.contains(like)) give(15, like);
  for (const std::string& need : wish.needs) candidate.reasons.push_back("can do " + need);
  if (is_in(facts->languages, wish.language)) give(30, "locale " + wish.language);
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

/// Moves the entries of models.fallback behind the first choice, in their order; the rest is not asked.
void order_fallbacks(const std::vector<std::string>& fallback, std::vector<Candidate>& ranked) {
  if (fallback.empty() || ranked.empty()) return;
  std::vector<Candidate> ordered{ranked.front()};
  for (const std::string& entry : fallback) {
    for (const Candidate& one : ranked) {
      const std::string name = one.pick.provider + "/" + one.pick.model;
      if (entry != one.pick.provider && entry != name) continue;
      const auto same = [&](const Candidate& earlier) {
        return earlier.pick.provider + "/" + earlier.pick.model == name;
      };
      if (std::none_of(ordered.begin(), ordered.end(), same)) {
        ordered.push_back(one);
        break;
      }
    }
  }
  ranked = std::move(ordered);
}

Result<std::vector<ModelPick>> pick_auto(const ModelWish& wish, const Providers& providers,
                                         const ModelCatalog& catalog, const ModelPolicy& policy) {
  std::vector<Candidate> ranked;
  std::vector<std::string> left_out;
  std::optional<Error> first_problem;
  const auto leave_out = [&](const std::string& who, const Error& why) {
    left_out.push_back(who + " (" + why.message + ")");
    if (!first_problem) first_problem = why;
  };
  for (const OfferedProvider& provider : providers) {
    if (provider.unusable) {
      leave_out(provider.name, *provider.unusable);
      continue;
    }
    if (provider.models.empty()) {
      leave_out(provider.name,
                {Errc::unsupported, "provider " + provider.name + " names no models; set providers." +
                                        provider.name + ".models"});
    }
    for (const std::string& model : provider.models) {
      const ModelFacts* facts = catalog.facts(provider.plugin, model);
      if (const auto no = forbidden(catalog, provider, model, policy)) {
        leave_out(provider.name + "/" + model, *no);
      } else if (const std::string lacks = lack(wish, facts); !lacks.empty()) {
        leave_out(provider.name + "/" + model, {Errc::unsupported, "model " + model + " " + lacks});
      } else {
        Candidate candidate{{provider.name, model, facts, ""}, 0, ranked.size(), {}};
        rate(wish, catalog, provider, policy, candidate);
        ranked.push_back(std::move(candidate));
      }
    }
  }
  if (ranked.empty()) {
    if (left_out.size() == 1) return *first_problem;
    Error none{first_problem->code, "no model fits: "};
    const std::size_t shown = std::min<std::size_t>(left_out.size(), 5);
    none.message += joined({left_out.begin(), left_out.begin() + static_cast<std::ptrdiff_t>(shown)});
    if (shown < left_out.size()) none.message += " and " + std::to_string(left_out.size() - shown) + " more";
    return none;
  }
  std::sort(ranked.begin(), ranked.end(), [](const Candidate& a, const Candidate& b) {
    return a.points != b.points ? a.points > b.points : a.order < b.order;
  });
  order_fallbacks(policy.fallback, ranked);
  std::vector<ModelPick> picks;
  for (const Candidate& candidate : ranked) {
    picks.push_back(candidate.pick);
    picks.back().why = "auto chose " + candidate.pick.provider + "/" + candidate.pick.model +
                       (!candidate.reasons.empty() ? ": " + joined(candidate.reasons)
                        : candidate.order == 0     ? ": the first that is offered"
                                                   : ": no other fits better");
    if (!left_out.empty() && picks.size() == 1) picks.back().why += "; left out " + left_out.front();
  }
  return picks;
}

Result<std::vector<ModelPick>> unknown_name(const std::string& wanted, const Providers& providers,
                                            const ModelCatalog& catalog) {
  std::vector<std::string> known;
  for (const OfferedProvider& provider : providers) {
    known.insert(known.end(), provider.models.begin(), provider.models.end());
    for (const std::string& model : provider.models)
      if (const ModelFacts* facts = catalog.find(provider.plugin, model))
        known.insert(known.end(), facts->aliases.begin(), facts->aliases.end());
  }
  std::string message = "no provider offers model \"" + plain_excerpt(wanted, 100) + "\"";
  for (const OfferedProvider& provider : providers) {
    const ModelFacts* facts = catalog.find(provider.plugin, wanted);
    if (facts == nullptr) continue;
    return Error{Errc::not_found, message + ": it is not in providers." + provider.name +
                                      ".models; add it there, or ask for " + provider.name + "/" +
                                      facts->name};
  }
  const auto near = did_you_mean(wanted, known);
  return Error{Errc::not_found, message + (near ? "; did you mean \"" + *near + "\"?"
                                                : "; use auto, or NAME/model for provider NAME")};
}

}  // namespace

std::optional<Error> forbidden(const ModelCatalog& catalog, const OfferedProvider& provider,
                               const std::string& model, const ModelPolicy& policy) {
  if (policy.local_only && !provider.local) {
    return Error{Errc::permission, "provider " + provider.name +
                                       " is not local and models.local_only is on; mark it with providers." +
                                       provider.name + ".local if it is yours"};
  }
  const auto& allowed = provider.allowed;
  if (allowed.empty() || place_in(catalog, provider, allowed, model) < allowed.size()) return std::nullopt;
  return Error{Errc::permission,
               "model " + model + " is not in providers." + provider.name + ".models_allowed"};
}

std::string wanted_speed(const ModelWish& wish) {
  static const std::set<std::string> thorough = {"thinkdeep", "consensus", "docgen", "secaudit"};
  static const std::set<std::string> stepwise = {"analyze", "codereview", "refactor",  "debug",
                                                 "testgen", "planner",    "precommit", "tracer"};
  if (wish.thinking == "high" || wish.thinking == "max") return "quality";
  if (wish.role == "expert" || thorough.contains(wish.tool)) return "quality";
  if (stepwise.contains(wish.tool) && wish.step == "last") return "quality";
  return "fast";
}

Result<std::vector<ModelPick>> pick_models(const ModelWish& wish, const Providers& providers,
                                           const ModelCatalog& catalog, const ModelPolicy& policy) {
  if (providers.empty()) {
    return Error{Errc::unsupported,
                 "no model provider is configured; add [providers.NAME] with base_url and models to the "
                 "configuration"};
  }
  if (wish.model.empty() || wish.model == "auto") return pick_auto(wish, providers, catalog, policy);
  std::optional<Error> refused;
  // Those that name the model come first; then those that take any name.
  for (const bool by_name : {true, false}) {
    for (const OfferedProvider& provider : providers) {
      const bool prefixed = wish.model.starts_with(provider.name + "/");
      const std::string wanted = prefixed ? wish.model.substr(provider.name.size() + 1) : wish.model;
      const std::string model = full_name(catalog, provider, wanted);
      const bool match = by_name ? prefixed || is_in(provider.models, model) : provider.open;
      if (!match) continue;
      if (!refused)
        refused = provider.unusable ? provider.unusable : forbidden(catalog, provider, model, policy);
      if (provider.unusable || forbidden(catalog, provider, model, policy)) continue;
      const ModelFacts* facts = catalog.facts(provider.plugin, model);
      if (const std::string lacks = lack(wish, facts);
          !lacks.empty() && !wish.needs.empty() && lacks.starts_with("has no"))
        return Error{Errc::unsupported, "model " + model + " " + lacks + ", which this call needs; try auto"};
      std::string why = model == wanted ? "named" : "named, as " + wanted;
      if (!by_name) why += "; no catalogue or list has it, so " + provider.name + " decides";
      return std::vector<ModelPick>{{provider.name, model, facts, std::move(why)}};
    }
  }
  if (refused) return *refused;
  return unknown_name(wish.model, providers, catalog);
}

}  // namespace toolpost
