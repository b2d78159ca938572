#include "runtime_world.hpp"

using namespace toolpost;
using namespace std::chrono_literals;

namespace {

const std::vector<std::string> kFaulty = {"tests/plugins/faulty.so", "lib/toolpost/plugins/echo.so"};

Settings impatient() {
  Settings settings;
  settings.turns.turn_max = 200ms;
  return settings;
}

}  // namespace

TEST_CASE("faults: each way of dying in a turn is answered as crashed, and the next call works",
          "[runtime][faults]") {
  Settings settings;
  settings.quarantine.enabled = false;
  RuntimeWorld world(kFaulty, settings);
  for (const char* fault : {"crash", "abort", "exit"}) {
    const CallOutcome& outcome = world.call(fault);
    CAPTURE(fault, outcome.message);
    CHECK(outcome.code == Errc::crashed);
    CHECK(outcome.turns == 2);  // once more on a fresh worker, then given up
    CHECK(world.call("fine").code == Errc::ok);
  }
}

TEST_CASE("faults: a turn that spins is answered at turn_max, with the setting's name", "[runtime][faults]") {
  RuntimeWorld world(kFaulty, impatient());
  for (const char* fault : {"spin", "spin_deaf"}) {
    const CallOutcome& outcome = world.call(fault);
    CHECK(outcome.code == Errc::hung);
    CHECK(outcome.message.find("turns.turn_max_ms = 200") != std::string::npos);
    CHECK(outcome.turns == 1);  // a hang is not run again
  }
}

TEST_CASE("faults: a worker that closes or litters its socket is ended, and the call answered",
          "[runtime][faults]") {
  RuntimeWorld world(kFaulty, impatient());
  CHECK(world.call("close_everything").code == Errc::crashed);
  CHECK(world.call("garbage").code == Errc::protocol);
  CHECK(world.call("fine").code == Errc::ok);
}

TEST_CASE("faults: innocent calls of the same plugin are answered beside one that spins",
          "[runtime][faults]") {
  RuntimeWorld world(kFaulty, impatient());
  world.start("spin");
  world.start("fine");
  world.start("echo", R"({"text":"beside"})");
  world.start("sleeps", R"({"ms":5})");
  world.settle();
  CHECK(world.outcomes.at("spin").code == Errc::hung);
  CHECK(world.outcomes.at("fine").code == Errc::ok);
  CHECK(world.outcomes.at("echo").code == Errc::ok);
  CHECK(world.outcomes.at("sleeps").code == Errc::ok);
  CHECK(world.outcomes.at("fine").elapsed < world.outcomes.at("spin").elapsed);
}

TEST_CASE("faults: what a turn has answered is not held back by the next turn of its worker",
          "[runtime][faults]") {
  Settings settings;
  settings.turns.turn_max = 3s;
  RuntimeWorld world(kFaulty, settings);
  REQUIRE(world.call("fine").code == Errc::ok);
  world.start("sleeps", R"({"ms":1})");  // sent to the worker together with the one that spins
  world.start("spin");
  world.settle();
  CHECK(world.outcomes.at("sleeps").code == Errc::ok);
  CHECK(world.outcomes.at("sleeps").elapsed < 2s);
  CHECK(world.outcomes.at("spin").code == Errc::hung);
}

TEST_CASE("faults: exceptions and errors arrive as what they are", "[runtime][faults]") {
  RuntimeWorld world(kFaulty);
  CHECK(world.call("throw_int").code == Errc::internal);
  const CallOutcome& outcome = world.call("throw_error");
  CHECK(outcome.code == Errc::conflict);
  CHECK(outcome.message == "as you wished");
  CHECK(outcome.retry_after == 250ms);
  CHECK(outcome.side_effect == SideEffect::maybe);
}

TEST_CASE("faults: output that breaks its schema, is missing or too large never reaches the caller",
          "[runtime][faults]") {
  RuntimeWorld world(kFaulty);
  CHECK(world.call("bad_output").code == Errc::output_invalid);
  CHECK(world.call("no_output").code == Errc::output_invalid);
  const CallOutcome& flood = world.call("flood");
  CHECK(flood.code == Errc::exhausted);
  CHECK(flood.message.find("limits.output_bytes_max") != std::string::npos);
}

TEST_CASE("sandbox: a plugin has no processes, sockets, signals, files or environment of its own",
          "[runtime][sandbox]") {
  RuntimeWorld world(kFaulty);
  REQUIRE(world.call("attack").code == Errc::ok);
  const auto tried = world.reply("attack");
  for (const char* power :
       {"fork", "socket", "kill_parent", "exec", "etc_passwd", "write_tmp", "parent_environment"}) {
    CAPTURE(power);
    CHECK(tried[power] == "denied");
  }
  CHECK(tried["own_environment"] == "empty");
  CHECK(world.runtime->isolation_level() == 3);
}

TEST_CASE("turns: a rerun that asks for something else is refused, naming both", "[runtime][turns]") {
  RuntimeWorld world(kFaulty);
  const CallOutcome& outcome = world.call("divergent");
  CHECK(outcome.code == Errc::nondeterministic);
  CHECK(outcome.message.find("effect 1") != std::string::npos);
}

TEST_CASE("turns: code that catches everything cannot break a suspension", "[runtime][turns]") {
  RuntimeWorld world(kFaulty);
  REQUIRE(world.call("swallows").code == Errc::ok);
  CHECK(world.reply("swallows")["ok"] == true);
}

TEST_CASE("turns: a join returns what finished first and leaves the rest", "[runtime][turns]") {
  RuntimeWorld world(kFaulty);
  REQUIRE(world.call("join").code == Errc::ok);
  CHECK(world.reply("join")["ok"] == true);
}

TEST_CASE("turns: more effects than turns.effects_max end the call with that name", "[runtime][turns]") {
  RuntimeWorld world(kFaulty);
  const CallOutcome& outcome = world.call("many_effects");
  CHECK(outcome.code == Errc::exhausted);
}

TEST_CASE("turns: a crash after an effect is run again with the same journal", "[runtime][turns]") {
  RuntimeWorld world(kFaulty);
  const CallOutcome& outcome = world.call("crash_after_effect");
  // `runs` starts at 0 in every process, so the fresh worker crashes again and the call is given up; but the
  // effect is in the journal once.
  CHECK(outcome.code == Errc::crashed);
  CHECK(outcome.turns == 3);
  CHECK(world.journals.at("crash_after_effect").entries().size() == 1);
}

TEST_CASE("deadline: a call that waits longer than its ceiling is answered with the setting's name",
          "[runtime]") {
  Settings settings;
  settings.plugins["test.faulty"].ceiling = 400ms;
  RuntimeWorld world(kFaulty, settings);
  const CallOutcome& outcome = world.call("sleeps", R"({"ms":60000})");
  CHECK(outcome.code == Errc::deadline);
  CHECK(outcome.message.find("ceiling_ms = 400") != std::string::npos);
  CHECK(outcome.message.find("waiting for sleep") != std::string::npos);
}

TEST_CASE("admission: past the queue a call is refused at once, with advice", "[runtime]") {
  Settings settings;
  settings.admission.calls_max = 1;
  settings.admission.queue_size_max = 0;
  RuntimeWorld world(kFaulty, settings);
  world.start("sleeps", R"({"ms":20})");
  world.start("fine");
  world.settle();
  CHECK(world.outcomes.at("sleeps").code == Errc::ok);
  CHECK(world.outcomes.at("fine").code == Errc::shed);
  CHECK(world.outcomes.at("fine").retry_after > 0ms);
}
