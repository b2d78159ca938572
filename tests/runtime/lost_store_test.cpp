// What a call may do when the store has failed it, and what it leaves there when it is not wanted any more;
// on a virtual clock.
#include "catch.hpp"
#include "runtime/admission_stage.hpp"
#include "runtime/provider_service.hpp"
#include "virtual_loop.hpp"

using namespace toolpost;
using namespace std::chrono_literals;

namespace {

struct StillPool final : TurnPool {
  TurnId last = 0;
  void submit(TurnId turn, OwnerId, std::string) override { last = turn; }
  void withdraw(TurnId) override {}
  void warm() override {}
  std::size_t workers() const override { return 0; }
};

struct Effects final : EffectHost {
  VirtualLoop& loop;
  bool store_works = true;
  bool deferring = false;
  std::vector<std::string> started;  // kinds
  Settle settle;                     // of the last
  JournalChanges recorded;
  JournalChanges committed;

  explicit Effects(VirtualLoop& with) : loop(with) {}
  std::unique_ptr<RunningEffect> start(const EffectOrder& order, Settle done) override {
    started.emplace_back(order.kind);
    settle = std::move(done);
    return nullptr;
  }
  void restore(const EffectOrder&, const JournalEntry&) override {}
  void record(JournalChanges changes, std::function<void(Result<void>)> done) override {
    if (store_works) recorded.insert(recorded.end(), changes.begin(), changes.end());
    const Result<void> stored = store_works ? Result<void>{} : Error{Errc::unavailable, "locked"};
    if (done) loop.post([done, stored] { done(stored); });
  }
  void commit(CallId, OwnerId, JournalChanges end, std::function<void(Result<void>)> done) override {
    committed = std::move(end);
    done({});
  }
  bool defers(CallId) const override { return deferring; }
  void forget(CallId) override {}
};

struct World {
  VirtualLoop loop;
  SeededRandom random{1};
  Settings settings;
  Effects effects{loop};
  CallRunner runner{loop,
                    random,
                    settings,
                    effects,
                    {{},
                     [](PluginEntry&) {},
                     [](const PluginEntry&, const MethodManifest&, const std::vector<TurnPart>&) {
                       return Result<void>{};
                     }}};
  PluginEntry plugin;
  StillPool* pool = nullptr;

  World() {
    plugin.found.manifest.id = "test.one";
    plugin.found.manifest.methods.push_back({});
    auto made = std::make_unique<StillPool>();
    pool = made.get();
    plugin.pool = std::move(made);
  }
  /// As ResumeStage makes it, which has stored its beginning.
  CallRequest durable() {
    CallRequest call;
    call.plugin = &plugin;
    call.method = &plugin.found.manifest.methods.front();
    call.owner = 1;
    call.request = "{}";
    call.accepted = loop.now();
    call.bound = {Deadline(loop.now() + 60s), "ceilings_long.tool_ms", Millis{60'000}, {}, {}};
    call.journal = "j";
    call.stored = call.durable = true;
    return call;
  }
  void settle_everything() {
    while (loop.step(loop.now())) {
    }
  }
  void suspend_on_http(std::uint32_t number) {
    const std::string request = R"({"method":"POST","n":)" + std::to_string(number) + "}";
    TurnOutput output;
    output.end = TurnEnd::suspended;
    output.started = {{"http", request, *effect_digest("http", request), 0}};
    output.waiting_for = number;
    runner.on_turn_done(pool->last, std::move(output));
    settle_everything();
  }
  void finish() {
    TurnOutput output;
    output.end = TurnEnd::finished;
    output.parts = {{"application/json", "{}"}};
    runner.on_turn_done(pool->last, std::move(output));
    settle_everything();
  }
};

}  // namespace

TEST_CASE("lost store: a durable call asks nobody any more, not even at its next try", "[runtime]") {
  World world;
  world.runner.run(world.durable(), {}, {});
  world.effects.store_works = false;
  world.suspend_on_http(0);
  world.effects.store_works = true;
  world.suspend_on_http(1);
  CHECK(world.effects.started.empty());
}

TEST_CASE("lost store: what a durable call leaves behind is stored together with its end", "[runtime]") {
  World world;
  std::optional<Errc> ended;
  world.runner.run(world.durable(), [&](const CallOutcome& outcome, const Journal&) { ended = outcome.code; },
                   {});
  world.effects.store_works = false;
  world.suspend_on_http(0);
  world.finish();
  CHECK(ended == Errc::ok);
  REQUIRE(world.effects.committed.size() == 1);
  CHECK(std::holds_alternative<JournalEnd>(world.effects.committed.front()));
}

TEST_CASE("lost store: what any other call leaves behind, too; without that, it ends without the store",
          "[runtime]") {
  World world;
  CallRequest call = world.durable();
  call.durable = false;  // one that asked a model before, whose journal is there
  world.runner.run(call, {}, {});
  world.effects.store_works = false;
  world.suspend_on_http(0);
  REQUIRE(world.effects.settle);
  world.effects.settle(Errc::ok, "{}");
  world.settle_everything();
  world.effects.deferring = GENERATE(false, true);
  world.finish();
  CHECK(world.effects.committed.size() == (world.effects.deferring ? 1 : 0));
}

TEST_CASE("admission: a durable call that is cancelled while it waits is not there for the next host",
          "[runtime]") {
  World world;
  world.settings.admission.calls_max = 1;
  AdmissionStage admission(world.loop, world.runner, world.settings.admission);
  admission.accept(world.durable(), [](CallOutcome, const Journal*) {}, {});
  CallRequest second = world.durable();
  second.journal = "waits";
  const RequestNumber number = admission.accept(second, [](CallOutcome, const Journal*) {}, {});
  SECTION("unless only the host ends") {
    admission.leave(number);
    CHECK(world.effects.recorded.empty());
  }
  SECTION("since nobody wants it") {
    admission.cancel(number);
    REQUIRE(world.effects.recorded.size() == 1);
    CHECK(std::get<JournalDrop>(world.effects.recorded.front()).id == "waits");
  }
  admission.leave_all();
}

TEST_CASE("provider: a service that ends leaves no timer of a gate that somebody waited for", "[runtime]") {
  World world;
  ProviderSettings one;
  one.base_url = "http://127.0.0.1:1/v1";
  one.models = {"m"};
  one.concurrency_max = 1;
  world.settings.providers["p"] = one;
  FoundPlugin plugin;
  plugin.manifest.id = "test.provider";
  plugin.manifest.kind = PluginKind::provider;
  plugin.manifest.methods.push_back({});
  plugin.manifest.methods.back().name = "chat";
  const CeilingsByProfile ceilings = CeilingsByProfile::make(world.settings);
  const CallId call = world.runner.run(world.durable(), {}, {});
  {
    ProviderService providers(world.loop, world.random, world.settings, ceilings);
    providers.attach(world.runner);
    providers.add("p", one, &plugin, Secret("none", ""));
    providers.providers().at("p")->plugin.pool = std::make_unique<StillPool>();
    const BoundDeadline bound{Deadline(world.loop.now() + 50s), "ceilings.tool_ms", Millis{50'000}, {}, {}};
    const EffectOrder order{call,
                            0,
                            "provider",
                            R"({"method":"chat","model":"m"})",
                            0,
                            nullptr,
                            nullptr,
                            1,
                            world.loop.now(),
                            bound,
                            ClientWall::none,
                            CeilingProfile::normal,
                            "j",
                            call,
                            1};
    providers.providers().at("p")->gate->pause(10s, world.loop.now());
    auto waits = providers.start(order, [](Errc, const std::string&) {});
    REQUIRE(providers.providers().at("p")->gate->waiting() == 1);
    waits.reset();
  }
  world.runner.leave(call);
  CHECK(world.loop.timers() == 0);
}
