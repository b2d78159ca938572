// Which era answers, and with what: one row per rule.
#include "mcp_client.hpp"

using namespace toolpost;
using nlohmann::json;

namespace {

const json kServerInfo = {{"name", "toolpost"}, {"title", "Toolpost"}, {"version", "1.2.3"}};

struct Row {
  const char* what;
  const char* opened;  // legacy revision agreed before; empty: none
  std::string line;
  int code;          // of the error; 0: a result; 1: silence
  const char* id;    // JSON of the answer's id; empty: no id member
  const char* says;  // part of the error's message
};

std::string with_meta(const char* meta, const char* method = "tools/list") {
  return std::string(R"({"jsonrpc":"2.0","id":1,"method":")") + method + R"(","params":{"_meta":)" + meta +
         "}}";
}

std::vector<Row> form_rows() {
  return {
      {"no JSON", "", "{bad", -32700, "", "JSON"},
      {"blank", "", "  ", -32700, "", "JSON"},
      {"truncated", "", R"({"jsonrpc":"2.0","id":1,"method":"ping")", -32700, "", "JSON"},
      {"invalid UTF-8", "", "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"\xff\"}", -32700, "", "JSON"},
      {"a NUL byte", "", std::string("{\"jsonrpc\":\"2.0\",\0}", 18), -32700, "", "JSON"},
      {"a repeated key keeps its id", "", R"({"jsonrpc":"2.0","id":4,"method":"a","method":"b"})", -32600,
       "4", "twice"},
      {"a repeated id", "", R"({"jsonrpc":"2.0","id":4,"id":5,"method":"a"})", -32700, "", "twice"},
      {"batch", "", R"([{"jsonrpc":"2.0","id":1,"method":"ping"}])", -32600, "", "batches"},
      {"empty batch", "", "[]", -32600, "", "batches"},
      {"scalar", "", "7", -32600, "", "object"},
      {"empty object", "", "{}", -32600, "", "jsonrpc"},
      {"null id", "", R"({"jsonrpc":"2.0","id":null,"method":"ping"})", -32600, "", "id must be"},
      {"fractional id", "", R"({"jsonrpc":"2.0","id":1.5,"method":"ping"})", -32600, "", "id must be"},
      {"object id", "", R"({"jsonrpc":"2.0","id":{},"method":"ping"})", -32600, "", "id must be"},
      {"boolean id", "", R"({"jsonrpc":"2.0","id":true,"method":"ping"})", -32600, "", "id must be"},
      {"id past 64 bits", "", R"({"jsonrpc":"2.0","id":99999999999999999999,"method":"ping"})", -32700, "",
       "64 bits"},
      {"no jsonrpc", "", R"({"id":1,"method":"ping"})", -32600, "1", "jsonrpc"},
      {"jsonrpc 1.0", "", R"({"jsonrpc":"1.0","id":1,"method":"ping"})", -32600, "1", "jsonrpc"},
      {"no method", "", R"({"jsonrpc":"2.0","id":"a"})", -32600, "\"a\"", "method"},
      {"method no string", "", R"({"jsonrpc":"2.0","id":0,"method":5})", -32600, "0", "method"},
      {"a result for nobody", "", R"({"jsonrpc":"2.0","id":1,"result":{}})", 1, "", ""},
      {"an error for nobody", "", R"({"jsonrpc":"2.0","id":null,"error":{"code":1,"message":""}})", 1, "",
       ""},
      {"unknown notification", "", R"({"jsonrpc":"2.0","method":"notifications/whatever"})", 1, "", ""},
      {"a call without id", "", R"({"jsonrpc":"2.0","method":"tools/call","params":{"name":"echo"}})", 1, "",
       ""},
      {"cancelled without params", "", R"({"jsonrpc":"2.0","method":"notifications/cancelled"})", 1, "", ""},
      {"cancelled, unknown id", "",
       R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":9}})", 1, "", ""},
      {"cancelled, odd id", "",
       R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":[]}})", 1, "", ""},
      {"params an array", "", R"({"jsonrpc":"2.0","id":1,"method":"tools/list","params":[]})", -32602, "1",
       "params must be"},
  };
}

std::vector<Row> modern_rows() {
  const std::string call = R"("name":"echo",)";
  return {
      {"discover", "", McpClient::modern("1", "server/discover"), 0, "1", ""},
      {"discover after initialize", "2025-11-25", McpClient::modern("1", "server/discover"), 0, "1", ""},
      {"list", "", McpClient::modern("1", "tools/list"), 0, "1", ""},
      {"list, cursor null", "", McpClient::modern("1", "tools/list", R"("cursor":null,)"), 0, "1", ""},
      {"list, empty cursor", "", McpClient::modern("1", "tools/list", R"("cursor":"",)"), -32602, "1",
       "cursor"},
      {"list, cursor", "", McpClient::modern("1", "tools/list", R"("cursor":"zzz",)"), -32602, "1", "cursor"},
      {"_meta no object", "", with_meta("5"), -32602, "1", "_meta must be"},
      {"version no string", "", with_meta(R"({"io.modelcontextprotocol/protocolVersion":1})"), -32602, "1",
       "string"},
      {"no capabilities", "", with_meta(R"({"io.modelcontextprotocol/protocolVersion":"2026-07-28"})"),
       -32602, "1", "clientCapabilities"},
      {"no version", "", with_meta(R"({"io.modelcontextprotocol/clientCapabilities":{}})"), -32602, "1",
       "protocolVersion"},
      {"unknown version", "",
       with_meta(R"({"io.modelcontextprotocol/protocolVersion":"v999",)"
                 R"("io.modelcontextprotocol/clientCapabilities":{}})"),
       -32022, "1", "v999"},
      {"legacy version in _meta", "2025-11-25",
       with_meta(R"({"io.modelcontextprotocol/protocolVersion":"2025-11-25",)"
                 R"("io.modelcontextprotocol/clientCapabilities":{}})"),
       -32022, "1", "2026-07-28"},
      {"version before method", "",
       with_meta(R"({"io.modelcontextprotocol/protocolVersion":"v999",)"
                 R"("io.modelcontextprotocol/clientCapabilities":{}})",
                 "nope"),
       -32022, "1", "v999"},
      {"ping is gone", "2025-11-25", McpClient::modern("1", "ping"), -32601, "1", "ping"},
      {"initialize is gone", "", McpClient::modern("1", "initialize"), -32601, "1", "initialize"},
      {"setLevel is gone", "", McpClient::modern("1", "logging/setLevel"), -32601, "1", "logging"},
      {"unknown method", "", McpClient::modern("\"x\"", "nope"), -32601, "\"x\"", "nope"},
      {"call without name", "", McpClient::modern("1", "tools/call"), -32602, "1", "params.name"},
      {"call, name no string", "", McpClient::modern("1", "tools/call", R"("name":5,)"), -32602, "1",
       "params.name"},
      {"call, unknown", "", McpClient::modern("1", "tools/call", R"("name":"frobnicate",)"), -32602, "1",
       "there is no tool \"frobnicate\""},
      {"call, arguments no object", "", McpClient::modern("1", "tools/call", call + R"("arguments":[],)"),
       -32602, "1", "arguments"},
      {"call, arguments null", "", McpClient::modern("1", "tools/call", call + R"("arguments":null,)"),
       -32602, "1", "arguments"},
      {"call, token null", "", McpClient::modern("1", "tools/call", call, R"(,"progressToken":null)"), -32602,
       "1", "progressToken"},
      {"call, token fractional", "", McpClient::modern("1", "tools/call", call, R"(,"progressToken":1.5)"),
       -32602, "1", "progressToken"},
      {"call", "", McpClient::modern("1", "tools/call", call), 1, "", ""},
  };
}

std::vector<Row> legacy_rows() {
  const std::string initialize =
      R"({"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"c"}})";
  std::vector<Row> rows{
      {"initialize", "", McpClient::legacy("0", "initialize", initialize), 0, "0", ""},
      {"initialize again", "2024-11-05", McpClient::legacy("0", "initialize", initialize), 0, "0", ""},
      {"initialize, no params", "", R"({"jsonrpc":"2.0","id":1,"method":"initialize"})", -32602, "1",
       "protocolVersion"},
      {"initialize, no version", "", McpClient::legacy("1", "initialize"), -32602, "1", "protocolVersion"},
      {"call before initialize", "", McpClient::legacy("1", "tools/call", R"({"name":"now"})"), -32602, "1",
       "2025-11-25, 2025-06-18, 2025-03-26, 2024-11-05"},
      {"list before initialize", "", McpClient::legacy("1", "tools/list"), -32602, "1", "2026-07-28"},
      {"ping before initialize", "", McpClient::legacy("1", "ping"), 0, "1", ""},
      {"discover without _meta", "", McpClient::legacy("1", "server/discover"), -32602, "1",
       "protocolVersion"},
      {"notification before initialize", "", R"({"jsonrpc":"2.0","method":"notifications/initialized"})", 1,
       "", ""},
  };
  for (const char* revision : {"2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"}) {
    rows.push_back({"ping", revision, McpClient::legacy("7", "ping"), 0, "7", ""});
    rows.push_back({"ping, no params", revision, R"({"jsonrpc":"2.0","id":7,"method":"ping"})", 0, "7", ""});
    rows.push_back({"list", revision, McpClient::legacy("\"\"", "tools/list"), 0, "\"\"", ""});
    rows.push_back({"list, cursor", revision, McpClient::legacy("7", "tools/list", R"({"cursor":"x"})"),
                    -32602, "7", "cursor"});
    rows.push_back(
        {"call", revision, McpClient::legacy("-3", "tools/call", R"({"name":"now"})"), 0, "-3", ""});
    rows.push_back({"call, unknown", revision, McpClient::legacy("7", "tools/call", R"({"name":"nov"})"),
                    -32602, "7", "there is no tool \"nov\""});
    rows.push_back({"call, no params", revision, R"({"jsonrpc":"2.0","id":7,"method":"tools/call"})", -32602,
                    "7", "params"});
    rows.push_back({"not advertised: logging", revision,
                    McpClient::legacy("7", "logging/setLevel", R"({"level":"info"})"), -32601, "7",
                    "logging"});
    rows.push_back({"not advertised: resources", revision, McpClient::legacy("7", "resources/list"), -32601,
                    "7", "resources"});
    rows.push_back(
        {"of the other era", revision, McpClient::legacy("7", "server/discover"), -32601, "7", "discover"});
  }
  return rows;
}

void check(const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    CAPTURE(row.what, row.opened, row.line);
    McpClient client;
    if (*row.opened != '\0') client.initialize(row.opened);
    const std::string out = client.send(row.line);
    if (row.code == 1) {
      CHECK(out.empty());
      continue;
    }
    const json answer = McpClient::one(out);
    CHECK(answer["jsonrpc"] == "2.0");
    if (*row.id == '\0') {
      CHECK_FALSE(answer.contains("id"));
    } else {
      CHECK(answer["id"].dump() == row.id);
    }
    if (row.code == 0) {
      CHECK(answer.contains("result"));
      CHECK_FALSE(answer.contains("error"));
      continue;
    }
    REQUIRE(answer.contains("error"));
    CHECK(answer["error"]["code"] == row.code);
    CHECK(answer["error"]["message"].get<std::string>().find(row.says) != std::string::npos);
  }
}

}  // namespace

TEST_CASE("mcp: malformed messages are refused with the right code, and never with a null id", "[mcp]") {
  check(form_rows());
}

TEST_CASE("mcp: requests that name their version are served statelessly, whatever came before", "[mcp]") {
  check(modern_rows());
}

TEST_CASE("mcp: legacy requests are served once initialize came, and refused by name before", "[mcp]") {
  check(legacy_rows());
}

TEST_CASE("mcp: discover names everything a stateless client needs", "[mcp]") {
  McpClient client;
  const json result = client.ask(McpClient::modern("1", "server/discover"))["result"];
  CHECK(result["resultType"] == "complete");
  CHECK(result["supportedVersions"] == json::array({"2026-07-28"}));
  CHECK(result["capabilities"] == json::parse(R"({"tools":{}})"));
  CHECK(result["instructions"].is_string());
  CHECK(result["ttlMs"] == 300'000);
  CHECK(result["cacheScope"] == "public");
  CHECK(result["_meta"]["io.modelcontextprotocol/serverInfo"] == kServerInfo);
}

TEST_CASE("mcp: an unknown version is answered with the supported and the requested one", "[mcp]") {
  McpClient client;
  const json error = client.ask(with_meta(R"({"io.modelcontextprotocol/protocolVersion":"2099-\"01",)"
                                          R"("io.modelcontextprotocol/clientCapabilities":{}})"))["error"];
  CHECK(error["data"] == json({{"supported", {"2026-07-28"}}, {"requested", "2099-\"01"}}));
}

TEST_CASE("mcp: initialize agrees on the asked revision, or on the newest legacy one", "[mcp]") {
  const std::pair<const char*, const char*> rows[] = {
      {"2024-11-05", "2024-11-05"}, {"2025-03-26", "2025-03-26"}, {"2025-06-18", "2025-06-18"},
      {"2025-11-25", "2025-11-25"}, {"2026-07-28", "2025-11-25"}, {"2024-10-07", "2025-11-25"},
      {"", "2025-11-25"},           {"v999", "2025-11-25"}};
  for (const auto& [asked, agreed] : rows) {
    McpClient client;
    const json result = client.ask(McpClient::legacy(
        "1", "initialize",
        R"({"protocolVersion":")" + std::string(asked) + R"(","capabilities":{}})"))["result"];
    CHECK(result["protocolVersion"] == agreed);
    CHECK(result["capabilities"] == json::parse(R"({"tools":{"listChanged":true}})"));
    CHECK(result["serverInfo"] == kServerInfo);
    CHECK_FALSE(result.contains("resultType"));
    CHECK_FALSE(result.contains("ttlMs"));
  }
}

TEST_CASE("mcp: the tools list is the same in both eras, the frame around it is not", "[mcp]") {
  McpClient client;
  const json modern = client.ask(McpClient::modern("1", "tools/list"))["result"];
  client.initialize("2025-11-25");
  const json legacy = client.ask(McpClient::legacy("1", "tools/list"))["result"];
  CHECK(modern["tools"] == json::parse(client.tools_json()));
  CHECK(legacy == json({{"tools", modern["tools"]}}));
  CHECK(modern["resultType"] == "complete");
  CHECK(modern["ttlMs"] == 300'000);
  CHECK(modern["cacheScope"] == "public");
  CHECK(modern["_meta"]["io.modelcontextprotocol/serverInfo"] == kServerInfo);
}

TEST_CASE("mcp: both eras take turns on one connection", "[mcp]") {
  McpClient client;
  client.send(McpClient::modern("1", "tools/call", R"("name":"echo",)"));
  client.initialize("2025-03-26");
  client.send(McpClient::legacy("2", "tools/call", R"({"name":"echo"})"));
  client.send(
      McpClient::modern("3", "tools/call", R"("name":"echo",)",
                        R"(,"io.modelcontextprotocol/clientInfo":{"name":"new-client","version":"9"})"));
  REQUIRE(client.calls.size() == 3);
  CHECK((client.calls[0].modern && !client.calls[1].modern && client.calls[2].modern));
  CHECK(client.calls[0].client_name.empty());
  CHECK(client.calls[1].client_name == "old-client");
  CHECK(client.calls[2].client_name == "new-client");
  CHECK(client.core.legacy_client_name() == "old-client");
  for (const auto& call : client.calls) client.core.finish(call.number, {"{}", "t", false, ""});
  const std::string out = client.take();
  std::size_t at = 0;
  for (const bool modern : {true, false, true}) {
    const json answer = json::parse(out.substr(at, out.find('\n', at) - at));
    at = out.find('\n', at) + 1;
    CHECK(answer["result"].contains("resultType") == modern);
    CHECK(answer["result"].contains("structuredContent") == modern);
  }
}

TEST_CASE("mcp: an oversize line is answered without id, naming the setting", "[mcp]") {
  McpClient client;
  client.core.on_oversize();
  const json answer = McpClient::one(client.take());
  CHECK_FALSE(answer.contains("id"));
  CHECK(answer["error"]["code"] == -32600);
  CHECK(answer["error"]["message"].get<std::string>().find("limits.message_bytes_max = 4194304") !=
        std::string::npos);
}
