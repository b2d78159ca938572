#include "runtime/daily_money.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>

namespace toolpost {
namespace {

using nlohmann::json;

constexpr std::uint64_t kSearchesMax = 10;  // that a model may make within one answer

std::string money_text(std::int64_t micro) {
  char text[32];
  std::snprintf(text, sizeof text, "%.4g", static_cast<double>(micro) / 1e6);
  return text;
}

std::uint64_t answer_tokens(const json& request, const ModelFacts& facts) {
  const auto asked = request.find("output_tokens_max");
  const bool bounded = asked != request.end() && asked->is_number_integer() && *asked > 0;
  const std::uint64_t wanted = bounded ? asked->get<std::uint64_t>() : 0;
  if (wanted == 0) return facts.output_tokens_max;
  return facts.output_tokens_max == 0 ? wanted : std::min(wanted, facts.output_tokens_max);
}

}  // namespace

void MoneyHold::take(MoneyLedger& ledger, const MoneyOrder& order,
                     std::function<void(const Result<MoneyAnswer>&)> done) {
  ledger_ = &ledger;
  ledger.reserve(order, [this, &ledger, order, wanted = wanted_,
                         done = std::move(done)](const Result<MoneyAnswer>& answer) {
    const bool granted = answer && answer->granted;
    if (!*wanted) {
      if (granted) ledger.settle(order.provider, order.day, -order.amount);
      return;
    }
    if (granted) held_ = order;
    done(answer);
  });
}

void MoneyHold::settle(std::int64_t spent) {
  if (!held_) return;
  ledger_->settle(held_->provider, held_->day, spent - held_->amount);
  held_.reset();
}

std::int64_t micro_money(double amount) {
  constexpr double kMost = 1e15;
  return static_cast<std::int64_t>(std::ceil(std::clamp(amount * 1e6, 0.0, kMost)));
}

std::int64_t utc_day(std::int64_t wall_ms) {
  return wall_ms / kMsPerDay;
}

Result<std::int64_t> most_it_costs(const json& request, const ModelFacts* facts, const std::string& model) {
  const auto unknown = [&](const char* what) {
    return Error{Errc::unsupported, "the catalogue does not say " + std::string(what) + " of model " + model +
                                        ", so daily_cost_max cannot be kept; add it to a catalogue in "
                                        "models.catalog_folders, or take the limit away"};
  };
  if (facts == nullptr || !facts->price) return unknown("the price");
  TokensUsed most;
  most.output = answer_tokens(request, *facts);
  if (most.output == 0) return unknown("output_tokens_max");
  const auto messages = request.find("messages");
  most.input =
      messages == request.end() ? 0 : messages->dump(-1, ' ', false, json::error_handler_t::replace).size();
  if (facts->context_tokens != 0) most.input = std::min(most.input, facts->context_tokens);
  const auto search = request.find("web_search");
  if (search != request.end() && *search == true && facts->abilities.contains("web_search"))
    most.web_searches = kSearchesMax;
  ModelPrice price = *facts->price;
  price.input = std::max(price.input, price.cache_write);
  return micro_money(cost_of(price, most));
}

Error money_refused(const MoneyOrder& order, const MoneyAnswer& answer, const std::string& currency,
                    std::int64_t wall_ms) {
  const std::string unit = currency.empty() ? "" : " " + currency;
  const Millis left((order.day + 1) * kMsPerDay - wall_ms);
  return {Errc::exhausted,
          "providers." + order.provider + ".daily_cost_max = " + money_text(order.limit) + unit + ": " +
              money_text(answer.counted) + unit + " are spent or reserved today (UTC), and this may cost " +
              money_text(order.amount) + unit + "; it starts anew in " +
              std::to_string(std::max<std::int64_t>(1, left.count() / 60'000)) +
              " min; ask another provider, or raise it",
          std::max(left, Millis{1}), SideEffect::none};
}

bool costs_nothing(Errc code, SideEffect side_effect) {
  if (side_effect == SideEffect::none) return true;
  switch (code) {
    case Errc::invalid_input:
    case Errc::not_found:
    case Errc::permission:
    case Errc::unauthenticated:
    case Errc::rate_limited:
    case Errc::exhausted:
    case Errc::context_too_long:
      return true;
    default:
      return false;
  }
}

}  // namespace toolpost
