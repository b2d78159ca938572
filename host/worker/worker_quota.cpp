#include "worker/worker_quota.hpp"

#include <algorithm>

namespace toolpost {

WorkerQuota::~WorkerQuota() {
  loop_.cancel(look_);
}

void WorkerQuota::note(const QuotaMember& member) {
  if (balancing_ || look_ || !(hungry_ || member.starved())) return;
  look_ = loop_.at(loop_.now(), [this] {
    look_ = {};
    balancing_ = true;
    balance();
    balancing_ = false;
  });
}

void WorkerQuota::balance() {
  hungry_ = false;
  for (QuotaMember* member : members_) {
    if (!member->starved()) continue;
    member->try_again();
    if (!member->starved()) continue;
    hungry_ = true;
    for (const GiveUp how : {GiveUp::idle, GiveUp::one_of_several, GiveUp::any}) {
      const auto giver = std::find_if(members_.begin(), members_.end(), [&](QuotaMember* other) {
        return other != member && other->give_up_worker(how);
      });
      if (giver != members_.end()) break;
    }
  }
}

}  // namespace toolpost
