#include "runtime/interrupted_calls.hpp"

#include <algorithm>

namespace toolpost {

Result<void> InterruptedCalls::find(const std::string& owner, std::int64_t now_ms) {
  dead_ = dead_hosts_();
  auto heads = store_.journals(owner);
  if (!heads) return heads.error();
  // What this host has given back stays; of those the store may know less.
  std::erase_if(found_, [this](const JournalHead& head) { return head.lease != lease_; });
  for (JournalHead& head : *heads) {
    if (head.lease == lease_) continue;
    const bool recent = now_ms - head.changed_ms <= settings_.repeat_window.count();
    if (head.ended ? !(head.durable && recent) : !(head.durable || recent)) continue;
    if (!head.ended && (head.lease == kParkedLease || is_held_(head.lease))) continue;
    found_.push_back(std::move(head));
  }
  return {};
}

Result<void> InterruptedCalls::look_again(const std::string& owner, std::int64_t now_ms) {
  const std::set<std::string> dead = dead_hosts_();
  const bool known = std::includes(dead_.begin(), dead_.end(), dead.begin(), dead.end());
  return known ? Result<void>{} : find(owner, now_ms);
}

std::vector<JournalHead> InterruptedCalls::durable() const {
  std::vector<JournalHead> durable;
  for (const JournalHead& head : found_) {
    if (head.durable && !head.ended) durable.push_back(head);
  }
  std::reverse(durable.begin(), durable.end());  // the store gives the newest first
  return durable;
}

Result<std::optional<InterruptedCall>> InterruptedCalls::take_same(const std::string& owner,
                                                                   const std::string& wanted, bool durable,
                                                                   std::int64_t now_ms) {
  const auto same = std::find_if(found_.begin(), found_.end(), [&](const JournalHead& head) {
    return head.wanted == wanted && now_ms - head.changed_ms <= settings_.repeat_window.count() &&
           (durable || !head.durable);
  });
  if (same == found_.end()) return std::optional<InterruptedCall>{};
  return take(owner, std::string(same->id));
}

Result<std::optional<InterruptedCall>> InterruptedCalls::take(const std::string& owner,
                                                              const std::string& id) {
  const auto place =
      std::find_if(found_.begin(), found_.end(), [&](const JournalHead& head) { return head.id == id; });
  if (place == found_.end()) return std::optional<InterruptedCall>{};
  JournalHead head = std::move(*place);
  found_.erase(place);
  return claim(owner, std::move(head));
}

Result<std::optional<InterruptedCall>> InterruptedCalls::take_parked(const std::string& owner,
                                                                     const std::string& id) {
  JournalHead head;
  head.id = id;
  head.lease = kParkedLease;
  return claim(owner, std::move(head));
}

Result<std::optional<InterruptedCall>> InterruptedCalls::claim(const std::string& owner, JournalHead head) {
  InterruptedCall taken;
  taken.head = std::move(head);
  auto claimed = store_.claim_journal(taken.head.id, taken.head.lease, lease_);
  if (!claimed) return claimed.error();
  if (!*claimed) return std::optional<InterruptedCall>{};
  taken.head.lease = lease_;
  auto journals = store_.load_journal(owner, taken.head.id);
  if (!journals) return journals.error();
  bool whole = false;
  for (const StoredJournal& journal : *journals) {
    auto call = parse_journal(journal.text, JournalState::running);
    if (!call) return call.error().with("journal " + journal.id);
    whole = whole || journal.id == taken.head.id;
    if (journal.id == taken.head.id) {
      taken.call = std::move(*call);
      taken.head.ended = !journal.outcome.empty();
    } else {
      taken.served[journal.id] = std::move(*call);
    }
  }
  if (!whole) return std::optional<InterruptedCall>{};  // it ended meanwhile, and was forgotten
  return std::optional<InterruptedCall>(std::move(taken));
}

void InterruptedCalls::give_back(JournalHead head) {
  head.lease = lease_;
  found_.insert(found_.begin(), std::move(head));
}

}  // namespace toolpost
