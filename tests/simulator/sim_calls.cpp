#include "sim_calls.hpp"

#include <nlohmann/json.hpp>

#include "sim_ledger.hpp"

namespace toolpost::sim {
namespace {

using nlohmann::json;

json provider_request(RandomSource& random, std::uint64_t nonce, std::size_t number) {
  static constexpr const char* models[] = {"m0", "n0", "m1", "n1", "auto"};
  json request = {{"method", "chat"},
                  {"model", models[random.below(5)]},
                  {"nonce", std::to_string(nonce) + "." + std::to_string(number)}};
  if (random.below(4) == 0) request["role"] = "expert";
  if (random.below(3) == 0) request["uploads"] = true;
  return request;
}

std::string mark(std::uint64_t nonce, std::size_t number, Keeping keeping) {
  return (keeping == Keeping::durable ? kDurableMark : kFleetingMark) + std::to_string(nonce) + "." +
         std::to_string(number);
}

json simple_step(RandomSource& random, std::uint64_t nonce, std::size_t number, Keeping keeping) {
  switch (random.below(6)) {
    case 0:
      return {{"do", "sleep"}, {"request", {{"ms", random.below(3000)}}}};
    case 1:
      return {{"do", "file.read"}, {"request", {{"path", "a.txt"}}}, {"timeout_ms", random.below(2) * 20}};
    case 2:
      return {{"do", "store.put"}, {"request", {{"key", "k"}, {"value", mark(nonce, number, keeping)}}}};
    case 3: {
      json step = {
          {"do", "ask_several"}, {"requests", json::array()}, {"timeout_ms", random.below(3) * 5000}};
      const std::size_t several = 1 + random.below(3);
      for (std::size_t i = 0; i < several; ++i)
        step["requests"].push_back(provider_request(random, nonce, (number + 1) * 100 + i));
      step["need"] = 1 + random.below(several);
      return step;
    }
    case 4:
      return {{"do", "thread.append"}, {"request", {{"turn", {{"said", mark(nonce, number, keeping)}}}}}};
    default:
      return {{"do", "ask"}, {"request", provider_request(random, nonce, number)}};
  }
}

void add_faults(RandomSource& random, FaultPlan& faults, json& steps) {
  const auto add = [&](Fault fault, json step) {
    if (faults.strikes(fault))
      steps.insert(steps.begin() + static_cast<long>(random.below(steps.size() + 1)), step);
  };
  add(Fault::diverges, {{"do", "diverge"}});
  add(Fault::finishes_early, {{"do", "finish_early"}});
  add(Fault::floods_effects, {{"do", "flood_effects"}});
  add(Fault::floods_turns, {{"do", "flood_turns"}});
  add(Fault::floods_log, {{"do", "flood_log"}});
  add(Fault::leaves_effects, {{"do", "leave"}});
  add(Fault::foreign_effect, {{"do", "foreign_effect"}, {"effect", random.next() >> 17}});
  add(Fault::wrong_join, {{"do", "wrong_join"}});
  add(Fault::broken_effect_json, {{"do", "broken_json"}});
  add(Fault::goes_on_after_seal, {{"do", "after_seal"}});
  add(Fault::unknown_effect, {{"do", "no.such.effect"}, {"request", json::object()}});
}

}  // namespace

std::string random_arguments(RandomSource& random, FaultPlan& faults, std::uint64_t nonce, Keeping keeping) {
  json steps = json::array();
  const std::size_t count = random.below(5);
  for (std::size_t i = 0; i < count; ++i) steps.push_back(simple_step(random, nonce, i, keeping));
  add_faults(random, faults, steps);
  json arguments = {{"nonce", nonce}, {"steps", steps}};
  if (faults.strikes(Fault::wrong_output)) arguments["end"] = "wrong";
  if (faults.strikes(Fault::no_output)) arguments["end"] = "nothing";
  if (faults.strikes(Fault::error_with_advice)) arguments["end"] = "error";
  if (faults.strikes(Fault::suspends_on_nothing)) arguments["end"] = "suspended";
  if (faults.strikes(Fault::floods_output)) arguments["end"] = "flood";
  return arguments.dump();
}

std::string asking_arguments(RandomSource& random, std::uint64_t nonce) {
  const json step = {{"do", "ask"}, {"request", provider_request(random, nonce, 0)}};
  return json{{"nonce", nonce}, {"steps", json::array({step})}}.dump();
}

std::string sleeping_arguments(std::uint64_t nonce) {
  const json step = {{"do", "sleep"}, {"request", {{"ms", 10}}}};
  return json{{"nonce", nonce}, {"steps", json::array({step})}}.dump();
}

}  // namespace toolpost::sim
