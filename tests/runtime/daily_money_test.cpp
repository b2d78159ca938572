// providers.NAME.daily_cost_max: what a chat may cost, who is refused, and what is counted in the end.
#include "runtime/daily_money.hpp"

#include <fstream>

#include "model_server.hpp"
#include "runtime_world.hpp"

using namespace toolpost;
using nlohmann::json;

namespace {

ModelFacts priced(double input, double output) {
  ModelFacts facts;
  facts.price = ModelPrice{input, output};
  facts.context_tokens = 1000;
  facts.output_tokens_max = 500;
  facts.currency = "EUR";
  return facts;
}

json messages(std::size_t bytes) {
  return {{"messages", {{{"role", "user"}, {"content", std::string(bytes, 'x')}}}}};
}

struct World {
  ModelServer model;
  std::filesystem::path folder;
  Settings settings;

  explicit World(double limit, const std::string& price = "price = { input = 500.0, output = 0.0 }\n") {
    std::string name = (std::filesystem::temp_directory_path() / "toolpost_money_XXXXXX").string();
    folder = mkdtemp(name.data());
    std::ofstream(folder / "own.toml") << "schema = 1\nplugin = \"openai\"\ncurrency = \"EUR\"\n[[model]]\n"
                                          "name = \"m\"\ncontext_tokens = 300\noutput_tokens_max = 50\n"
                                       << price;
    settings.models.catalog_folders = {folder.string()};
    settings.plugins["dev.toolpost.chat"].grant = {"provider"};
    settings.providers["local"] = model.settings();
    settings.providers["local"].daily_cost_max = limit;
  }
  ~World() { std::filesystem::remove_all(folder); }
};

const std::vector<std::string> kChat = {"lib/toolpost/plugins/chat.so", "lib/toolpost/plugins/openai.so"};
constexpr const char* kHello = R"({"prompt":"hello","use_websearch":false})";

}  // namespace

TEST_CASE("daily money: a chat may cost every byte as a token, or the context, and the longest answer",
          "[runtime][money]") {
  const ModelFacts facts = priced(1, 10);
  const std::int64_t small = *most_it_costs(messages(100), &facts, "m");
  CHECK(small > 100 + 5'000);
  CHECK(small < 1'000 + 5'000);
  CHECK(*most_it_costs(messages(5'000), &facts, "m") == 1'000 + 5'000);  // in millionths
  json bounded = messages(5'000);
  bounded["output_tokens_max"] = 7;
  CHECK(*most_it_costs(bounded, &facts, "m") == 1'000 + 70);
  bounded["output_tokens_max"] = 501;
  CHECK(*most_it_costs(bounded, &facts, "m") == 1'000 + 5'000);
}

TEST_CASE("daily money: searches count where the model can, and a dearer cache write counts as input",
          "[runtime][money]") {
  ModelFacts facts = priced(1, 0);
  json searching = messages(5'000);
  searching["web_search"] = true;
  facts.price->web_search = 0.01;
  CHECK(*most_it_costs(searching, &facts, "m") == 1'000);
  facts.abilities = {"web_search"};
  CHECK(*most_it_costs(searching, &facts, "m") == 1'000 + 100'000);
  facts.price->cache_write = 2;
  CHECK(*most_it_costs(messages(5'000), &facts, "m") == 2'000);
}

TEST_CASE("daily money: without a price or the longest answer nothing can be promised", "[runtime][money]") {
  CHECK(most_it_costs(messages(1), nullptr, "m").error().code == Errc::unsupported);
  ModelFacts facts = priced(1, 1);
  facts.output_tokens_max = 0;
  CHECK(most_it_costs(messages(1), &facts, "m").error().message.find("output_tokens_max of model m") !=
        std::string::npos);
  facts.price.reset();
  CHECK(most_it_costs(messages(1), &facts, "m").error().message.find("the price of model m") !=
        std::string::npos);
}

TEST_CASE("daily money: amounts are rounded up, and days begin at midnight UTC", "[runtime][money]") {
  CHECK(micro_money(0.0000001) == 1);
  CHECK(micro_money(1.5) == 1'500'000);
  CHECK(micro_money(-1) == 0);
  CHECK(micro_money(1e300) == 1'000'000'000'000'000);
  CHECK(utc_day(86'399'999) == 0);
  CHECK(utc_day(86'400'000) == 1);
}

TEST_CASE("settings: providers.NAME.daily_cost_max refuses what may pass it, before anything is sent",
          "[runtime][money][settings]") {
  // 300 tokens, its whole context, may cost 0.15; the server tells no usage, so all of it stays counted.
  World world(0.2);
  RuntimeWorld runtime(kChat, world.settings);
  const CallOutcome& first = runtime.call("chat", kHello);
  INFO(first.message);
  CHECK(first.code == Errc::ok);
  const CallOutcome& refused = runtime.call("chat", kHello);
  CHECK(refused.code == Errc::exhausted);
  CHECK(refused.message.find(
            "providers.local.daily_cost_max = 0.2 EUR: 0.15 EUR are spent or reserved today") !=
        std::string::npos);
  CHECK(refused.message.find("this may cost 0.15 EUR; it starts anew in ") != std::string::npos);
  CHECK(world.model.asked == 1);
}

TEST_CASE("settings: providers.NAME.daily_cost_max at its exact amount lets a chat pass, 0 lets all",
          "[runtime][money][settings]") {
  World exact(0.15);
  CHECK(RuntimeWorld(kChat, exact.settings).call("chat", kHello).code == Errc::ok);
  World below(0.149);
  CHECK(RuntimeWorld(kChat, below.settings).call("chat", kHello).code == Errc::exhausted);
  CHECK(below.model.asked == 0);
  World none(0, "");
  CHECK(RuntimeWorld(kChat, none.settings).call("chat", kHello).code == Errc::ok);
}

TEST_CASE("daily money: a model without a price is not asked under a limit", "[runtime][money]") {
  World world(5, "");
  RuntimeWorld runtime(kChat, world.settings);
  CHECK(runtime.call("chat", kHello).message.find("does not say the price of model m") != std::string::npos);
  CHECK(world.model.asked == 0);
}

TEST_CASE("daily money: what cost nothing is given back", "[runtime][money]") {
  CHECK(costs_nothing(Errc::unavailable, SideEffect::none));
  CHECK(costs_nothing(Errc::rate_limited, SideEffect::maybe));
  CHECK_FALSE(costs_nothing(Errc::deadline, SideEffect::maybe));
  World world(0.2);
  world.settings.providers["local"].base_url = "http://127.0.0.1:1/v1";  // nobody listens
  world.settings.retry.attempts_max = 3;
  world.settings.retry.backoff_base = Millis{1};
  RuntimeWorld runtime(kChat, world.settings);
  CHECK(runtime.call("chat", kHello).code == Errc::unavailable);  // and not exhausted by its own attempts
}

TEST_CASE("daily money: an answer that cost less than was set aside gives the rest back",
          "[runtime][money]") {
  // 0.15 are set aside for each, and 20 of its 300 tokens used: 0.01.
  World world(0.2);
  world.model.usage = R"({"prompt_tokens":20,"completion_tokens":5})";
  RuntimeWorld runtime(kChat, world.settings);
  for (int chat = 1; chat <= 6; ++chat) {
    const CallOutcome& outcome = runtime.call("chat", kHello);
    CAPTURE(chat, outcome.message);
    CHECK(outcome.code == Errc::ok);
    CHECK(outcome.use.cost == MoneyByCurrency{{"EUR", 0.01}});
  }
  const CallOutcome& refused = runtime.call("chat", kHello);
  CHECK(refused.code == Errc::exhausted);
  CHECK(refused.message.find("0.06 EUR are spent or reserved today") != std::string::npos);
  CHECK(world.model.asked == 6);
}
