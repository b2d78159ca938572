#include "call/journal_file.hpp"

#include <nlohmann/json.hpp>
#include <utility>

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
  if (entry.sent && !entry.done) line["sent"] = true;
  if (entry.done) {
    line["code"] = name(entry.code);
    line["result"] = entry.result;
    line["done_at_ms"] = entry.done_at_ms;
    line["done_order"] = entry.done_order;
  }
  return line;
}

std::string line_of(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
}

struct BadLine {
  std::string why;
};

/// A whole number that fits; nlohmann alone would cut one that does not.
template <typename T>
T whole(const json& line, const char* key) {
  const json& value = line.at(key);
  const bool fits = value.is_number_unsigned()
                        ? std::in_range<T>(value.get<std::uint64_t>())
                        : value.is_number_integer() && std::in_range<T>(value.get<std::int64_t>());
  if (!fits) throw BadLine{std::string(key) + " is no whole number in range"};
  return value.get<T>();
}

JournalHeader read_header(const json& line) {
  JournalHeader header;
  header.call_id = line.at("call");
  header.plugin = line.at("plugin");
  header.plugin_hash = line.at("plugin_hash");
  header.config = line.at("config");
  header.method = line.at("method");
  header.request = line.at("request");
  header.seed = whole<std::uint64_t>(line, "seed");
  header.accepted_ms = whole<std::int64_t>(line, "accepted_ms");
  header.deadline_ms = whole<std::int64_t>(line, "deadline_ms");
  return header;
}

JournalEntry read_entry(const json& line) {
  JournalEntry entry;
  entry.kind = line.at("effect");
  entry.request = line.at("request");
  entry.digest = line.at("digest");
  if (line.contains("timeout_ms")) entry.timeout_ms = whole<std::uint32_t>(line, "timeout_ms");
  entry.sent = line.contains("sent");
  entry.done = line.contains("code");
  if (entry.done) {
    entry.code = errc_from_name(line.at("code").get<std::string>());
    entry.result = line.at("result");
    entry.done_at_ms = whole<std::int64_t>(line, "done_at_ms");
    entry.done_order = whole<std::uint32_t>(line, "done_order");
  }
  return entry;
}

enum class Expected { header, effect_or_outcome, nothing };

/// What may follow.
Expected read_line(const json& line, RecordedCall& call, Expected expected) {
  if (expected == Expected::nothing) throw BadLine{"the outcome was the last line"};
  if (expected == Expected::header) {
    if (line.at("toolpost_journal") != 1) throw BadLine{"another version of the format"};
    call.header = read_header(line);
  } else if (line.contains("effect")) {
    call.entries.push_back(read_entry(line));
  } else {
    call.code = errc_from_name(line.at("outcome").get<std::string>());
    call.message = line.value("message", "");
    for (const json& part : line.at("parts")) {
      call.parts.push_back({part.at("media_type"), part.at("bytes")});
    }
    return Expected::nothing;
  }
  return Expected::effect_or_outcome;
}

}  // namespace

std::string header_line(const JournalHeader& header) {
  return line_of(header_json(header));
}

std::string entry_line(const JournalEntry& entry) {
  return line_of(entry_json(entry));
}

std::string outcome_line(Errc code, const std::string& message, const std::vector<TurnPart>& parts) {
  json outcome = {{"outcome", name(code)}, {"parts", json::array()}};
  if (code != Errc::ok) outcome["message"] = message;
  for (const TurnPart& part : parts) {
    outcome["parts"].push_back({{"media_type", part.media_type}, {"bytes", part.bytes}});
  }
  return line_of(outcome);
}

std::string journal_text(const RecordedCall& call) {
  std::string text = header_line(call.header);
  for (const JournalEntry& entry : call.entries) text += entry_line(entry);
  return text + outcome_line(call.code, call.message, call.parts);
}

Result<RecordedCall> parse_journal(std::string_view text, JournalState state) {
  RecordedCall call;
  Expected expected = Expected::header;
  unsigned number = 0;
  const auto refused = [&](const std::string& why) {
    return Error{Errc::invalid_input,
                 "journal line " + std::to_string(number) + " is not of a recorded call: " + why};
  };
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    ++number;
    // Not by exception: nlohmann's would quote the line, whatever is in it.
    const json line = json::parse(text.substr(0, end), nullptr, false);
    if (line.is_discarded()) return refused("not JSON");
    try {
      expected = read_line(line, call, expected);
    } catch (const BadLine& bad) {
      return refused(bad.why);
    } catch (const json::exception& why) {
      return refused(why.what());
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  if (number == 0) return Error{Errc::invalid_input, "the journal is empty"};
  if (expected == Expected::header || (expected != Expected::nothing && state == JournalState::ended))
    return Error{Errc::invalid_input, "the journal ends before the outcome; its recording was cut off"};
  return call;
}

}  // namespace toolpost
