#include "base/text.hpp"

#include "base/error.hpp"
#include "catch.hpp"

using namespace toolpost;

TEST_CASE("did you mean: the nearest candidate, but never a wild guess", "[base]") {
  const std::vector<std::string> names{"debug", "chat", "version"};
  CHECK(did_you_mean("debgu", names) == "debug");
  CHECK(did_you_mean("cht", names) == "chat");
  CHECK_FALSE(did_you_mean("weather", names));
  // Too far off by letters, but one begins with the other.
  CHECK(did_you_mean("debugging_session", names) == "debug");
  CHECK(did_you_mean("deb", names) == "debug");
  CHECK_FALSE(did_you_mean("de", {"development"}));
  CHECK_FALSE(did_you_mean("anything", {}));
}

TEST_CASE("error names: every code has its own word and comes back from it", "[base]") {
  for (int i = 0; i <= static_cast<int>(Errc::invalid_config); ++i) {
    const auto code = static_cast<Errc>(i);
    CHECK(errc_from_name(name(code)) == code);
  }
  CHECK(errc_from_name("no such word") == Errc::internal);
}

TEST_CASE("hex: two lower-case digits a byte", "[base]") {
  CHECK(to_hex(std::string_view("\x00\xff\x1a", 3)) == "00ff1a");
}
