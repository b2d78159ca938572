#include "runtime/provider_attempts.hpp"

#include "runtime/dumped_json.hpp"
#include "runtime/provider_request.hpp"

namespace toolpost {
namespace {

using nlohmann::json;

/// Methods that move a file; ceilings.upload_ms bounds them instead of ceilings.provider_ms.
bool is_transfer(std::string_view method) {
  return method == "upload" || method == "extract";
}

}  // namespace

ProviderService::Attempts::Attempts(ProviderService& service, const EffectOrder& order,
                                    std::vector<Choice> choices, json asked, BoundDeadline parent,
                                    EffectHost::Settle settle)
    : service_(service),
      owner_(order.owner),
      parent_call_(order.call),
      root_(order.root),
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

ProviderService::Attempts::~Attempts() {
  service_.loop_.cancel(timer_);
  if (call_ != 0) service_.runner_->cancel(call_);
  settle_breaker(BreakerOutcome::neutral);
  leave_gate();
}

std::vector<ClientQuestion> ProviderService::Attempts::for_client() const {
  return call_ == 0 ? std::vector<ClientQuestion>{} : service_.runner_->questions_of(call_);
}

void ProviderService::Attempts::take_over(RecordedCall interrupted) {
  kept_ = std::move(interrupted.entries);
  pinned_ = std::move(interrupted.header);
  after_crash_ = true;
}

void ProviderService::Attempts::enter() {
  const TimePoint now = service_.loop_.now();
  id_ = ++service_.last_attempt_;
  Offer offer = choice_.provider->gate->offer(id_, root_, parent_.deadline, now);
  if (offer.outcome == OfferOutcome::refused) {
    id_ = 0;
    return give(*offer.refusal);
  }
  service_.waiting_[id_] = this;
  if (offer.outcome == OfferOutcome::admitted) return begin();
  service_.arm_gate(*choice_.provider);
}

void ProviderService::Attempts::begin() {
  service_.waiting_.erase(id_);
  auto admitted = service_.pass_breaker(choice_);
  if (!admitted) {
    leave_gate();
    return give(admitted.error());
  }
  pass_ = *admitted;
  if (choice_.provider->settings.daily_cost_max > 0 && choice_.method->name == "chat") return reserve();
  send();
}

void ProviderService::Attempts::give(const Error& error) {
  id_ = 0;
  if (fall_back(error)) return;
  const Errc code = effect_code(error.code);
  service_.runner_->hint_retry(parent_call_, code, error.retry_after);
  settle(code, choice_.provider->name + " (" + choice_.model + "): " + error.message);
}

void ProviderService::Attempts::reserve() {
  const auto most = most_it_costs(request_, choice_.facts, choice_.model);
  if (!most) return give_unsent(most.error());
  if (service_.ledger_ == nullptr)
    return give_unsent({Errc::unavailable, "there is no ledger that daily_cost_max could be kept with"});
  const std::int64_t now_ms = service_.loop_.wall_ms();
  const MoneyOrder order{choice_.provider->name, utc_day(now_ms), *most,
                         micro_money(choice_.provider->settings.daily_cost_max)};
  money_.take(*service_.ledger_, order, [this, order, now_ms](const Result<MoneyAnswer>& answer) {
    if (!answer) return give_unsent(answer.error().with("providers.NAME.daily_cost_max needs the store"));
    if (!answer->granted) return give_unsent(money_refused(order, *answer, choice_.facts->currency, now_ms));
    send();
  });
}

void ProviderService::Attempts::give_unsent(const Error& error) {
  settle_breaker(BreakerOutcome::neutral);
  leave_gate();
  give(error);
}

void ProviderService::Attempts::send() {
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
  CallRequest request;
  request.plugin = &choice_.provider->plugin;
  request.method = choice_.method;
  request.owner = owner_;
  request.parent = parent_call_;
  request.accepted = now;
  request.bound = deadline;
  request.journal = journal_;
  request.interrupted = std::exchange(after_crash_, false);
  const auto done = [this](const CallOutcome& outcome, const Journal& journal) { on_done(outcome, journal); };
  if (!pinned_) {
    request.request = dumped(request_);
  } else {
    request.pinned = pinned_;
    request.entries = kept_;
  }
  if (service_.refuses) {
    if (const auto refused = service_.refuses(request)) {
      money_.settle(0);
      return give_unsent(*refused);
    }
  }
  ++made_;
  service_.runner_->count_attempt(parent_call_);
  call_ = service_.runner_->run(std::move(request), done, {});
}

bool ProviderService::Attempts::fall_back(const Error& error) {
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

void ProviderService::Attempts::leave_gate() {
  if (id_ == 0) return;
  const AttemptId id = std::exchange(id_, 0);
  if (service_.waiting_.erase(id) != 0 && choice_.provider->gate->withdraw(id)) return;
  service_.release(*choice_.provider, id);
}

void ProviderService::Attempts::settle_breaker(BreakerOutcome outcome) {
  if (!pass_) return;
  service_.settle_breaker(choice_, *pass_, outcome);
  pass_.reset();
}

void ProviderService::Attempts::settle(Errc code, std::string result) {
  auto settle = std::exchange(settle_, nullptr);
  if (settle) settle(code, std::move(result));  // destroys this, in a later round
}

void ProviderService::Attempts::on_done(const CallOutcome& outcome, const Journal& journal) {
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

void ProviderService::Attempts::give_doubt(const Error& error) {
  settle_breaker(BreakerOutcome::neutral);
  leave_gate();
  service_.loop_.post([runner = service_.runner_, call = parent_call_,
                       doubt = error.with(choice_.provider->name + " (" + choice_.model + ")")] {
    runner->end(call, doubt);
  });
}

void ProviderService::Attempts::keep(const CallOutcome& outcome, const Journal& journal) {
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

void ProviderService::Attempts::give_answer(const CallOutcome& outcome) {
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
}  // namespace toolpost
