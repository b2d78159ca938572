#include "cli/thread_document.hpp"

#include <array>
#include <cinttypes>
#include <cstdio>
#include <ctime>

#include "base/text.hpp"
#include "json/invisible.hpp"
#include "json/utf8.hpp"

namespace toolpost {
namespace {

using nlohmann::json;

/// JSON that a plugin gave. Text that is none (an older file may hold it) stays what it is.
json parsed(const std::string& text) {
  json document = json::parse(text, nullptr, false);
  return document.is_discarded() ? json(text) : document;
}

/// The longest beginning of at most kShownBytesMax bytes that ends between two characters.
std::string beginning(const std::string& text) {
  std::size_t end = kShownBytesMax;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  return text.substr(0, end);
}

void copy(const json& from, const char* key, json& to, const char* as) {
  if (!from.is_object() || !from.contains(key)) return;
  const json& value = from[key];
  if (value.is_number() || (value.is_string() && !value.get_ref<const std::string&>().empty()))
    to[as] = value;
}

json shown_turn(const ThreadTurn& turn, ShownText how) {
  const json stored = parsed(turn.json);
  json shown = {{"number", turn.number}, {"tool", turn.tool}, {"at_ms", turn.created_ms}};
  for (const char* key : {"step", "status", "model", "provider", "latency_ms"}) copy(stored, key, shown, key);
  const json usage = stored.is_object() ? stored.value("usage", json::object()) : json::object();
  for (const char* key : {"input_tokens", "output_tokens", "cost"}) copy(usage, key, shown, key);
  // The host's own word, last: it knows of every answer of the call.
  const json call = stored.is_object() ? stored.value("call", json::object()) : json::object();
  for (const char* key : {"latency_ms", "tokens"}) copy(call, key, shown, key);
  for (const char* key : {"cost", "models"})
    if (call.is_object() && call.contains(key)) shown[key] = call[key];
  for (const char* key : {"question", "answer"}) {
    copy(stored, key, shown, key);
    if (!shown.contains(key) || !shown[key].is_string()) continue;
    const std::string text = replace_invalid_utf8(shown[key].get<std::string>());
    const bool cut = how == ShownText::cut && text.size() > kShownBytesMax;
    shown[key] = cut ? beginning(text) : text;
    if (cut) shown["cut"][key] = text.size();
  }
  return shown;
}

/// For a terminal: what steers it or is not seen goes, and a line ends in one way only.
std::string visible(const json& value) {
  std::string text = value.is_string() ? value.get<std::string>()
                                       : value.dump(-1, ' ', false, json::error_handler_t::replace);
  text = replace_invalid_utf8(text);
  strip_invisible(text);
  std::string lines;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\r') {
      lines += text[i];
    } else if (i + 1 == text.size() || text[i + 1] != '\n') {
      lines += '\n';
    }
  }
  return lines;
}

/// "0.0131 USD, 0.2 CNY" or "glm/glm-4.6, openai/m".
std::string several(const json& value) {
  std::string line;
  for (const auto& [key, one] : value.items())
    line += (line.empty() ? "" : ", ") + (value.is_object() ? one.dump() + " " + key : visible(one));
  return line;
}

std::string facts(const json& turn) {
  std::string line;
  const auto add = [&](const char* key, const char* before, const char* behind) {
    if (!turn.contains(key)) return;
    const std::string text = turn[key].is_structured() ? several(turn[key]) : visible(turn[key]);
    line += std::string(", ") + before + plain_excerpt(text) + behind;
  };
  add("step", "step ", "");
  add("status", "", "");
  if (turn.contains("model"))
    add("model", "model ", "");
  else
    add("models", "models ", "");
  add("provider", "provider ", "");
  add("input_tokens", "", " tokens in");
  add("output_tokens", "", " tokens out");
  if (!turn.contains("input_tokens")) add("tokens", "", " tokens");
  add("cost", "cost ", "");
  add("latency_ms", "", " ms");
  return line;
}

std::string cut_note(const json& turn, const char* key) {
  if (!turn.contains("cut") || !turn["cut"].contains(key)) return "";
  return " (the first " + std::to_string(kShownBytesMax) + " of " + turn["cut"][key].dump() +
         " bytes; --full shows all)";
}

std::string indented(const std::string& text) {
  std::string out = "    ";
  for (const char letter : text) out += letter == '\n' ? std::string("\n    ") : std::string(1, letter);
  return out + "\n";
}

std::string at(const json& turn) {
  return utc_text(turn["at_ms"].get<std::int64_t>());
}

}  // namespace

std::string utc_text(std::int64_t wall_ms) {
  const std::time_t seconds = static_cast<std::time_t>(wall_ms / 1000);
  std::tm parts{};
  std::array<char, 64> text{};
  if (gmtime_r(&seconds, &parts) == nullptr) return std::to_string(wall_ms) + " ms";
  const std::size_t size = std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S UTC", &parts);
  return {text.data(), size};
}

json thread_head_json(const ThreadHead& head) {
  return {{"id", head.id},           {"tool", head.last_tool},       {"turns", head.turns},
          {"bytes", head.bytes},     {"models", head.models},        {"created_ms", head.created_ms},
          {"used_ms", head.used_ms}, {"expires_ms", head.expires_ms}};
}

json exported_thread(const StoredThread& thread) {
  json document = thread_head_json(thread.head);
  document["turns"] = json::array();
  for (const ThreadTurn& turn : thread.turns) {
    document["turns"].push_back({{"number", turn.number},
                                 {"tool", turn.tool},
                                 {"at_ms", turn.created_ms},
                                 {"turn", parsed(turn.json)}});
  }
  document["state"] = json::object();
  for (const ThreadState& state : thread.states) document["state"][state.tool] = parsed(state.json);
  return document;
}

json shown_thread(const StoredThread& thread, ShownText text) {
  json document = thread_head_json(thread.head);
  document["turns"] = json::array();
  for (const ThreadTurn& turn : thread.turns) document["turns"].push_back(shown_turn(turn, text));
  return document;
}

std::string thread_text(const json& shown) {
  std::string out = "thread " + visible(shown["id"]) + ": " + std::to_string(shown["turns"].size()) +
                    " turns, " + shown["bytes"].dump() + " bytes, begun " +
                    utc_text(shown["created_ms"].get<std::int64_t>()) + ", kept until " +
                    utc_text(shown["expires_ms"].get<std::int64_t>()) + "\n";
  for (const json& turn : shown["turns"]) {
    out += "\nturn " + turn["number"].dump() + ": " + plain_excerpt(visible(turn["tool"])) + ", " + at(turn) +
           facts(turn) + "\n";
    for (const char* key : {"question", "answer"})
      if (turn.contains(key))
        out += std::string("  ") + key + cut_note(turn, key) + "\n" + indented(visible(turn[key]));
  }
  return out;
}

std::string thread_markdown(const json& shown) {
  std::string out = "# Thread " + visible(shown["id"]) + "\n\nBegun " +
                    utc_text(shown["created_ms"].get<std::int64_t>()) + ", last used " +
                    utc_text(shown["used_ms"].get<std::int64_t>()) + ".\n";
  for (const json& turn : shown["turns"]) {
    out += "\n## Turn " + turn["number"].dump() + ": " + plain_excerpt(visible(turn["tool"])) + "\n\n" +
           at(turn) + facts(turn) + ".\n";
    for (const char* key : {"question", "answer"}) {
      if (!turn.contains(key)) continue;
      out += key == std::string("question") ? "\n### Question\n\n" : "\n### Answer\n\n";
      out += visible(turn[key]) + "\n";
    }
  }
  return out;
}

}  // namespace toolpost
