#include "line_loop.hpp"

#include <simdjson.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace toolpost::bench {
namespace {

constexpr std::size_t kReadMax = 256 << 10;

bool write_all(std::string& out) {
  for (std::size_t sent = 0; sent < out.size();) {
    const ssize_t count = ::write(STDOUT_FILENO, out.data() + sent, out.size() - sent);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return false;
    sent += static_cast<std::size_t>(count);
  }
  out.clear();
  return true;
}

void answer(simdjson::ondemand::parser& parser, const char* line, std::size_t size, std::size_t room,
            std::string& out) {
  simdjson::ondemand::document document;
  if (parser.iterate(line, size, room).get(document) != simdjson::SUCCESS) return;
  std::string_view id, text;
  // In the order in which clients write them; a raw token is a slice of the line, not a copy.
  if (document["id"].raw_json_token().get(id) != simdjson::SUCCESS) return;  // a notification
  out += R"({"jsonrpc":"2.0","id":)";
  out += id;
  simdjson::ondemand::object params;
  simdjson::ondemand::value argument;
  if (document["params"].get_object().get(params) != simdjson::SUCCESS ||
      params["arguments"]["text"].get(argument) != simdjson::SUCCESS) {
    out += ",\"result\":{}}\n";
    return;
  }
  text = argument.raw_json_token();  // a string with its quotes; checked by nobody
  out += R"(,"result":{"content":[{"type":"text","text":)";
  out += text;
  out += R"(}],"structuredContent":{"text":)";
  out += text;
  out += "}}}\n";
}

}  // namespace

int run_nlohmann_loop() {
  using nlohmann::json;
  std::ios::sync_with_stdio(false);
  std::string line;
  while (std::getline(std::cin, line)) {
    const json message = json::parse(line, nullptr, false);
    if (!message.is_object() || !message.contains("id")) continue;
    json result = json::object();
    if (message.value("method", "") == "tools/call") {
      const json& arguments = message["params"]["arguments"];
      result["content"] = json::array({{{"type", "text"}, {"text", arguments.dump()}}});
      result["structuredContent"] = arguments;
    }
    std::string out = json{{"jsonrpc", "2.0"}, {"id", message["id"]}, {"result", std::move(result)}}.dump();
    out += '\n';
    if (!write_all(out)) return 1;
  }
  return 0;
}

int run_simdjson_loop() {
  simdjson::ondemand::parser parser;
  std::string in(kReadMax + simdjson::SIMDJSON_PADDING, '\0');
  std::string out;
  std::size_t begin = 0, end = 0;
  for (;;) {
    if (begin == end) begin = end = 0;
    if (begin > 0) {
      std::memmove(in.data(), in.data() + begin, end - begin);
      end -= begin;
      begin = 0;
    }
    if (in.size() - end < kReadMax + simdjson::SIMDJSON_PADDING) in.resize(in.size() * 2);
    std::size_t searched = end;  // what was there before holds no newline
    const ssize_t count = ::read(STDIN_FILENO, in.data() + end, kReadMax);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return 0;
    end += static_cast<std::size_t>(count);
    while (const void* newline = std::memchr(in.data() + searched, '\n', end - searched)) {
      const auto at = static_cast<std::size_t>(static_cast<const char*>(newline) - in.data());
      answer(parser, in.data() + begin, at - begin, in.size() - begin, out);
      begin = searched = at + 1;
    }
    if (!write_all(out)) return 1;
  }
}

}  // namespace toolpost::bench
