// What no vendor has to do with: the neutral request is checked by the library, the same for all.
#include "conversation.hpp"

using namespace toolpost::testing;

namespace {

const std::vector<std::string> kProviders = {"openai", "anthropic", "gemini", "kimi", "glm"};

}  // namespace

TEST_CASE("neutral chat: a wrong request is refused before anything is sent", "[providers]") {
  const std::vector<std::pair<json, std::string>> wrong = {
      {json::array(), "holds no message"},
      {{{{"role", "system"}, {"content", "x"}}}, "holds no message"},
      {{{{"role", "robot"}, {"content", "x"}}}, "robot"},
      {{{{"role", "user"}, {"content", 7}}}, "a text or a list of parts"},
      {{{{"role", "user"}, {"content", {{{"type", "video"}}}}}}, "video"},
      {{{{"role", "user"}, {"content", {{{"type", "image"}}}}}}, "image needs"},
      {{{{"role", "user"}, {"content", {{{"type", "file"}}}}}}, "file needs"}};
  for (const std::string& provider : kProviders) {
    for (const auto& [messages, word] : wrong) {
      CAPTURE(provider, messages.dump());
      json request = {{"model", "m"}, {"messages", messages}};
      const Talk refused = talk(provider, request, {});
      CHECK(refused.status == TOOLPOST_INVALID_INPUT);
      CHECK(refused.error.find(word) != std::string::npos);
      CHECK(refused.sent.empty());
    }
    const Talk thinking = talk(provider, question({{"thinking", "deeply"}}), {});
    CHECK(thinking.status == TOOLPOST_INVALID_INPUT);
    CHECK(thinking.error.find("\"max\"") != std::string::npos);
  }
}

TEST_CASE("neutral chat: preview shows the request and sends none", "[providers]") {
  for (const std::string& provider : kProviders) {
    CAPTURE(provider);
    const Talk shown = talk(provider, question(), {}, {}, "preview");
    CHECK(shown.status == TOOLPOST_OK);
    CHECK(shown.sent.empty());
    CHECK(shown.reply["method"] == "POST");
    CHECK(shown.reply["secret"] == "key");
    CHECK(shown.reply["json"].dump().find("why?") != std::string::npos);
    CHECK(shown.reply["stream"] == "sse");
  }
}

TEST_CASE("neutral chat: configured headers and members are sent with every chat", "[providers]") {
  for (const std::string& provider : kProviders) {
    CAPTURE(provider);
    const json config = {
        {"headers", {{"x-team", "blue"}}}, {"extra_body", {{"service_tier", "flex"}}}, {"stream", false}};
    const Talk shown = talk(provider, question(), {}, config, "preview");
    CHECK(shown.reply["headers"]["x-team"] == "blue");
    CHECK(shown.reply["json"]["service_tier"] == "flex");
    CHECK_FALSE(shown.reply.contains("stream"));
  }
}

TEST_CASE("neutral chat: a method that a provider does not have is unsupported", "[providers]") {
  for (const std::string provider : {"openai", "anthropic", "gemini", "kimi"})
    CHECK(talk(provider, {{"query", "x"}}, {}, {}, "search").status == TOOLPOST_UNSUPPORTED);
  CHECK(talk("anthropic", {{"name", "a"}, {"data_base64", ""}}, {}, {}, "extract").status ==
        TOOLPOST_UNSUPPORTED);
}

TEST_CASE("neutral chat: an answer that is no JSON object is the server's fault", "[providers]") {
  for (const std::string& provider : kProviders) {
    CAPTURE(provider);
    const json text = {{"status", 200}, {"body_text", "<html>"}, {"truncated", false}};
    CHECK(talk(provider, question(), {text}).status == TOOLPOST_BAD_UPSTREAM);
    CHECK(talk(provider, question(), {body(json::object())}).status == TOOLPOST_BAD_UPSTREAM);
    CHECK(talk(provider, question(), {stream({})}).status == TOOLPOST_BAD_UPSTREAM);
    CHECK(talk(provider, question(), {stream({"{\"cut"})}).status == TOOLPOST_BAD_UPSTREAM);
  }
}

TEST_CASE("upload: name and data are checked, and the form is whole", "[providers]") {
  for (const std::string provider : {"openai", "kimi", "glm"}) {
    CAPTURE(provider);
    const json file = {{"name", "a.txt"}, {"media_type", "text/plain"}, {"data_base64", "aGkhCg=="}};
    const Talk sent = talk(provider, file, {body({{"id", "file-1"}})}, {}, "upload");
    CHECK(sent.reply == json{{"id", "file-1"}});
    const std::string form =
        toolpost::provider::from_base64_text(sent.sent[0]["body_base64"].get<std::string>());
    CHECK(form.find("filename=\"a.txt\"\r\nContent-Type: text/plain\r\n\r\nhi!\n\r\n--") !=
          std::string::npos);
    CHECK(form.find("name=\"purpose\"") != std::string::npos);
    CHECK(form.substr(form.size() - 4) == "--\r\n");
    for (const json& wrong :
         {json{{"name", "a\"b"}, {"data_base64", ""}}, json{{"name", ""}, {"data_base64", ""}},
          json{{"name", "a"}, {"data_base64", "x"}}, json{{"name", "a"}, {"data_base64", "===="}},
          json{{"name", std::string(256, 'a')}, {"data_base64", ""}}}) {
      CAPTURE(wrong.dump());
      CHECK(talk(provider, wrong, {}, {}, "upload").status == TOOLPOST_INVALID_INPUT);
    }
    CHECK(talk(provider, file, {body(json::object())}, {}, "upload").status == TOOLPOST_BAD_UPSTREAM);
  }
}

TEST_CASE("upload: a boundary that stands in the file is not used", "[providers]") {
  const std::string content = "--toolpost-form\r\ntoolpost-form-x";
  const json file = {{"name", "a"}, {"data_base64", toolpost::provider::to_base64_text(content)}};
  const Talk sent = talk("openai", file, {body({{"id", "1"}})}, {}, "upload");
  CHECK(sent.sent[0]["headers"]["content-type"] == "multipart/form-data; boundary=toolpost-form-x-x");
}

TEST_CASE("base64: every length goes there and back", "[providers]") {
  std::string bytes;
  for (int i = 0; i < 300; ++i) {
    CHECK(toolpost::provider::from_base64_text(toolpost::provider::to_base64_text(bytes)) == bytes);
    bytes += static_cast<char>(i * 7);
  }
}
