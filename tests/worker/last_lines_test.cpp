#include "worker/last_lines.hpp"

#include "catch.hpp"

using namespace toolpost;

TEST_CASE("last lines: twenty are kept, each as far as 500 bytes", "[worker]") {
  LastLines lines;
  for (std::size_t i = 1; i <= LastLines::kLinesMax; ++i) lines.note("line " + std::to_string(i));
  CHECK(lines.lines().size() == LastLines::kLinesMax);
  CHECK(lines.lines().front() == "line 1");
  lines.note(std::string(LastLines::kLineBytesMax, 'x') + "y");
  CHECK(lines.lines().size() == LastLines::kLinesMax);
  CHECK(lines.lines().front() == "line 2");
  CHECK(lines.lines().back() == std::string(LastLines::kLineBytesMax, 'x'));
}
