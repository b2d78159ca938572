// The part of Runtime that opens the store, and every hour lets go of what is past its time.
#include "runtime/runtime.hpp"
#include "store/sqlite_store.hpp"

namespace toolpost {
namespace {

constexpr Millis kExpiryInterval{3'600'000};

}  // namespace

Result<void> Runtime::open_store() {
  SqliteOptions options;
  options.file_bytes_max = settings_.store.file_bytes_max;
  auto store = SqliteStore::open(places_.state_dir + "/toolpost.db", settings_.store, options);
  if (!store) return store.error();
  store_ = std::move(*store);
  if (auto known = quarantine_.use(*store_, [this]() -> BlockingLane& { return lane(store_lane_); }); !known)
    return known.error();
  find_interrupted();
  remove_expired();
  return {};
}

void Runtime::remove_expired() {
  std::vector<std::string> copies;
  for (const auto& plugin : plugins_->plugins()) copies.push_back(plugin->found.file);
  lane(store_lane_).run([this, now = loop_.wall_ms(), copies = std::move(copies)] {
    keep_copies(copies);
    // What cannot be removed now is removed an hour later; a thread past its time is not readable meanwhile.
    [[maybe_unused]] const Result<void> removed = store_->remove_expired(now);
  });
  expiry_timer_ = loop_.after(kExpiryInterval, [this] { remove_expired(); });
}

}  // namespace toolpost
