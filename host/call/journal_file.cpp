#include "call/journal_file.hpp"

#include <nlohmann/json.hpp>

namespace toolpost {
namespace {

using nlohmann::json;

json header_json(const JournalHeader& header) {
  return {{"toolpost_journal", 1},
          {"call", header.call_id},
          {"plugin", header.plugin},
          {"plugin_hash", header.plugin_hash},
          {"config", header.config},
          {"method", header.method},
          {"request", header.request},
          {"seed", header.seed},
          {"accepted_ms", header.accepted_ms},
          {"deadline_ms", header.deadline_ms}};
}

json entry_json(const JournalEntry& entry) {
  json line = {{"effect", entry.kind}, {"request", entry.request}, {"digest", entry.digest}};
  if (entry.timeout_ms != 0) line["timeout_ms"] = entry.timeout_ms;
  if (entry.done) {
    line["code"] = name(entry.code);
    line["result"] = entry.result;
    line["done_at_ms"] = entry.done_at_ms;
    line["done_order"] = entry.done_order;
  }
  return line;
}

JournalHeader read_header(const json& line) {
  JournalHeader header;
  header.call_id = line.at("call");
  header.plugin = line.at("plugin");
  header.plugin_hash = line.at("plugin_hash");
  header.config = line.at("config");
  header.method = line.at("method");
  header.request = line.at("request");
  header.seed = line.at("seed");
  header.accepted_ms = line.at("accepted_ms");
  header.deadline_ms = line.at("deadline_ms");
  return header;
}

JournalEntry read_entry(const json& line) {
  JournalEntry entry;
  entry.kind = line.at("effect");
  entry.request = line.at("request");
  entry.digest = line.at("digest");
  entry.timeout_ms = line.value("timeout_ms", 0u);
  entry.done = line.contains("code");
  if (entry.done) {
    entry.code = errc_from_name(line.at("code").get<std::string>());
    entry.result = line.at("result");
    entry.done_at_ms = line.at("done_at_ms");
    entry.done_order = line.at("done_order");
  }
  return entry;
}

void read_line(const json& line, RecordedCall& call, bool first) {
  if (first) {
    if (line.at("toolpost_journal") != 1) throw std::runtime_error("another version of the format");
    call.header = read_header(line);
  } else if (line.contains("effect")) {
    call.entries.push_back(read_entry(line));
  } else {
    call.code = errc_from_name(line.at("outcome").get<std::string>());
    call.message = line.value("message", "");
    for (const json& part : line.at("parts")) {
      call.parts.push_back({part.at("media_type"), part.at("bytes")});
    }
  }
}

}  // namespace

std::string journal_text(const RecordedCall& call) {
  const auto line = [](const json& value) {
    return value.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
  };
  std::string text = line(header_json(call.header));
  for (const JournalEntry& entry : call.entries) text += line(entry_json(entry));
  json outcome = {{"outcome", name(call.code)}, {"parts", json::array()}};
  if (call.code != Errc::ok) outcome["message"] = call.message;
  for (const TurnPart& part : call.parts) {
    outcome["parts"].push_back({{"media_type", part.media_type}, {"bytes", part.bytes}});
  }
  return text + line(outcome);
}

Result<RecordedCall> parse_journal(std::string_view text) {
  RecordedCall call;
  unsigned number = 0;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    ++number;
    try {
      read_line(json::parse(text.substr(0, end)), call, number == 1);
    } catch (const std::exception& why) {
      return Error{Errc::invalid_input,
                   "journal line " + std::to_string(number) + " is not of a recorded call: " + why.what()};
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  if (number == 0) return Error{Errc::invalid_input, "the journal is empty"};
  return call;
}

}  // namespace toolpost
