#include "model/model_choice.hpp"

#include "catch.hpp"

using namespace toolpost;

namespace {

ModelCatalog catalog() {
  ModelCatalog catalog;
  const auto added = catalog.add(R"(
schema = 1
plugin = "glm"
[[model]]
name = "glm-big"
aliases = ["big"]
context_tokens = 1000
abilities = ["tools", "thinking", "web_search", "json"]
speed = "quality"
languages = ["zh"]
[[model]]
name = "glm-flash"
aliases = ["flash"]
abilities = ["tools", "json"]
speed = "fast"
)",
                                 "glm");
  REQUIRE(added);
  REQUIRE(catalog.add(R"(
schema = 1
plugin = "kimi"
[[model]]
name = "kimi-eye"
aliases = ["eye"]
abilities = ["images", "tools"]
speed = "balanced"
)",
                      "kimi"));
  return catalog;
}

OfferedProvider offer(std::string name, std::string plugin, std::vector<std::string> models) {
  OfferedProvider offered;
  offered.name = std::move(name);
  offered.plugin = std::move(plugin);
  offered.models = std::move(models);
  return offered;
}

const OfferedProvider kGlm = offer("glm", "glm", {"glm-flash", "glm-big"});
const OfferedProvider kKimi = offer("moon", "kimi", {"kimi-eye"});
const OfferedProvider kOwn = offer("own", "openai", {"llama"});

struct Asked {
  ModelWish wish;
  std::vector<OfferedProvider> providers{kGlm, kKimi, kOwn};
  ModelPolicy policy;

  std::string first() const {
    const ModelCatalog known = catalog();
    const auto picks = pick_models(wish, providers, known, policy);
    return picks ? picks->front().provider + "/" + picks->front().model : "refused: " + picks.error().message;
  }
  std::string why() const {
    const ModelCatalog known = catalog();
    const auto picks = pick_models(wish, providers, known, policy);
    return picks ? picks->front().why : "";
  }
  Errc code() const {
    const ModelCatalog known = catalog();
    const auto picks = pick_models(wish, providers, known, policy);
    return picks ? Errc::ok : picks.error().code;
  }
  std::vector<std::string> all() const {
    const ModelCatalog known = catalog();
    std::vector<std::string> names;
    const auto picks = pick_models(wish, providers, known, policy);
    REQUIRE(picks);
    for (const ModelPick& pick : *picks) names.push_back(pick.provider + "/" + pick.model);
    return names;
  }
};

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("auto: the tool and its step decide between fast and thorough, and the reason says so", "[model]") {
  Asked asked;
  asked.wish.tool = "chat";
  CHECK(asked.first() == "glm/glm-flash");
  CHECK(has(asked.why(), "fast, for chat"));
  asked.wish.tool = "debug";
  asked.wish.step = "first";
  CHECK(asked.first() == "glm/glm-flash");
  asked.wish.step = "last";
  CHECK(asked.first() == "glm/glm-big");
  CHECK(has(asked.why(), "quality, for debug (last step)"));
  asked.wish = {};
  asked.wish.tool = "thinkdeep";
  CHECK(asked.first() == "glm/glm-big");
  asked.wish = {};
  asked.wish.role = "expert";
  CHECK(asked.first() == "glm/glm-big");
  asked.wish = {};
  asked.wish.thinking = "high";
  CHECK(asked.first() == "glm/glm-big");
}

TEST_CASE("auto: what the call needs must be there, what it likes and the locale count", "[model]") {
  Asked asked;
  asked.wish.needs = {"images"};
  CHECK(asked.first() == "moon/kimi-eye");
  CHECK(has(asked.why(), "left out glm/glm-flash (model glm-flash has no images)"));
  asked.wish.needs = {};
  asked.wish.likes = {"web_search", "thinking"};
  asked.wish.language = "zh";
  CHECK(asked.first() == "glm/glm-big");
  CHECK(has(asked.why(), "locale zh"));
  asked.wish = {};
  asked.wish.role = "expert";
  asked.wish.tokens = 1000;
  CHECK(asked.first() == "glm/glm-big");
  asked.wish.tokens = 1001;  // more than it takes
  CHECK(asked.first() != "glm/glm-big");
}

TEST_CASE("auto: the operator's preferences come before all that", "[model]") {
  Asked asked;
  asked.wish.role = "expert";
  asked.policy.default_provider = "own";
  CHECK(asked.first() == "own/llama");
  asked.policy.default_provider = "";
  asked.providers[0].preferred = {"flash"};  // an alias counts
  CHECK(asked.first() == "glm/glm-flash");
  CHECK(has(asked.why(), "models_preferred"));
}

TEST_CASE("auto: what cannot be asked now is left out or comes last", "[model]") {
  Asked asked;
  asked.providers[0].resting = {"glm-flash"};
  CHECK(asked.first() == "moon/kimi-eye");
  CHECK(has(asked.why(), "auto chose moon/kimi-eye: balanced, for this call"));
  CHECK(asked.all().back() == "glm/glm-flash");
  asked.providers[0].unusable = Error{Errc::unsupported, "no key"};
  CHECK(asked.first() == "moon/kimi-eye");
  CHECK(has(asked.why(), "left out glm (no key)"));
  asked.providers.resize(1);
  CHECK(asked.first() == "refused: no key");
}

TEST_CASE("auto: of a server's own list what a catalogue knows comes first", "[model]") {
  Asked asked;
  asked.providers = {offer("glm", "glm", {"embedding-3", "glm-big"})};
  CHECK(asked.first() == "glm/embedding-3");  // the operator named it, and first
  asked.providers[0].listed = true;
  CHECK(asked.first() == "glm/glm-big");
  CHECK(has(asked.why(), "no other fits better"));
  asked.providers[0].models = {"embedding-3", "other"};
  CHECK(asked.first() == "glm/embedding-3");
}

TEST_CASE("policy: allowed lists and local_only hold for auto and for names", "[model]") {
  Asked asked;
  asked.providers[0].allowed = {"big"};
  asked.wish.tool = "chat";
  for (const std::string& name : asked.all()) CHECK(name != "glm/glm-flash");
  asked.wish.model = "flash";
  CHECK(asked.code() == Errc::permission);
  CHECK(has(asked.first(), "providers.glm.models_allowed"));
  asked.wish.model = "glm/glm-flash";
  CHECK(asked.code() == Errc::permission);
  asked.wish.model = "big";
  CHECK(asked.first() == "glm/glm-big");

  asked.policy.local_only = true;
  CHECK(asked.code() == Errc::permission);
  CHECK(has(asked.first(), "models.local_only"));
  asked.wish.model = "auto";
  CHECK(asked.code() == Errc::permission);
  asked.providers[2].local = true;
  CHECK(asked.first() == "own/llama");
}

TEST_CASE("names: full names, aliases and NAME/model are understood", "[model]") {
  Asked asked;
  asked.wish.model = "eye";
  CHECK(asked.first() == "moon/kimi-eye");
  CHECK(asked.why() == "named, as eye");
  asked.wish.model = "moon/some-new-model";  // unknown to every catalogue
  CHECK(asked.first() == "moon/some-new-model");
  asked.wish.model = "glm/flash";
  CHECK(asked.first() == "glm/glm-flash");
}

TEST_CASE("names: an unknown one gets a suggestion, or the reason, or goes to who takes any", "[model]") {
  Asked asked;
  asked.wish.model = "glm-flahs";
  CHECK(asked.code() == Errc::not_found);
  CHECK(has(asked.first(), "did you mean \"glm-flash\"?"));
  asked.wish.model = "zzz";
  CHECK(has(asked.first(), "use auto, or NAME/model"));
  asked.providers[0].models = {"glm-big"};
  asked.wish.model = "flash";
  CHECK(has(asked.first(), "it is not in providers.glm.models"));
  asked.providers[2].open = true;
  asked.wish.model = "zzz";
  CHECK(asked.first() == "own/zzz");
  CHECK(has(asked.why(), "own decides"));
}

TEST_CASE("names: a named model that lacks what the call needs is refused with the reason", "[model]") {
  Asked asked;
  asked.wish.model = "big";
  asked.wish.needs = {"images"};
  CHECK(asked.code() == Errc::unsupported);
  CHECK(has(asked.first(), "has no images, which this call needs"));
  asked.wish.model = "llama";  // nothing is known about it
  CHECK(asked.first() == "own/llama");
}

TEST_CASE("fallback: the operator's order, or auto's own", "[model]") {
  Asked asked;
  asked.wish.tool = "chat";
  CHECK(asked.all().size() == 4);
  asked.policy.fallback = {"own", "glm/glm-big", "nobody"};
  CHECK(asked.all() == std::vector<std::string>{"glm/glm-flash", "own/llama", "glm/glm-big"});
}

TEST_CASE("auto: nobody to ask is said with what to do", "[model]") {
  Asked asked;
  asked.providers.clear();
  CHECK(has(asked.first(), "no model provider is configured"));
  asked.providers = {offer("empty", "openai", {})};
  CHECK(asked.first() == "refused: provider empty names no models; set providers.empty.models");
}
