#include "runtime/request_state.hpp"

#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "catch.hpp"

using namespace toolpost;

namespace {

struct StateFolder {
  std::filesystem::path path =
      std::filesystem::temp_directory_path() / ("toolpost-state-" + SystemRandom().id());
  StateFolder() { std::filesystem::create_directory(path); }
  ~StateFolder() { std::filesystem::remove_all(path); }
  RequestStateSeal open() const {
    SystemRandom random;
    auto seal = RequestStateSeal::open(path, random);
    REQUIRE(seal);
    return *seal;
  }
};

const RequestBinding kBinding{"local:1", "digest"};

}  // namespace

TEST_CASE("request state: names its journal until its time, to whom it was given", "[runtime][ask]") {
  const StateFolder folder;
  const RequestStateSeal seal = folder.open();
  const std::string state = seal.seal("0123abcd", kBinding, 1'000);
  CHECK(seal.unseal(state, kBinding, 1'000)->journal == "0123abcd");
  CHECK(seal.unseal(state, kBinding, 1'000)->expires_ms == 1'000);
  CHECK(seal.unseal(state, kBinding, 1'001).error().message.find("too old") != std::string::npos);
  CHECK_FALSE(seal.unseal(state, {"local:2", "digest"}, 0));
  CHECK_FALSE(seal.unseal(state, {"local:1", "other"}, 0));
}

TEST_CASE("request state: no changed byte passes", "[runtime][ask]") {
  const StateFolder folder;
  const RequestStateSeal seal = folder.open();
  const std::string state = seal.seal("0123abcd", kBinding, 1'000);
  for (std::size_t i = 0; i < state.size(); ++i) {
    std::string changed = state;
    changed[i] = changed[i] == '7' ? '8' : '7';
    CHECK_FALSE(seal.unseal(changed, kBinding, 0));
    CHECK_FALSE(seal.unseal(state.substr(0, i), kBinding, 0));
  }
  CHECK_FALSE(seal.unseal(state + "0", kBinding, 0));
}

TEST_CASE("request state: hosts of one folder share a key that others cannot read", "[runtime][ask]") {
  const StateFolder folder;
  const std::string state = folder.open().seal("j", kBinding, 1'000);
  CHECK(folder.open().unseal(state, kBinding, 0)->journal == "j");
  const StateFolder other;
  CHECK_FALSE(other.open().unseal(state, kBinding, 0));
  struct stat status{};
  REQUIRE(stat((folder.path / "request_state.key").c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
}

TEST_CASE("request state: a damaged key is named, not replaced", "[runtime][ask]") {
  const StateFolder folder;
  std::ofstream(folder.path / "request_state.key") << "short";
  SystemRandom random;
  const auto seal = RequestStateSeal::open(folder.path, random);
  REQUIRE_FALSE(seal);
  CHECK(seal.error().message.find("request_state.key is damaged") != std::string::npos);
}
