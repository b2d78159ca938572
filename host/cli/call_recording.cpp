#include "cli/call_recording.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <iostream>
#include <nlohmann/json.hpp>
#include <system_error>

#include "base/unique_fd.hpp"
#include "base/write_all.hpp"

namespace toolpost {
namespace {

using nlohmann::json;

json outcome_json(const CallOutcome& outcome) {
  json document = {{"ok", outcome.code == Errc::ok},
                   {"turns", outcome.turns},
                   {"attempts", outcome.use.attempts},
                   {"tokens", outcome.use.tokens},
                   {"elapsed_ms", to_ms(outcome.elapsed)}};
  if (!outcome.use.cost.empty()) document["cost"] = outcome.use.cost;
  if (outcome.code != Errc::ok) {
    document["error"] = {{"code", std::string(name(outcome.code))}, {"message", outcome.message}};
    if (outcome.retry_after > Millis(0)) document["error"]["retry_after_ms"] = outcome.retry_after.count();
    return document;
  }
  document["parts"] = json::array();
  for (const TurnPart& part : outcome.parts) {
    json one = {{"media_type", part.media_type}};
    json value = part.media_type == "application/json" ? json::parse(part.bytes, nullptr, false)
                                                       : json(json::value_t::discarded);
    if (value.is_discarded()) {
      one["text"] = part.bytes;
    } else {
      one["json"] = std::move(value);
    }
    document["parts"].push_back(std::move(one));
  }
  return document;
}

}  // namespace

void print_outcome(const CallOutcome& outcome, Output output) {
  if (output == Output::json) {
    std::cout << outcome_json(outcome).dump(1, ' ', false, json::error_handler_t::replace) << "\n";
    return;
  }
  if (outcome.code != Errc::ok) {
    std::cerr << "toolpost: " << name(outcome.code) << ": " << outcome.message;
    const bool never_tried = outcome.code == Errc::invalid_input || outcome.code == Errc::not_found;
    const bool told = outcome.use.attempts > 0 && outcome.message.find(" attempts") != std::string::npos;
    if ((!never_tried || outcome.turns > 0) && !told)
      std::cerr << " (after " << to_ms(outcome.elapsed) << " ms; turns: " << outcome.turns
                << ", attempts: " << outcome.use.attempts << ")";
    std::cerr << "\n";
    return;
  }
  for (const TurnPart& part : outcome.parts) std::cout << part.bytes << "\n";
  if (outcome.use.attempts == 0 || isatty(STDERR_FILENO) != 1) return;
  std::cerr << "(" << outcome.use.tokens << " tokens";
  for (const auto& [currency, amount] : outcome.use.cost) std::cerr << ", " << amount << " " << currency;
  std::cerr << ", " << outcome.use.attempts << (outcome.use.attempts == 1 ? " attempt, " : " attempts, ")
            << to_ms(outcome.elapsed) << " ms)\n";
}

RecordedCall recorded(const Journal& journal, const CallOutcome& outcome) {
  return {journal.header(), journal.entries(), outcome.code, outcome.message, outcome.parts};
}

Result<void> write_recording(const std::string& file, const RecordedCall& call) {
  const auto failed = [&file] {
    return Error{Errc::unavailable, "cannot write " + file + ": " + std::generic_category().message(errno)};
  };
  const UniqueFd fd(open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!fd) return failed();
  if (!write_all(fd.get(), journal_text(call))) return failed();
  return {};
}

}  // namespace toolpost
