#pragma once
// providers.NAME.daily_cost_max: before a chat is sent, the most that it may cost is reserved; what it did
// cost is settled after. The ledger is shared by all hosts of a state folder. Amounts in millionths of the
// currency of the provider's catalogue; days are UTC.

#include <cstdint>
#include <functional>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "base/result.hpp"
#include "base/time.hpp"
#include "model/model_facts.hpp"
#include "store/money_record.hpp"

namespace toolpost {

class MoneyLedger {
 public:
  virtual ~MoneyLedger() = default;
  /// `done` comes in a later round. Errors: the store's.
  virtual void reserve(const MoneyOrder& order, std::function<void(const Result<MoneyAnswer>&)> done) = 0;
  virtual void settle(const std::string& provider, std::int64_t day, std::int64_t change) = 0;
};

/// The reservation of one attempt. Gone before it is settled, it stays counted: the money may have been
/// spent.
class MoneyHold {
 public:
  ~MoneyHold() { *wanted_ = false; }

  /// `done` comes in a later round. If this has gone by then it does not, and what was granted is given back.
  void take(MoneyLedger& ledger, const MoneyOrder& order,
            std::function<void(const Result<MoneyAnswer>&)> done);
  /// Counts this instead; nothing is held after it.
  void settle(std::int64_t spent);
  /// The same with all that was reserved, when nobody knows what it cost.
  void settle_all() { held_.reset(); }

 private:
  MoneyLedger* ledger_ = nullptr;
  std::optional<MoneyOrder> held_;
  std::shared_ptr<bool> wanted_ = std::make_shared<bool>(true);
};

/// In millionths, rounded up; at most 10^15.
std::int64_t micro_money(double amount);
std::int64_t utc_day(std::int64_t wall_ms);

/// The most that a chat may cost by the catalogue: a token for every byte of the messages, or the whole
/// context if that is less, and the longest answer. Errors: unsupported when the catalogue does not say
/// enough.
Result<std::int64_t> most_it_costs(const nlohmann::json& request, const ModelFacts* facts,
                                   const std::string& model);

/// What a call is told whose money was refused: which setting, its value, what is counted, when it starts
/// anew.
Error money_refused(const MoneyOrder& order, const MoneyAnswer& answer, const std::string& currency,
                    std::int64_t wall_ms);

/// Whether a failed attempt cannot have cost anything: it was not sent, or the server turned it away.
bool costs_nothing(Errc code, SideEffect side_effect);

}  // namespace toolpost
