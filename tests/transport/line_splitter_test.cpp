#include "transport/line_splitter.hpp"

#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "catch.hpp"

using namespace toolpost;

namespace {

struct Outcome {
  std::vector<std::string> lines;  // "!" for oversize
  std::size_t unfinished = 0;
  bool operator==(const Outcome&) const = default;
};

void feed(LineSplitter& splitter, std::string_view chunk, Outcome& outcome) {
  const auto room = splitter.space(chunk.size());
  REQUIRE(room.size() >= chunk.size());
  if (!chunk.empty()) std::memcpy(room.data(), chunk.data(), chunk.size());
  splitter.filled(chunk.size());
  std::string_view line;
  for (;;) {
    const auto found = splitter.next(line);
    if (found == LineSplitter::Found::none) break;
    if (found == LineSplitter::Found::oversize) {
      outcome.lines.push_back("!");
      continue;
    }
    // Reading the padding must be allowed (the sanitizer build checks it).
    unsigned sum = 0;
    for (std::size_t i = 0; i < LineSplitter::kPadding; ++i)
      sum += static_cast<unsigned char>(line.data()[line.size() + i]);
    CHECK(sum < 64 * 256);
    outcome.lines.emplace_back(line);
  }
  outcome.unfinished = splitter.unfinished_bytes();
}

Outcome split(std::string_view input, std::size_t line_bytes_max) {
  LineSplitter splitter(line_bytes_max);
  Outcome outcome;
  feed(splitter, input, outcome);
  return outcome;
}

}  // namespace

TEST_CASE("line splitter: LF and CRLF end lines, empty ones are skipped, the last half is told",
          "[transport]") {
  const Outcome outcome = split("one\r\n\n\r\ntwo\n\rthree\r\r\nhalf", 100);
  CHECK(outcome.lines == std::vector<std::string>{"one", "two", "\rthree\r"});
  CHECK(outcome.unfinished == 4);
  CHECK(split("", 100) == Outcome{});
  CHECK(split("\n\r\n\n", 100) == Outcome{});
}

TEST_CASE("line splitter: a line of the maximal length passes, one byte more is skipped and told once",
          "[transport]") {
  CHECK(split("1234\n", 4).lines == std::vector<std::string>{"1234"});
  CHECK(split("1234\r\n", 4).lines == std::vector<std::string>{"1234"});
  CHECK(split("12345\nok\n", 4).lines == std::vector<std::string>{"!", "ok"});
  CHECK(split("12345\r\nok\n", 4).lines == std::vector<std::string>{"!", "ok"});
  CHECK(split("1234\rx\nok\n", 4).lines == std::vector<std::string>{"!", "ok"});
  CHECK(split("1234567890", 4) == Outcome{{"!"}, 0});
}

TEST_CASE("line splitter: an endless line is not kept", "[transport]") {
  LineSplitter splitter(1 << 16);
  Outcome outcome;
  const std::string chunk(1 << 16, 'x');
  for (int i = 0; i < 1000; ++i) {
    feed(splitter, chunk, outcome);
    CHECK(splitter.space(1).size() < (1 << 20));
  }
  feed(splitter, "\nnext\n", outcome);
  CHECK(outcome.lines == std::vector<std::string>{"!", "next"});
}

TEST_CASE("line splitter: every way to cut the input gives the same lines", "[transport]") {
  std::mt19937 random(11);
  const auto below = [&](std::size_t limit) { return random() % limit; };
  for (int round = 0; round < 2000; ++round) {
    std::string input;
    for (std::size_t pieces = below(12); pieces > 0; --pieces) {
      switch (below(5)) {
        case 0:
          input += "\n";
          break;
        case 1:
          input += "\r\n";
          break;
        case 2:
          input += "\r";
          break;
        case 3:
          input += std::string(below(12), 'a');
          break;
        default:
          input += static_cast<char>(below(256));
          break;
      }
    }
    const std::size_t limit = 1 + below(9);
    const Outcome whole = split(input, limit);
    LineSplitter splitter(limit);
    Outcome cut;
    for (std::size_t at = 0; at < input.size();) {
      const std::size_t size = 1 + below(std::min<std::size_t>(5, input.size() - at));
      feed(splitter, std::string_view(input).substr(at, size), cut);
      at += size;
    }
    CAPTURE(input, limit);
    REQUIRE(cut == whole);
  }
}

TEST_CASE("line splitter: large lines in small pieces arrive whole, between small ones", "[transport]") {
  LineSplitter splitter(8 << 20);
  Outcome outcome;
  const std::string large(5 << 20, 'L');
  for (int repeat = 0; repeat < 2; ++repeat) {
    const std::string input = "small\n" + large + "\nsmall\n" + large.substr(0, 3 << 20) + "\n";
    for (std::size_t at = 0; at < input.size(); at += 4093)
      feed(splitter, std::string_view(input).substr(at, 4093), outcome);
  }
  REQUIRE(outcome.lines.size() == 8);
  CHECK(outcome.lines[1] == large);
  CHECK(outcome.lines[5] == large);
  CHECK(outcome.lines[6] == "small");
  CHECK(outcome.lines[7].size() == (3 << 20));
}
