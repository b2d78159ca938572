#pragma once
// What is known about a model: data from the catalogues in config/models. Not for deciding; model_choice
// does.

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace toolpost {

/// In the catalogue's currency.
struct ModelPrice {
  double input = 0;         // per million tokens
  double output = 0;        // per million tokens, thinking included
  double cached_input = 0;  // per million tokens that a cache gave; as input when it is not written
  double cache_write = 0;   // per million tokens that a cache took; as input when it is not written
  double web_search = 0;    // per search
};

/// What a model takes as temperature.
struct TemperatureRange {
  double min = 0;
  double max = 2;
  bool accepted = true;  // false: the server refuses the member, so it is not sent
};

struct ModelFacts {
  std::string plugin;  // the provider plugin whose servers offer it
  std::string name;
  std::vector<std::string> aliases;
  std::uint64_t context_tokens = 0;       // 0: not known; so below
  std::uint64_t output_tokens_max = 0;    // of one answer
  std::uint64_t thinking_tokens_max = 0;  // the largest budget
  std::set<std::string> abilities;        // of known_abilities()
  std::string speed = "balanced";         // fast, balanced or quality
  std::vector<std::string> languages;     // that it is better at than others, e.g. "zh"
  TemperatureRange temperature;
  std::optional<ModelPrice> price;
  std::string currency;
};

/// Tokens of one call, as the neutral usage counts them.
struct TokensUsed {
  std::uint64_t input = 0;  // cached and cache-written ones included
  std::uint64_t output = 0;
  std::uint64_t cached_input = 0;
  std::uint64_t cache_write = 0;
  std::uint64_t web_searches = 0;
};

/// What a call costs by the catalogue's prices.
double cost_of(const ModelPrice& price, const TokensUsed& used);

/// Without the noise of binary fractions; no price is as small as what is cut off.
double rounded_money(double amount);

/// The words that a catalogue may use: tools, images, thinking, json, web_search, files.
const std::vector<std::string>& known_abilities();

}  // namespace toolpost
