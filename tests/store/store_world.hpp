#pragma once
// A temporary state folder and short ways to store and read in it.

#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>

#include "catch.hpp"
#include "store/sqlite_store.hpp"

namespace toolpost {

constexpr const char* kThread = "0123456789abcdef0123456789abcdef";
constexpr std::int64_t kNow = 1'800'000'000'000;

class StoreWorld {
 public:
  StoreWorld() {
    std::string name = (std::filesystem::temp_directory_path() / "toolpost_store_XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp failed");
    folder = name;
    file = folder + "/toolpost.db";
  }
  ~StoreWorld() {
    std::error_code error;
    std::filesystem::remove_all(folder, error);
  }
  StoreWorld(const StoreWorld&) = delete;
  StoreWorld& operator=(const StoreWorld&) = delete;

  std::unique_ptr<SqliteStore> open(const SqliteOptions& options = {}) const {
    auto store = SqliteStore::open(file, settings, options);
    if (!store) throw std::runtime_error(store.error().message);
    return std::move(*store);
  }

  std::string folder, file;
  StoreSettings settings;
};

inline StoreBatch turn(const std::string& json, const std::string& state = "", std::int64_t now = kNow,
                       const std::string& owner = "ann", const std::string& id = kThread) {
  return {owner, now, {{id, "chat", json, state}}, {}};
}
inline StoreBatch value(const std::string& key, const std::string& json, const std::string& owner = "ann",
                        const std::string& plugin = "notes") {
  return {owner, kNow, {}, {{plugin, key, json}}};
}
/// How many turns of the form {"n":...} the thread holds.
inline std::size_t count_turns(const std::string& thread) {
  std::size_t count = 0;
  for (std::size_t at = thread.find("{\"n\":"); at != std::string::npos; at = thread.find("{\"n\":", at + 1))
    ++count;
  return count;
}
inline bool says(const Error& error, const std::string& part) {
  UNSCOPED_INFO(error.message);
  return error.message.find(part) != std::string::npos;
}

}  // namespace toolpost
