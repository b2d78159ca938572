#include "base/time.hpp"

#include "base/random.hpp"
#include "catch.hpp"

using namespace toolpost;
using namespace std::chrono_literals;

TEST_CASE("deadline: a child ends before its parent, by the reserve, or at its own ceiling", "[base]") {
  ManualTime time;
  const Deadline parent(time.now() + 10s);
  CHECK(parent.child(time.now(), 30s, 500ms).remaining(time.now()) == 9500ms);
  CHECK(parent.child(time.now(), 2s, 500ms).remaining(time.now()) == 2s);
}

TEST_CASE("deadline: at the moment itself it is expired, and less than nothing stays expired", "[base]") {
  ManualTime time;
  const Deadline deadline(time.now() + 1s);
  CHECK_FALSE(deadline.expired(time.now()));
  time.advance(1s);
  CHECK(deadline.expired(time.now()));
  CHECK(deadline.child(time.now(), 5s, 500ms).expired(time.now()));
}

TEST_CASE("random: a seed repeats its sequence, the system does not", "[base]") {
  SeededRandom a(7);
  SeededRandom b(7);
  CHECK(a.id() == b.id());
  CHECK(a.id().size() == 32);
  SystemRandom system;
  CHECK(system.id() != system.id());
  CHECK(a.below(0) == 0);
}
