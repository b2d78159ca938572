// The part of CallRunner that keeps journals in the store while calls run. A journal is stored from the first
// effect on that leaves the host (http, of a provider call as a rule), with everything before it; a durable
// call's from its acceptance. Calls without such an effect never touch the disk: to run them again costs
// nothing.
#include <nlohmann/json.hpp>

#include "call/journal_file.hpp"
#include "json/canonical_json.hpp"
#include "runtime/call_runner.hpp"

namespace toolpost {
namespace {

/// Requests that may be sent again, whatever became of the first.
bool is_safe_request(const std::string& request) {
  const auto json = nlohmann::json::parse(request, nullptr, false);
  if (!json.is_object()) return true;  // it was refused, and will be again
  const auto method = json.value("method", nlohmann::json("GET"));
  return method == "GET" || method == "HEAD";
}

bool has_paid_answer(const Journal& journal) {
  for (const JournalEntry& entry : journal.entries()) {
    if (entry.done && entry.code == Errc::ok && (entry.kind == "http" || entry.kind == "provider"))
      return true;
  }
  return false;
}

}  // namespace

JournalHeader make_header(CallRequest& request, std::uint64_t seed, std::int64_t now_ms) {
  JournalHeader header;
  header.call_id = request.journal;
  header.plugin = request.plugin->id();
  header.plugin_hash = request.plugin->found.sha256;
  header.config = request.plugin->config_json;
  header.method = request.method->name;
  header.request = std::exchange(request.request, {});
  header.seed = seed;
  header.accepted_ms = now_ms;
  header.deadline_ms = to_ms(request.bound.deadline.at() - request.accepted);
  return header;
}

std::string wanted_digest(const JournalHeader& header) {
  const auto canonical = canonical_json(header.request);
  return digest_hex(header.plugin + '\n' + header.method + '\n' + (canonical ? *canonical : header.request));
}

std::string wanted_by(const CallRequest& call) {
  JournalHeader asked;
  asked.plugin = call.plugin->id();
  asked.method = call.method->name;
  asked.request = call.request;
  return wanted_digest(asked);
}

bool is_of(const JournalHeader& header, const PluginEntry& plugin) {
  return header.plugin == plugin.id() && header.plugin_hash == plugin.found.sha256 &&
         header.config == plugin.config_json;
}

std::string owner_name(OwnerId owner) {
  return "local:" + std::to_string(owner);
}

/// False when the call has failed by it.
bool CallRunner::restore(CallId id, Call& call) {
  for (std::size_t index = 0; index < call.journal.entries().size(); ++index) {
    const JournalEntry& entry = call.journal.entries()[index];
    if (call.request.interrupted && entry.done) {
      effects_.restore(order_of(id, call, index), entry);
    } else if (call.request.interrupted && in_doubt(call, entry)) {
      fail(id,
           {Errc::in_doubt,
            "the host ended after effect " + std::to_string(index) + " (" + entry.kind + ") of plugin " +
                call.request.plugin->id() +
                " had been sent and before its answer came, so it may have been carried out; repeat the call "
                "to ask again, or set resume.in_doubt = \"resend\"",
            Millis{0}, SideEffect::maybe});
      return false;
    } else if (!entry.done) {
      start_effect(id, index);
      if (!calls_.contains(id)) return false;
    }
  }
  return true;
}

CallRunner::Call* CallRunner::parent_of(const Call& call) {
  const auto parent = calls_.find(call.request.parent);
  return parent == calls_.end() ? nullptr : parent->second.get();
}

bool CallRunner::serves_durable(const Call& call) {
  const Call* const parent = parent_of(call);
  return call.request.durable || (parent != nullptr && parent->request.durable);
}

bool CallRunner::in_doubt(const Call& call, const JournalEntry& entry) const {
  return entry.sent && !entry.done && settings_.resume.in_doubt == "report" &&
         !call.request.method->idempotent && !is_safe_request(entry.request);
}

/// Everything of a call that the store does not have, and before it of the call that it serves.
void CallRunner::collect(Call& call, JournalChanges& changes) {
  Call* const parent = parent_of(call);
  if (parent != nullptr) collect(*parent, changes);
  CallRequest& request = call.request;
  if (!request.stored) {
    if (request.journal.empty()) request.journal = random_.id();
    call.journal.set_call_id(request.journal);
    const JournalHeader& header = call.journal.header();
    const std::string& root = parent == nullptr ? request.journal : parent->request.journal;
    changes.push_back(JournalBegin{request.journal, root, owner_name(request.owner), wanted_digest(header),
                                   header_line(header), request.durable});
    request.stored = true;
    call.changed.clear();
    for (std::size_t index = 0; index < call.journal.entries().size(); ++index) call.changed.push_back(index);
  }
  for (const std::size_t index : call.changed) {
    changes.push_back(JournalPut{request.journal, static_cast<std::uint32_t>(index),
                                 entry_line(call.journal.entries()[index])});
  }
  call.changed.clear();
}

/// Before the first byte of a request leaves, the store knows that it may have left.
void CallRunner::start_when_recorded(CallId id, std::size_t index) {
  Call& call = *calls_.at(id);
  call.journal.mark_sent(index);
  if (const Call* parent = parent_of(call); parent != nullptr && parent->unstored) call.unstored = true;
  if (call.unstored && serves_durable(call))
    return settle(id, index, Errc::unavailable,
                  "the store failed, and a durable call asks nobody whose answer it could not keep");
  if (call.unstored) return perform(id, index);
  if (call.request.stored) call.changed.push_back(index);
  JournalChanges changes;
  collect(call, changes);
  effects_.record(std::move(changes), [this, id, index](const Result<void>& recorded) {
    const auto found = calls_.find(id);
    if (found == calls_.end() || found->second->journal.done(index)) return;
    Call& begun = *found->second;
    if (!recorded) {
      // Without the store there is no promise to keep, except to a durable call: its answer may not be asked
      // for.
      Call* const parent = parent_of(begun);
      begun.unstored = true;
      if (parent != nullptr) parent->unstored = true;
      if (serves_durable(begun))
        return settle(id, index, recorded.error().code, recorded.error().message);
    }
    perform(id, index);
  });
}

/// A result that is on disk may be used: no crash of the host makes anybody ask for it again.
void CallRunner::use_when_recorded(CallId id, Call& call, std::size_t index) {
  call.changed.push_back(index);
  JournalChanges changes;
  collect(call, changes);
  if (call.journal.entries()[index].kind == "provider")
    changes.push_back(JournalDrop{call.request.journal + "." + std::to_string(index)});
  ++call.recording;
  effects_.record(std::move(changes), [this, id](const Result<void>& recorded) {
    const auto found = calls_.find(id);
    if (found == calls_.end()) return;
    --found->second->recording;
    if (!recorded) found->second->unstored = true;  // an answer that is here is used all the same
    check_joins(id);
    go_on(id);
  });
}

/// What remains of a call in the store: nothing, if it ended well; the answers that were paid for, if it did
/// not; the outcome, if nobody may be there to hear it.
JournalChanges CallRunner::ending(const Call& call, const CallOutcome& outcome) {
  if (!call.request.stored || call.request.parent != 0) return {};
  const std::string& id = call.request.journal;
  const bool keep = call.request.durable || (outcome.code != Errc::ok && has_paid_answer(call.journal));
  if (!keep) return {JournalDrop{id}};
  return {JournalEnd{id, outcome_line(outcome.code, outcome.message, outcome.parts)}};
}

}  // namespace toolpost
