#include "base/blocking_lane.hpp"

#include <future>
#include <vector>

#include "catch.hpp"

using namespace toolpost;

TEST_CASE("blocking lane: tasks run in order, as many wait as may, and one more is refused", "[base]") {
  std::vector<int> ran;
  std::promise<void> began;
  std::promise<void> go;
  {
    BlockingLane lane(2, "store.queue_size_max");
    REQUIRE(lane.run([&] {
      began.set_value();
      go.get_future().wait();
    }));
    began.get_future().wait();
    CHECK(lane.run([&] { ran.push_back(1); }));
    CHECK(lane.run([&] { ran.push_back(2); }));
    CHECK_FALSE(lane.run([&] { ran.push_back(3); }));
    CHECK(lane.full() ==
          "as many tasks wait for the disk already as store.queue_size_max = 2 lets wait; try again later");
    go.set_value();
  }
  CHECK(ran == std::vector<int>{1, 2});  // the queue was ended before the lane
}

TEST_CASE("blocking lane: a bound without a setting names none", "[base]") {
  CHECK(BlockingLane(7).full() == "7 tasks wait for the disk already, the most that may; try again later");
}
