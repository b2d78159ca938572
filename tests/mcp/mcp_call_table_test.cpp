#include "mcp/mcp_call_table.hpp"

#include <set>

#include "catch.hpp"

using namespace toolpost;

TEST_CASE("mcp call table: takes its maximum and no more, and has room again after a close", "[mcp]") {
  McpCallTable table;
  std::vector<std::uint64_t> numbers;
  for (std::size_t i = 0; i < McpCallTable::kCallsMax; ++i) {
    McpOpenCall* call = table.open(std::to_string(i));
    REQUIRE(call != nullptr);
    numbers.push_back(call->number);
  }
  CHECK(std::set<std::uint64_t>(numbers.begin(), numbers.end()).size() == McpCallTable::kCallsMax);
  CHECK(table.open("over") == nullptr);
  CHECK(table.find_id("99999") == table.find(numbers.back()));
  table.close(*table.find(numbers[500]));
  CHECK(table.find(numbers[500]) == nullptr);
  CHECK(table.find_id("500") == nullptr);
  McpOpenCall* next = table.open("over");
  REQUIRE(next != nullptr);
  CHECK(next->number != numbers[500]);
  CHECK(table.find(numbers[500]) == nullptr);
  CHECK(table.size() == McpCallTable::kCallsMax);
}

TEST_CASE("mcp call table: foreign numbers find nothing", "[mcp]") {
  McpCallTable table;
  CHECK(table.find(0) == nullptr);
  const std::uint64_t number = table.open("1")->number;
  CHECK(number != 0);
  for (const std::uint64_t other : {std::uint64_t{0}, number + 1, number + (1 << 17), ~std::uint64_t{0}}) {
    CHECK(table.find(other) == nullptr);
  }
}
