#include "runtime/quarantine.hpp"

namespace toolpost {

Result<void> Quarantine::use(Store& store, std::function<BlockingLane&()> disk) {
  store_ = &store;
  disk_ = std::move(disk);
  auto known = store.crashes();
  if (!known) return known.error();
  core_.learn(*known);
  return {};
}

void Quarantine::note(const PluginEntry& plugin, OwnerId owner, const JournalHeader& header,
                      const Error& lost) {
  if (lost.outside || lost.loading) return;
  auto told = core_.note({plugin.found.sha256, owner_name(owner), wanted_digest(header), loop_.wall_ms(), 1});
  if (told.empty() || store_ == nullptr) return;
  // A note that no longer fits into the lane, or onto the disk, is not worth a call: this host knows.
  const bool taken =
      disk_().run([this, store = store_, told = std::move(told), alive = std::weak_ptr<bool>(alive_)] {
        for (const CrashRecord& record : told) static_cast<void>(store->note_crash(record));
        auto known = std::make_shared<Result<std::vector<CrashRecord>>>(store->crashes());
        loop_.post([this, known, alive] {
          if (alive.expired()) return;
          --unwritten_;
          if (*known) core_.merge(**known);
        });
      });
  if (taken) ++unwritten_;
}

std::optional<Error> Quarantine::known_refusal(const CallRequest& call) const {
  const std::string& file = call.plugin->found.sha256;
  if (!core_.knows(file)) return std::nullopt;
  return core_.refusal(call.plugin->id(), file, owner_name(call.owner), wanted_by(call), loop_.wall_ms());
}

void Quarantine::look_at_others() {
  constexpr Millis kLookAfter{1000};
  if (store_ == nullptr || unwritten_ > 0 || !core_.enabled() || loop_.now() < look_at_) return;
  look_at_ = loop_.now() + kLookAfter;
  disk_().run([this, store = store_, alive = std::weak_ptr<bool>(alive_)] {
    auto known = std::make_shared<Result<std::vector<CrashRecord>>>(store->crashes());
    loop_.post([this, known, alive] {
      if (!alive.expired() && *known && unwritten_ == 0) core_.learn(**known);
    });
  });
}

std::optional<Error> Quarantine::refusal(const CallRequest& call) {
  look_at_others();
  auto refused = known_refusal(call);
  if (!refused || store_ == nullptr || unwritten_ > 0) return refused;
  if (auto known = store_->crashes()) core_.learn(*known);
  return known_refusal(call);
}

std::optional<Error> Quarantine::file_refusal(const PluginEntry& plugin) const {
  return core_.file_refusal(plugin.id(), plugin.found.sha256);
}

}  // namespace toolpost
