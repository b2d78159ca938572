// The Big List of Naughty Strings through the protocol: as text, as a name, as an id and as a key.
#include <fstream>

#include "corpora.hpp"
#include "json/invisible.hpp"
#include "json/utf8.hpp"
#include "mcp_client.hpp"

using namespace toolpost;
using nlohmann::json;

namespace {

std::vector<std::string> naughty_strings() {
  std::vector<std::string> strings = {"",
                                      "undefined",
                                      "\\",
                                      "\"'`",
                                      "\xef\xbb\xbf",
                                      "\xe2\x80\xae reversed \xe2\x81\xa6",
                                      "\xf3\xa0\x81\x8d\xf3\xa0\x80\xa0 tags",
                                      "a\xf3\xa0\x84\x80",
                                      "\xe2\x80\x8bzero",
                                      "$(touch x)",
                                      "<script>",
                                      "../../etc/passwd",
                                      "%00",
                                      "\x1b[31m",
                                      "1e400",
                                      "\xf0\x9f\x91\xa8\xe2\x80\x8d\xf0\x9f\x91\xa9",
                                      std::string(70'000, 'A')};
  std::ifstream file(corpora() + "/naughty-strings.json");
  if (!file) {
    WARN("the naughty strings are not there; only our own cases ran");
    return strings;
  }
  for (const json& one : json::parse(file)) strings.push_back(one);
  return strings;
}

/// The one answer to a call, which the host behind the core answers as `echo` does, with cleaned arguments.
json echo(McpClient& client, const std::string& arguments) {
  const std::string at_once =
      client.send(McpClient::modern("1", "tools/call", R"("name":"echo","arguments":)" + arguments + ","));
  if (!at_once.empty()) return McpClient::one(at_once);
  const auto cleaned = clean_json(client.calls.back().arguments);
  const std::string text = cleaned ? cleaned->text : "";
  client.core.finish(client.calls.back().number,
                     {text, cleaned ? std::string_view() : cleaned.error().message, !cleaned, ""});
  const std::string out = client.take();
  CHECK(is_valid_utf8(out));
  return McpClient::one(out);
}

}  // namespace

TEST_CASE("naughty strings: each comes back as it was, less what cannot be seen", "[mcp][corpus]") {
  McpClient client;
  for (const std::string& text : naughty_strings()) {
    CAPTURE(text);
    const json answer = echo(client, json{{"text", text}}.dump());
    std::string seen = text;
    strip_invisible(seen);
    if (text.find('\0') != std::string::npos) {
      CHECK(answer["error"]["message"].get<std::string>().find("NUL") != std::string::npos);
    } else {
      CHECK(answer["result"]["structuredContent"]["text"] == seen);
      CHECK(json::parse(answer["result"]["content"][0]["text"].get<std::string>())["text"] == seen);
    }
  }
}

TEST_CASE("naughty strings: as a key each is echoed, or refused if it cannot be seen", "[mcp][corpus]") {
  McpClient client;
  for (const std::string& text : naughty_strings()) {
    CAPTURE(text);
    const json answer = echo(client, json{{text, 1}}.dump());
    if (answer.contains("error")) continue;  // passes a limit
    if (has_invisible(text)) {
      CHECK(answer["result"]["isError"] == true);
    } else {
      CHECK(answer["result"]["structuredContent"][text] == 1);
    }
  }
}

TEST_CASE("naughty strings: as tool, method, version or id each is answered in valid JSON", "[mcp][corpus]") {
  McpClient client;
  for (const std::string& text : naughty_strings()) {
    CAPTURE(text);
    const std::string quoted = json(text).dump();
    CHECK(client.ask(McpClient::modern("1", "tools/call", "\"name\":" + quoted + ",")).contains("error"));
    CHECK(client.ask(R"({"jsonrpc":"2.0","id":1,"method":)" + quoted + "}").contains("error"));
    const std::string version = R"("params":{"_meta":{"io.modelcontextprotocol/clientCapabilities":{},)"
                                R"("io.modelcontextprotocol/protocolVersion":)";
    CHECK(client.ask(R"({"jsonrpc":"2.0","id":1,"method":"tools/list",)" + version + quoted + "}}}")
              .contains("error"));
    const json pong = client.ask(R"({"jsonrpc":"2.0","method":"ping","id":)" + quoted + "}");
    if (pong.contains("result")) CHECK(pong["id"] == text);
  }
}
