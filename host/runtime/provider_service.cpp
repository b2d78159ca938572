#include "runtime/provider_service.hpp"

#include "runtime/dumped_json.hpp"
#include "runtime/provider_request.hpp"

namespace toolpost {
namespace {

using nlohmann::json;

// Models that have their own breaker and budget; beyond, the first one's place is taken.
constexpr std::size_t kHealthMax = 1024;

/// Methods that move a file; ceilings.upload_ms bounds them instead of ceilings.provider_ms.
bool is_transfer(std::string_view method) {
  return method == "upload" || method == "extract";
}

}  // namespace

/// One provider effect: attempt after attempt until an answer, a final failure, or its destruction.
class ProviderService::Attempts final : public RunningEffect {
 public:
  Attempts(ProviderService& service, const EffectOrder& order, std::vector<Choice> choices, json asked,
           BoundDeadline parent, EffectHost::Settle settle)
      : service_(service),
        owner_(order.owner),
        parent_call_(order.call),
        journal_(journal_of(order)),
        accepted_(order.accepted),
        ceilings_(service.ceilings_.of(order.profile)),
        choice_(choices.front()),
        fallbacks_(choices.begin() + 1, choices.end()),
        asked_(std::move(asked)),
        parent_(std::move(parent)),
        settle_(std::move(settle)) {
    request_ = request_for(asked_, choice_.model, choice_.facts, service_.settings_.locale);
  }

  ~Attempts() override {
    service_.loop_.cancel(timer_);
    if (call_ != 0) service_.runner_->cancel(call_);
    settle_breaker(BreakerOutcome::neutral);
    leave_gate();
  }

  std::vector<ClientQuestion> for_client() const override {
    return call_ == 0 ? std::vector<ClientQuestion>{} : service_.runner_->questions_of(call_);
  }

  /// Goes on where an attempt was when its host died.
  void take_over(RecordedCall interrupted) {
    kept_ = std::move(interrupted.entries);
    pinned_ = std::move(interrupted.header);
    after_crash_ = true;
  }

  void enter() {
    const TimePoint now = service_.loop_.now();
    id_ = ++service_.last_attempt_;
    Offer offer = choice_.provider->gate->offer(id_, parent_.deadline, now);
    if (offer.outcome == OfferOutcome::refused) {
      id_ = 0;
      return give(*offer.refusal);
    }
    service_.waiting_[id_] = this;
    if (offer.outcome == OfferOutcome::admitted) return begin();
    service_.arm_gate(*choice_.provider);
  }

  void begin() {
    service_.waiting_.erase(id_);
    const TimePoint now = service_.loop_.now();
    Health& health = service_.health(choice_.provider->name, choice_.model);
    auto admitted = health.breaker.admit(now);
    if (!admitted) {
      leave_gate();
      return give(admitted.error());
    }
    pass_ = *admitted;
    if (choice_.provider->settings.daily_cost_max > 0 && choice_.method->name == "chat") return reserve();
    send();
  }

  /// The waiting attempt will not be made, or the last one was: tells the call why. Plugins know no host-made
  /// codes.
  void give(const Error& error) {
    id_ = 0;
    if (fall_back(error)) return;
    const Errc code = error.code <= Errc::internal ? error.code : Errc::unavailable;
    service_.runner_->hint_retry(parent_call_, code, error.retry_after);
    settle(code,
           choice_.provider->name + " (" + choice_.model + "): " + error.message);
  }

 private:
  /// Before it is sent, the most that it may cost is set aside.
  void reserve() {
    const auto most = most_it_costs(request_, choice_.facts, choice_.model);
    if (!most) return give_unsent(most.error());
    if (service_.ledger_ == nullptr)
      return give_unsent({Errc::unavailable, "there is no ledger that daily_cost_max could be kept with"});
    const std::int64_t now_ms = service_.loop_.wall_ms();
    const MoneyOrder order{choice_.provider->name, utc_day(now_ms), *most,
                           micro_money(choice_.provider->settings.daily_cost_max)};
    money_.take(*service_.ledger_, order, [this, order, now_ms](const Result<MoneyAnswer>& answer) {
      if (!answer) return give_unsent(answer.error().with("providers.NAME.daily_cost_max needs the store"));
      if (!answer->granted)
        return give_unsent(money_refused(order, *answer, choice_.facts->currency, now_ms));
      send();
    });
  }

  void give_unsent(const Error& error) {
    settle_breaker(BreakerOutcome::neutral);
    leave_gate();
    give(error);
  }

  void send() {
    const TimePoint now = service_.loop_.now();
    std::optional<CeilingOverride> own;
    if (choice_.provider->settings.ceiling) {
      own.emplace("providers." + choice_.provider->name + ".ceiling_ms", *choice_.provider->settings.ceiling);
    }
    const BoundDeadline deadline = is_transfer(choice_.method->name)
                                       ? ceilings_.upload(parent_, now)
                                       : ceilings_.attempt(parent_, now, own ? &*own : nullptr);
    if (deadline.deadline.expired(now)) {
      money_.settle(0);
      return give_unsent({Errc::deadline, std::string(deadline.setting) + " = " +
                                              std::to_string(deadline.value.count()) + " passed " +
                                              ms_text(now - accepted_) + " after the call began, and after " +
                                              std::to_string(made_) + " attempts"});
    }
    ++made_;
    service_.runner_->count_attempt(parent_call_);
    CallRequest request;
    request.plugin = &choice_.provider->plugin;
    request.method = choice_.method;
    request.owner = owner_;
    request.parent = parent_call_;
    request.accepted = now;
    request.bound = deadline;
    request.journal = journal_;
    request.interrupted = std::exchange(after_crash_, false);
    const auto done = [this](const CallOutcome& outcome, const Journal& journal) {
      on_done(outcome, journal);
    };
    if (!pinned_) {
      request.request = dumped(request_);
    } else {
      request.pinned = pinned_;
      request.entries = kept_;
    }
    call_ = service_.runner_->run(std::move(request), done, {});
  }

  /// Asks the next model instead, as a new provider call within the same deadline.
  bool fall_back(const Error& error) {
    const TimePoint now = service_.loop_.now();
    const bool time_left = now + service_.settings_.retry.attempt_min < parent_.deadline.at();
    // A refused key or an empty account is the same for every model of the provider.
    if (error.code == Errc::unauthenticated || error.code == Errc::exhausted)
      std::erase_if(fallbacks_, [&](const Choice& next) { return next.provider == choice_.provider; });
    if (fallbacks_.empty() || failed_.size() == service_.settings_.models.fallbacks_max ||
        !may_fall_back(error.code) || !time_left)
      return false;
    failed_.push_back(choice_.provider->name + "/" + choice_.model + ": " + error.message);
    choice_ = fallbacks_.front();
    fallbacks_.erase(fallbacks_.begin());
    request_ = request_for(asked_, choice_.model, choice_.facts, service_.settings_.locale);
    kept_.clear();
    pinned_.reset();
    made_before_ += std::exchange(made_, 0);
    if (service_.on_choice)
      service_.on_choice("fallback to " + choice_.provider->name + "/" + choice_.model + " after " +
                         failed_.back());
    timer_ = service_.loop_.at(now, [this] {
      timer_ = {};
      enter();
    });
    return true;
  }

  void leave_gate() {
    if (id_ == 0) return;
    const AttemptId id = std::exchange(id_, 0);
    if (service_.waiting_.erase(id) != 0 && choice_.provider->gate->withdraw(id)) return;
    service_.release(*choice_.provider, id);
  }

  void settle_breaker(BreakerOutcome outcome) {
    if (!pass_) return;
    service_.settle_breaker(choice_, *pass_, outcome);
    pass_.reset();
  }

  void settle(Errc code, std::string result) {
    auto settle = std::exchange(settle_, nullptr);
    if (settle) settle(code, std::move(result));  // destroys this, in a later round
  }

  void on_done(const CallOutcome& outcome, const Journal& journal) {
    call_ = 0;
    service_.count_attempt(choice_, outcome, made_);
    const TimePoint now = service_.loop_.now();
    Health& health = service_.health(choice_.provider->name, choice_.model);
    if (outcome.code == Errc::ok) {
      settle_breaker(BreakerOutcome::success);
      health.budget.succeeded();
      choice_.provider->gate->succeeded();
      leave_gate();
      return give_answer(outcome);
    }
    if (costs_nothing(outcome.code, outcome.side_effect)) money_.settle(0);
    money_.settle_all();
    const Error error{outcome.code, outcome.message, outcome.retry_after, outcome.side_effect};
    if (outcome.code == Errc::in_doubt) return give_doubt(error);
    FailedAttempt failed;
    failed.code = outcome.code;
    failed.upstream_text = outcome.message;
    const FailureClass kind = classify(failed);
    settle_breaker(breaker_outcome(kind));
    if (is_throttled(kind)) choice_.provider->gate->pause(outcome.retry_after, now);
    if (kind == FailureClass::throttled_concurrency && id_ != 0)
      choice_.provider->gate->lower_concurrency(id_, now);
    keep(outcome, journal);
    leave_gate();
    RetrySettings settings = service_.settings_.retry;
    std::string attempts_setting = "retry.attempts_max";
    if (choice_.provider->settings.attempts_max) {
      settings.attempts_max = *choice_.provider->settings.attempts_max;
      attempts_setting = "providers." + choice_.provider->name + ".attempts_max";
    }
    RetryCore retry(settings, service_.random_, attempts_setting);
    const auto again = retry.decide({kind, error, made_, accepted_, parent_, now}, health.budget);
    if (!again) return give(again.error());
    timer_ = service_.loop_.at(*again, [this] {
      timer_ = {};
      enter();
    });
  }

  /// Nobody knows whether the model was asked: neither another attempt nor the tool may decide that it was
  /// not.
  void give_doubt(const Error& error) {
    settle_breaker(BreakerOutcome::neutral);
    leave_gate();
    service_.loop_.post([runner = service_.runner_, call = parent_call_,
                         doubt = error.with(choice_.provider->name + " (" + choice_.model + ")")] {
      runner->end(call, doubt);
    });
  }

  /// What the next attempt starts with. A plugin that reports a failure has read the last HTTP exchange, so
  /// that one is made again, and what came before (an uploaded file) is not. When the host ended the attempt,
  /// every answer that had arrived stays: it is not asked for again.
  void keep(const CallOutcome& outcome, const Journal& journal) {
    const auto& entries = journal.entries();
    std::size_t size = entries.size();
    if (outcome.by == EndedBy::plugin) {
      while (size > 0 && entries[size - 1].kind != "http") --size;
      if (size > 0) --size;
    }
    kept_.assign(entries.begin(), entries.begin() + static_cast<std::ptrdiff_t>(size));
    pinned_.reset();
    if (!kept_.empty()) pinned_ = journal.header();
  }

  void give_answer(const CallOutcome& outcome) {
    json reply = outcome.parts.empty() ? json() : json::parse(outcome.parts.front().bytes, nullptr, false);
    if (!reply.is_object()) return give({Errc::bad_upstream, "the provider plugin answered no JSON object"});
    reply["provider"] = choice_.provider->name;
    reply["attempts"] = made_before_ + made_;
    if (is_chat(choice_.method->name)) {
      reply["why"] = choice_.why;
      if (!failed_.empty()) reply["fallback_from"] = failed_;
      complete_reply(reply, asked_, choice_.facts);
      if (reply.contains("cost")) money_.settle(micro_money(reply["cost"]["amount"].get<double>()));
    }
    money_.settle_all();
    service_.count_answer(choice_, parent_call_, reply);
    settle(Errc::ok, dumped(reply));
  }

  ProviderService& service_;
  const OwnerId owner_;
  const CallId parent_call_;
  const std::string journal_;
  const TimePoint accepted_;
  const CeilingsCore& ceilings_;
  Choice choice_;
  std::vector<Choice> fallbacks_;
  const json asked_;                 // by the tool
  json request_;                     // as the chosen model gets it
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

ProviderService::~ProviderService() {
  for (auto& [name, provider] : providers_) loop_.cancel(provider->gate_timer);
}

ProviderService::Health& ProviderService::health(const std::string& provider, const std::string& model) {
  const std::string key = provider + "/" + model;
  const auto found = health_.find(key);
  if (found != health_.end()) return found->second;
  if (health_.size() >= kHealthMax) health_.erase(health_.begin());
  return health_.emplace(key, Health{BreakerCore(settings_.breaker), RetryBudget(settings_.retry)})
      .first->second;
}

std::unique_ptr<RunningEffect> ProviderService::start(const EffectOrder& order, EffectHost::Settle settle) {
  const auto refuse = [&](const Error& error) {
    settle(error.code <= Errc::internal ? error.code : Errc::unavailable, error.message);
    return nullptr;
  };
  const json request = json::parse(order.request, nullptr, false);
  const std::string method =
      request.is_object() && request.contains("method") && request["method"].is_string()
          ? request["method"].get<std::string>()
          : "";
  if (method.empty()) {
    return refuse({Errc::invalid_input, "provider: \"method\" is missing; \"chat\" asks a model"});
  }
  if (order.nth > settings_.turns.provider_calls_max) {
    return refuse(
        {Errc::exhausted, "turns.provider_calls_max = " + std::to_string(settings_.turns.provider_calls_max) +
                              " provider calls were made by this call"});
  }
  if (auto before = interrupted_.extract(journal_of(order))) {
    auto choices = choose_as_before(request, order, method, before.mapped().header);
    if (!choices.empty())
      return make_attempts(std::move(choices), request, order, std::move(settle), std::move(before.mapped()));
  }
  if (auto wait = wait_for_lists(request, order, method, settle)) return wait;
  return start_chosen(request, order, method, std::move(settle));
}

std::unique_ptr<RunningEffect> ProviderService::start_chosen(const json& request, const EffectOrder& order,
                                                             const std::string& method,
                                                             EffectHost::Settle settle) {
  auto choices = choose(request, order, method);
  if (!choices) {
    settle(choices.error().code <= Errc::internal ? choices.error().code : Errc::unavailable,
           choices.error().message);
    return nullptr;
  }
  if (on_choice && is_chat(method) && leaves_choice(request)) on_choice(choices->front().why);
  return make_attempts(std::move(*choices), request, order, std::move(settle), {});
}

std::unique_ptr<RunningEffect> ProviderService::make_attempts(std::vector<Choice> choices,
                                                              const json& request, const EffectOrder& order,
                                                              EffectHost::Settle settle,
                                                              std::optional<RecordedCall> before) {
  const BoundDeadline parent =
      ceilings_.of(order.profile).provider_call(asks_expert(request) ? raise_for_expert(order) : order.bound);
  auto attempts =
      std::make_unique<Attempts>(*this, order, std::move(choices), request, parent, std::move(settle));
  if (before) attempts->take_over(std::move(*before));
  attempts->enter();
  return attempts;
}

void ProviderService::begin(const std::vector<AttemptId>& attempts) {
  for (const AttemptId id : attempts) {
    // In a later round: whoever released the place is still busy with itself.
    loop_.post([this, id] {
      if (const auto found = waiting_.find(id); found != waiting_.end()) found->second->begin();
    });
  }
}

void ProviderService::release(ProviderEntry& provider, AttemptId id) {
  begin(provider.gate->release(id, loop_.now()));
  arm_gate(provider);
}

void ProviderService::wake(ProviderEntry& provider) {
  for (const ExpiredWait& one : provider.gate->expire(loop_.now())) {
    const auto found = waiting_.find(one.id);
    if (found == waiting_.end()) continue;
    Attempts* late = found->second;
    waiting_.erase(found);
    late->give(one.error);
  }
  begin(provider.gate->admit_waiting(loop_.now()));
  arm_gate(provider);
}

void ProviderService::arm_gate(ProviderEntry& provider) {
  loop_.cancel(provider.gate_timer);
  if (const auto next = provider.gate->next_wake()) {
    provider.gate_timer = loop_.at(*next, [this, &provider] {
      provider.gate_timer = {};
      wake(provider);
    });
  }
}

}  // namespace toolpost
