// The effects `ask` and `sample`: what may be asked, what is answered, and whose time it is meanwhile.
#include "runtime/client_questions.hpp"

#include "runtime_world.hpp"

using namespace toolpost;
using nlohmann::json;

namespace {

const json kForm = {{"type", "object"}, {"properties", {{"name", {{"type", "string"}}}}}};

/// A client's end: notes the questions, and answers when it is told to, or never.
struct Desk final : ClientDesk {
  std::vector<ClientQuestion> seen;
  std::map<QuestionId, Answered> open;
  std::vector<QuestionId> taken_back;
  std::optional<Result<std::string>> at_once;
  EventLoop* loop = nullptr;

  QuestionId put(const ClientQuestion& question, Answered answered) override {
    seen.push_back(question);
    const QuestionId id = seen.size();
    open[id] = std::move(answered);
    if (at_once) loop->post([this, id] { answer(id, *at_once); });
    return id;
  }
  void take_back(QuestionId question) override {
    taken_back.push_back(question);
    open.erase(question);
  }
  void answer(QuestionId id, const Result<std::string>& said) {
    auto node = open.extract(id);
    if (!node.empty()) node.mapped()(said);
  }
};

struct AskWorld {
  explicit AskWorld(Settings settings = {},
                    const std::vector<std::string>& files = {"tests/plugins/asking.so"})
      : world(files, granted(std::move(settings))) {
    desk.loop = &world.loop;
  }
  static Settings granted(Settings settings) {
    auto& grant = settings.plugins["test.asking"].grant;
    grant.insert(grant.end(), {"ask", "sample"});
    return settings;
  }

  const CallOutcome& call(const std::string& kind, const json& request, ClientReach reach,
                          ClientWall wall = ClientWall::none) {
    const std::string arguments = json{{"kind", kind}, {"request", request}, {"tell_time", true}}.dump();
    ToolRequest asked;
    asked.tool = "asking";
    asked.arguments_json = arguments;
    asked.reach = reach;
    asked.wall = wall;
    asked.request_state = state;
    asked.answers = answers;
    world.loop.post([] {});
    world.runtime->call_tool(asked,
                             [this](CallOutcome ended, const Journal* of) {
                               if (of != nullptr) journal.emplace(*of);
                               outcome = std::move(ended);
                               world.loop.stop();
                             },
                             {});
    world.loop.run();
    return outcome;
  }
  json reply(const std::string& kind, const json& request, ClientReach reach) {
    const CallOutcome& ended = call(kind, request, reach);
    INFO(ended.message);
    REQUIRE(ended.code == Errc::ok);
    REQUIRE(ended.questions.empty());
    return json::parse(ended.parts.at(0).bytes);
  }
  ClientReach all() { return {true, true, &desk}; }

  RuntimeWorld world;
  Desk desk;
  CallOutcome outcome;
  std::optional<Journal> journal;
  std::string state;  // that the calls which follow bring back
  ClientAnswers answers;
};

std::string refusal(const json& request) {
  const auto question = user_question(request.dump(), "");
  return question ? "" : question.error().message;
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("ask: the form is what a client can show, one level of plain fields", "[runtime][ask]") {
  CHECK(refusal({{"message", "m"}}).empty());
  CHECK(refusal({{"message", "m"}, {"schema", kForm}}).empty());
  CHECK(has(refusal({{"schema", kForm}}), "needs a \"message\""));
  CHECK(has(refusal({{"message", ""}}), "1 to 4096 bytes"));
  CHECK(refusal({{"message", std::string(4096, 'm')}}).empty());
  CHECK(has(refusal({{"message", std::string(4097, 'm')}}), "1 to 4096 bytes"));
  CHECK(has(refusal({{"message", "m"}, {"schema", "text"}}), "of type \"object\""));

  const auto with = [](const json& field) {
    return json{{"message", "m"}, {"schema", {{"type", "object"}, {"properties", {{"f", field}}}}}};
  };
  for (const char* type : {"string", "number", "integer", "boolean"})
    CHECK(refusal(with({{"type", type}})).empty());
  CHECK(refusal(with({{"type", "array"}, {"items", {{"enum", {"a", "b"}}}}})).empty());
  CHECK(has(refusal(with({{"type", "object"}})), "property \"f\" is of type \"object\""));
  CHECK(has(refusal(with({{"type", "array"}, {"items", {{"type", "string"}}}})), "lists of choices"));
  CHECK(has(refusal(with({{"type", "string"}, {"pattern", "("}})), "is none"));

  json many = {{"message", "m"}, {"schema", {{"type", "object"}, {"properties", json::object()}}}};
  for (int i = 0; i < 33; ++i) {
    CHECK(refusal(many).empty());
    many["schema"]["properties"]["f" + std::to_string(i)] = {{"type", "string"}};
  }
  CHECK(has(refusal(many), "more than 32 properties"));
}

TEST_CASE("ask: nobody sees invisible characters, in question or answer", "[runtime][ask]") {
  const auto question = user_question(json{{"message", "a\u202eb"}}.dump(), "T");
  REQUIRE(question);
  CHECK(json::parse(*question)["message"] == "T asks: ab");
  const json asked = {{"message", "m"}, {"schema", kForm}};
  const auto answer =
      user_answer(json{{"action", "accept"}, {"content", {{"name", "A\u200bda"}}}}.dump(), asked.dump());
  REQUIRE(answer);
  CHECK(json::parse(*answer)["content"]["name"] == "Ada");
}

TEST_CASE("sample: the question is text and images, of users and models", "[runtime][ask]") {
  const auto fault = [](const json& request) {
    const auto question = model_question(request.dump(), "Tool x (plugin y)");
    return question ? std::string() : question.error().message;
  };
  const json said = {{"role", "user"}, {"content", "hi"}};
  CHECK(fault({{"messages", {said}}}).empty());
  CHECK(has(fault({{"messages", json::array()}}), "1 to 256"));
  CHECK(fault({{"messages", std::vector<json>(256, said)}}).empty());
  CHECK(has(fault({{"messages", std::vector<json>(257, said)}}), "1 to 256"));
  CHECK(
      has(fault({{"messages", {{{"role", "system"}, {"content", "x"}}}}}), "role \"user\" or \"assistant\""));
  CHECK(has(fault({{"messages", {{{"role", "user"}, {"content", 7}}}}}), "a text or a list of parts"));
  CHECK(has(fault({{"messages", {{{"role", "user"}, {"content", {{{"type", "image"}, {"url", "u"}}}}}}}}),
            "fetches no URL"));
  CHECK(has(fault({{"messages", {said}}, {"output_tokens_max", 0}}), "from 1 to 1000000"));
  CHECK(has(fault({{"messages", {said}}, {"stop", "x"}}), "a list of strings"));
}

TEST_CASE("ask: the user's answer is the effect's result, and its plugin is named", "[runtime][ask]") {
  AskWorld ask;
  ask.desk.at_once = std::string(R"({"action":"accept","content":{"name":"Ada"}})");
  const json reply = ask.reply("ask", {{"message", "who?"}, {"schema", kForm}}, ask.all());
  CHECK(reply["result"]["content"]["name"] == "Ada");
  REQUIRE(ask.desk.seen.size() == 1);
  CHECK(json::parse(ask.desk.seen[0].body)["message"] == "Tool asking (plugin test.asking) asks: who?");
  ask.desk.at_once = Error{Errc::unavailable, "the client refused the question: busy"};
  CHECK(has(ask.reply("ask", {{"message", "who?"}}, ask.all())["message"], "busy"));
}

TEST_CASE("ask: a plugin to which it was not granted is refused with the line to add", "[runtime][ask]") {
  RuntimeWorld world({"tests/plugins/asking.so"});
  CHECK(world.call("asking", R"({"kind":"ask","request":{"message":"m"}})").code == Errc::ok);
  CHECK(has(world.reply("asking")["message"], "effect ask is not granted"));
}

TEST_CASE("setting turns.asks_max and turns.samples_max: 0 permits no question", "[runtime][ask][settings]") {
  const json sample = {{"messages", {{{"role", "user"}, {"content", "hi"}}}}};
  Settings settings;
  settings.turns.asks_max = 0;
  AskWorld none(settings);
  none.desk.at_once = std::string(R"({"action":"decline"})");
  CHECK(has(none.reply("ask", {{"message", "m"}}, none.all())["message"], "turns.asks_max = 0"));
  settings = {};
  settings.turns.asks_max = 1;
  settings.turns.samples_max = 0;
  AskWorld one(settings);
  one.desk.at_once = std::string(R"({"action":"decline"})");
  CHECK(one.reply("ask", {{"message", "m"}}, one.all())["result"]["action"] == "decline");
  CHECK(has(one.reply("sample", sample, one.all())["message"], "turns.samples_max = 0"));
}

TEST_CASE("setting deadlines.ask_max: a user may take longer than any ceiling, and no longer than that",
          "[runtime][ask][settings]") {
  Settings settings;
  settings.ceilings = {Millis(200), Millis(300), Millis(400), Millis(1'200), Millis(500)};
  settings.deadlines.provider_reserve = Millis(20);
  settings.deadlines.tool_reserve = Millis(50);
  settings.deadlines.ask_max = Millis(1'000);
  AskWorld ask(settings);
  const CallOutcome& ended = ask.call("ask", {{"message", "m"}}, ask.all());
  CHECK(ended.code == Errc::ok);
  CHECK(has(ended.parts.at(0).bytes, "nobody answered within 1000 ms"));
  CHECK(to_ms(ended.elapsed) >= 1'000);
  CHECK(ask.desk.taken_back == std::vector<ClientDesk::QuestionId>{1});
}

TEST_CASE("ask: the time that a user took is not the plugin's", "[runtime][ask]") {
  AskWorld ask;
  ask.desk.at_once = std::string(R"({"action":"decline"})");
  ask.reply("ask", {{"message", "m"}}, ask.all());
  RecordedCall recorded;
  recorded.header = ask.journal->header();
  recorded.entries = ask.journal->entries();
  recorded.header.accepted_ms = 1'000;
  recorded.header.deadline_ms = 5'000;
  recorded.entries.at(0).done_at_ms = 61'000;
  ask.world.loop.post([] {});
  REQUIRE(ask.world.runtime->replay(recorded, [&](CallOutcome ended, const Journal*) {
    ask.outcome = std::move(ended);
    ask.world.loop.stop();
  }));
  ask.world.loop.run();
  INFO(ask.outcome.message);
  REQUIRE(ask.outcome.code == Errc::ok);
  CHECK(json::parse(ask.outcome.parts.at(0).bytes)["remaining_ms"] == 5'000);
}

TEST_CASE("provider client: asked by name, or by auto when no other can be", "[runtime][ask][provider]") {
  Settings settings;
  settings.plugins["test.asking"].grant = {"provider"};
  settings.retry.attempts_max = 3;
  const auto chat = [](const std::string& model) {
    return json{{"method", "chat"}, {"model", model}, {"messages", {{{"role", "user"}, {"content", "hi"}}}}};
  };
  const std::vector<std::string> files = {"tests/plugins/asking.so", "lib/toolpost/plugins/client.so",
                                          "lib/toolpost/plugins/openai.so"};
  const std::string said = R"({"text":"hello","model":"own","finish_reason":"stop"})";
  {
    AskWorld alone(settings, files);
    alone.desk.at_once = said;
    const json reply = alone.reply("provider", chat("auto"), alone.all());
    CHECK(reply["result"]["provider"] == "client");
    CHECK(reply["result"]["attempts"] == 1);
    CHECK(json::parse(alone.desk.seen.at(0).body)["messages"][0]["content"][0]["text"] == "hi");
    CHECK(alone.desk.seen.at(0).key == "0.0");
    const json without = alone.reply("provider", chat("auto"), {});
    CHECK(has(without["message"], "no model provider is configured"));
    CHECK(has(alone.reply("provider", chat("client/default"), {})["message"], "declares no sampling"));
    json with_tools = chat("client/default");
    with_tools["tools"] = {{{"name", "t"}}};
    CHECK(has(alone.reply("provider", with_tools, alone.all())["message"], "takes no tools"));
    json with_link = chat("client/default");
    with_link["messages"][0]["content"] = {{{"type", "image"}, {"url", "https://x"}}};
    CHECK(has(alone.reply("provider", with_link, alone.all())["message"], "fetches no URL"));
    alone.desk.at_once = Error{Errc::unavailable, "the client refused the question: no"};
    CHECK(has(alone.reply("provider", chat("auto"), alone.all())["message"], "the client refused"));
    CHECK(alone.desk.seen.size() == 2);  // a refusal is not asked again
  }
  {
    Settings configured = settings;
    configured.providers["client"].plugin = "client";
    configured.providers["client"].config_json = R"({"colour":"blue"})";
    AskWorld wrong(configured, files);
    CHECK(has(wrong.reply("provider", chat("client/default"), wrong.all())["message"],
              "takes no configuration"));
  }
  settings.providers["other"].base_url = "http://127.0.0.1:1/v1";
  settings.providers["other"].models = {"m"};
  settings.retry.attempts_max = 1;
  AskWorld beside(settings, files);
  beside.desk.at_once = said;
  CHECK(has(beside.reply("provider", chat("auto"), beside.all())["message"], "other (m)"));
  CHECK(beside.desk.seen.empty());
  CHECK(beside.reply("provider", chat("client/mine"), beside.all())["result"]["text"] == "hello");
  CHECK(json::parse(beside.desk.seen.at(0).body)["model"] == "mine");
}

TEST_CASE("ask: a client that gives up after a fixed time is answered before it, whoever thinks",
          "[runtime][ask]") {
  Settings settings;
  settings.deadlines.client_wall = Millis(1'500);
  settings.deadlines.client_reserve = Millis(300);
  settings.deadlines.tool_reserve = Millis(200);
  AskWorld ask(settings);
  const CallOutcome& ended = ask.call("ask", {{"message", "m"}}, ask.all(), ClientWall::applies);
  CHECK(ended.code == Errc::ok);
  CHECK(has(ended.parts.at(0).bytes, "nobody answered within"));
  CHECK(to_ms(ended.elapsed) < 1'500);
}

TEST_CASE("ask: a leg for which there is no place leaves the call to the client's next try",
          "[runtime][ask]") {
  Settings settings;
  settings.admission.calls_max = 1;
  settings.admission.queue_size_max = 0;
  AskWorld ask(settings);
  const json question = {{"message", "who?"}};
  const ClientReach later{true, true, nullptr};
  const std::string state = ask.call("ask", question, later).request_state;
  // Somebody else has the one place, until the user answers.
  const std::string other = R"({"kind":"ask","request":{"message":"other"}})";
  ToolRequest running;
  running.tool = "asking";
  running.arguments_json = other;
  running.reach = ask.all();
  const RequestNumber busy = ask.world.runtime->call_tool(running, [](CallOutcome, const Journal*) {}, {});
  ask.state = state;
  ask.answers.insert_or_assign("0", std::string(R"({"action":"decline"})"));
  CHECK(ask.call("ask", question, later).code == Errc::shed);
  ask.world.runtime->cancel(busy);
  const CallOutcome& ended = ask.call("ask", question, later);
  INFO(ended.message);
  REQUIRE(ended.code == Errc::ok);
  CHECK(has(ended.parts.at(0).bytes, "decline"));
}

TEST_CASE("ask: without a desk the call's leg ends with the question and a sealed state", "[runtime][ask]") {
  AskWorld ask;
  const std::filesystem::path key = ask.world.runtime->state_dir() + "/request_state.key";
  CHECK_FALSE(std::filesystem::exists(key));  // a host that nobody asks to wait makes none
  const CallOutcome& ended = ask.call("ask", {{"message", "who?"}}, {true, true, nullptr});
  CHECK(std::filesystem::exists(key));
  REQUIRE(ended.code == Errc::ok);
  REQUIRE(ended.questions.size() == 1);
  CHECK(ended.questions[0].key == "0");
  CHECK(ended.request_state.starts_with("tp1."));
  CHECK(ended.parts.empty());
  CHECK(ask.world.runtime->unanswered() == 0);
  // Nobody takes it for a call whose host died.
  const auto heads = ask.world.runtime->store()->journals(owner_name(1));
  REQUIRE(heads);
  REQUIRE(heads->size() == 1);
  CHECK(heads->front().lease == kParkedLease);
}
