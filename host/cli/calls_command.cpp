#include <unistd.h>

#include <iostream>
#include <nlohmann/json.hpp>

#include "cli/command_failure.hpp"
#include "cli/commands.hpp"
#include "cli/text_table.hpp"

namespace toolpost {
namespace {

/// The store of a host without its spawner's work: null, with the reason printed, when there is none.
Store* opened_store(const std::unique_ptr<Host>& host, const HostOptions& options) {
  if (!host) return nullptr;
  Store* store = host->runtime->store();
  if (store == nullptr)
    fail(options, {Errc::unavailable, "there is no store, so no call is kept; see the error above"});
  return store;
}

int not_there(const HostOptions& options, const std::string& id) {
  return fail(options, {Errc::not_found,
                        "no call has the id " + id.substr(0, 64) + "; toolpost calls list shows all"});
}

std::string state(const Runtime& runtime, const JournalHead& head) {
  if (head.ended) return "ended";
  if (head.lease == kParkedLease) return "waits for its client";
  return runtime.is_running(head) ? "running" : "interrupted";
}

nlohmann::json answers_json(const RecordedCall& call) {
  nlohmann::json answers = nlohmann::json::array();
  for (std::size_t index = 0; index < call.entries.size(); ++index) {
    const JournalEntry& entry = call.entries[index];
    if (entry.kind != "provider" && entry.kind != "http") continue;
    answers.push_back(
        {{"effect", index}, {"kind", entry.kind}, {"state", entry.done ? name(entry.code) : "open"}});
    if (entry.done) answers.back()["result"] = entry.result;
  }
  return answers;
}

void print_json(const nlohmann::json& document) {
  std::cout << document.dump(1, ' ', false, nlohmann::json::error_handler_t::replace) << "\n";
}

void print_answers(const RecordedCall& call) {
  for (std::size_t index = 0; index < call.entries.size(); ++index) {
    const JournalEntry& entry = call.entries[index];
    if (entry.kind != "provider" && entry.kind != "http") continue;
    std::cout << "effect " << index << " (" << entry.kind << "): "
              << (entry.done   ? std::string(name(entry.code)) + "\n" + entry.result
                  : entry.sent ? "sent, not answered"
                               : "begun")
              << "\n";
  }
}

}  // namespace

int run_calls_list(const HostOptions& options) {
  const auto host = set_up_host(options);
  Store* const store = opened_store(host, options);
  if (store == nullptr) return 2;
  const auto heads = store->journals(kLocalOwner);
  if (!heads) return fail(options, heads.error());
  const std::int64_t now = host->loop.wall_ms();
  nlohmann::json list = nlohmann::json::array();
  TextTable table({"call", "state", "tool", "changed", "kept"});
  for (const JournalHead& head : *heads) {
    const auto journals = store->load_journal(kLocalOwner, head.id);
    if (!journals) return fail(options, journals.error());
    std::string tool = "?";
    for (const StoredJournal& journal : *journals) {
      const auto call = parse_journal(journal.text, JournalState::running);
      if (journal.id == head.id && call) tool = call->header.method;
    }
    list.push_back({{"id", head.id},
                    {"state", state(*host->runtime, head)},
                    {"durable", head.durable},
                    {"tool", tool},
                    {"changed_ms", head.changed_ms},
                    {"bytes", head.bytes}});
    table.add({head.id, state(*host->runtime, head) + (head.durable ? ", durable" : ""), tool,
               age_text(now - head.changed_ms) + " ago", std::to_string(head.bytes) + " B"});
  }
  if (options.output == Output::json) {
    print_json({{"calls", list}});
  } else {
    std::cout << (heads->empty() ? "no call is kept\n" : table.text());
  }
  return 0;
}

int run_calls_show(const HostOptions& options, const std::string& id) {
  const auto host = set_up_host(options);
  Store* const store = opened_store(host, options);
  if (store == nullptr) return 2;
  const auto journals = store->load_journal(kLocalOwner, id);
  if (!journals) return fail(options, journals.error());
  if (journals->empty()) return not_there(options, id);
  nlohmann::json shown = {{"id", id}, {"answers", nlohmann::json::array()}};
  for (const StoredJournal& journal : *journals) {
    const auto call = parse_journal(journal.text, JournalState::running);
    if (!call) return fail(options, call.error());
    if (options.output == Output::json) {
      for (const auto& answer : answers_json(*call)) shown["answers"].push_back(answer);
      if (journal.id != id) continue;
      shown["tool"] = call->header.method;
      shown["request"] = call->header.request;
      if (journal.outcome.empty()) continue;
      shown["outcome"] = {{"code", name(call->code)}, {"message", call->message}};
      for (const TurnPart& part : call->parts) shown["outcome"]["parts"].push_back(part.bytes);
      continue;
    }
    if (journal.id == id) {
      std::cout << call->header.method << " " << call->header.request << "\n";
      if (!journal.outcome.empty()) {
        std::cout << "outcome: " << name(call->code) << "\n"
                  << call->message << (call->message.empty() ? "" : "\n");
        for (const TurnPart& part : call->parts) std::cout << part.bytes << "\n";
      }
    }
    print_answers(*call);
  }
  if (options.output == Output::json) print_json(shown);
  return 0;
}

int run_calls_resume(const HostOptions& options) {
  const auto host = set_up_host(options);
  if (opened_store(host, options) == nullptr) return 2;
  const bool people = options.output != Output::json;
  nlohmann::json ended = nlohmann::json::array();
  int status = 0;
  std::size_t left = 0;
  left = host->runtime->resume_durable(1, [&](const std::string& id, const CallOutcome& outcome) {
    ended.push_back({{"id", id}, {"code", name(outcome.code)}, {"message", outcome.message}});
    if (people)
      std::cout << id << "  " << name(outcome.code) << (outcome.message.empty() ? "" : ": " + outcome.message)
                << "\n";
    if (outcome.code != Errc::ok) status = 1;
    if (--left == 0) host->loop.stop();
  });
  if (left == 0 && people) std::cout << "no durable call was interrupted\n";
  if (left != 0 && people && isatty(STDERR_FILENO) == 1)
    std::cerr << "going on with " << left << (left == 1 ? " call ...\n" : " calls ...\n");
  if (left != 0) host->loop.run();
  if (!people) print_json({{"resumed", ended}});
  return status;
}

int run_calls_purge(const HostOptions& options, const std::string& id, bool yes) {
  const auto host = set_up_host(options);
  Store* const store = opened_store(host, options);
  if (store == nullptr) return 2;
  const auto heads = store->journals(kLocalOwner);
  if (!heads) return fail(options, heads.error());
  StoreBatch batch;
  for (const JournalHead& head : *heads) {
    if (!id.empty() && head.id != id) continue;
    if (!host->runtime->is_running(head)) {
      batch.journal.push_back(JournalDrop{head.id});
    } else if (!id.empty()) {
      return fail(options, {Errc::conflict, "call " + id + " is running; cancel it in its client"});
    }
  }
  if (batch.journal.empty() && !id.empty()) return not_there(options, id);
  if (id.empty() && !yes && !batch.journal.empty())
    return fail(
        options,
        {Errc::invalid_input, "this would forget " + std::to_string(batch.journal.size()) +
                                  " calls for good, with the answers that they have; add --yes if that is "
                                  "meant, or name one"},
        2);
  if (const auto purged = store->commit(batch); !purged) return fail(options, purged.error());
  if (options.output == Output::json) {
    print_json({{"forgotten", batch.journal.size()}});
  } else {
    std::cout << batch.journal.size() << " forgotten\n";
  }
  return 0;
}

}  // namespace toolpost
