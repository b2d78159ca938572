#include "runtime/client_questions.hpp"

namespace toolpost {
namespace {

constexpr const char* kNoUser =
    "the connected client cannot ask its user: it declares no elicitation with forms. Ask in your reply, and "
    "take the answer as an argument of the next call";
constexpr const char* kNoModel = "the connected client lends no model: it declares no sampling";

}  // namespace

struct ClientQuestions::Checked {
  ClientQuestion question;

  /// The effect's result.
  void settle(const EffectHost::Settle& settle, const Result<std::string>& said) const {
    auto answer = said && question.whom == AskWhom::user ? user_answer(*said, question.body) : said;
    if (answer) return settle(Errc::ok, std::move(*answer));
    settle(answer.error().code, answer.error().message);
  }
};

/// A question that the client has on its screen, or its model is working at.
class ClientQuestions::OpenQuestion final : public RunningEffect {
 public:
  OpenQuestion(ClientQuestions& all, const EffectOrder& order, Checked checked, EffectHost::Settle settle)
      : loop_(all.loop_),
        runner_(*all.runner_),
        desk_(*order.reach.desk),
        call_(order.root),
        checked_(std::move(checked)),
        settle_(std::move(settle)) {
    if (checked_.question.whom == AskWhom::user) {
      const Duration time = runner_.hold(call_);
      holds_ = true;
      timer_ = loop_.after(std::chrono::ceil<Millis>(time), [this, time] {
        timer_ = {};
        leave();
        settle_(Errc::deadline, "nobody answered within " + std::to_string(to_ms(time)) +
                                    " ms (deadlines.ask_max_ms, or the client's own wait)");
      });
    }
    question_ = desk_.put(checked_.question, [this](const Result<std::string>& said) {
      question_ = 0;
      leave();
      checked_.settle(settle_, said);
    });
  }
  ~OpenQuestion() override { leave(); }

 private:
  void leave() {
    loop_.cancel(timer_);
    if (question_ != 0) desk_.take_back(std::exchange(question_, 0));
    if (std::exchange(holds_, false)) runner_.release(call_);
  }

  Scheduler& loop_;
  CallRunner& runner_;
  ClientDesk& desk_;
  const CallId call_;
  const Checked checked_;
  const EffectHost::Settle settle_;
  ClientDesk::QuestionId question_ = 0;
  TimerId timer_;
  bool holds_ = false;
};

/// A question that goes with the call's unfinished answer.
class ClientQuestions::LaterQuestion final : public RunningEffect {
 public:
  explicit LaterQuestion(ClientQuestion question) : question_(std::move(question)) {}
  std::vector<ClientQuestion> for_client() const override { return {question_}; }

 private:
  const ClientQuestion question_;
};

Result<ClientQuestions::Checked> ClientQuestions::check(const EffectOrder& order) const {
  const bool user = order.kind == "ask";
  auto body = user ? user_question(order.request, order.asker) : model_question(order.request, order.asker);
  if (!body) return body.error();
  if (user ? !order.reach.user : !order.reach.model)
    return Error{Errc::unsupported, user ? kNoUser : kNoModel};
  const std::uint32_t most = user ? settings_.turns.asks_max : settings_.turns.samples_max;
  if (order.nth > most)
    return Error{Errc::exhausted, std::string(user ? "turns.asks_max = " : "turns.samples_max = ") +
                                      std::to_string(most) + " questions were asked by this call"};
  if (mask) mask(*body);
  return Checked{{user ? AskWhom::user : AskWhom::model, order.question_key, std::move(*body)}};
}

std::unique_ptr<RunningEffect> ClientQuestions::start(const EffectOrder& order, EffectHost::Settle settle) {
  const auto refuse = [&settle](const Error& error) {
    settle(error.code, error.message);
    return nullptr;
  };
  auto checked = check(order);
  if (!checked) return refuse(checked.error());
  if (order.reach.desk != nullptr)
    return std::make_unique<OpenQuestion>(*this, order, std::move(*checked), std::move(settle));
  if (const auto said = order.answers->find(order.question_key); said != order.answers->end()) {
    checked->settle(settle, said->second);
    return nullptr;
  }
  if (const std::string problem = keeping_problem(); !problem.empty())
    return refuse({Errc::unavailable, "the call cannot be kept until the client has answered: " + problem});
  return std::make_unique<LaterQuestion>(std::move(checked->question));
}

}  // namespace toolpost
