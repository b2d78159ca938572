#pragma once
// One provider effect: attempt after attempt, under gate, breaker, retry and ceilings, until an answer, a
// final failure, or its destruction. Part of ProviderService.

#include <nlohmann/json.hpp>

#include "runtime/provider_service.hpp"

namespace toolpost {

class ProviderService::Attempts final : public RunningEffect {
 public:
  Attempts(ProviderService& service, const EffectOrder& order, std::vector<Choice> choices,
           nlohmann::json asked, BoundDeadline parent, EffectHost::Settle settle);
  ~Attempts() override;
  std::vector<ClientQuestion> for_client() const override;

  /// Goes on where an attempt was when its host died.
  void take_over(RecordedCall interrupted);
  void enter();
  void begin();

  /// The waiting attempt will not be made, or the last one was: tells the call why. Plugins know no host-made
  /// codes.
  void give(const Error& error);

 private:
  /// Before it is sent, the most that it may cost is set aside.
  void reserve();
  void give_unsent(const Error& error);
  void send();

  /// Asks the next model instead, as a new provider call within the same deadline.
  bool fall_back(const Error& error);
  void leave_gate();
  void settle_breaker(BreakerOutcome outcome);
  void settle(Errc code, std::string result);
  void on_done(const CallOutcome& outcome, const Journal& journal);

  /// Nobody knows whether the model was asked: neither another attempt nor the tool may decide that it was
  /// not.
  void give_doubt(const Error& error);

  /// What the next attempt starts with. A plugin that reports a failure has read the last HTTP exchange, so
  /// that one is made again, and what came before (an uploaded file) is not. When the host ended the attempt,
  /// every answer that had arrived stays: it is not asked for again.
  void keep(const CallOutcome& outcome, const Journal& journal);
  void give_answer(const CallOutcome& outcome);

  ProviderService& service_;
  const OwnerId owner_;
  const CallId parent_call_;
  const CallId root_;  // the client's call, which shares a provider's places fairly with others
  const std::string journal_;
  const TimePoint accepted_;
  const CeilingsCore& ceilings_;
  Choice choice_;
  std::vector<Choice> fallbacks_;
  const nlohmann::json asked_;       // by the tool
  nlohmann::json request_;           // as the chosen model gets it
  std::vector<std::string> failed_;  // models that were asked before
  std::uint32_t made_before_ = 0;    // attempts at those
  const BoundDeadline parent_;
  EffectHost::Settle settle_;
  AttemptId id_ = 0;
  CallId call_ = 0;
  std::uint32_t made_ = 0;
  std::optional<BreakerPass> pass_;
  TimerId timer_;
  std::vector<JournalEntry> kept_;
  std::optional<JournalHeader> pinned_;
  bool after_crash_ = false;
  MoneyHold money_;
};

}  // namespace toolpost
