#include "worker/worker_quota.hpp"

#include "base/event_loop.hpp"
#include "catch.hpp"

using namespace toolpost;

namespace {

/// A pool with so many idle and busy workers; starts one when it is hungry and there is room.
struct Pool final : QuotaMember {
  Pool(WorkerQuota& with, std::uint32_t most) : quota(with), total_max(most) { quota.join(*this); }
  ~Pool() override { quota.leave(*this); }

  bool starved() const override { return wants > 0; }
  bool give_up_worker(GiveUp how) override {
    if (idle > 0) {
      --idle;
      --quota.live;
      return true;
    }
    if (how == GiveUp::idle || busy == 0 || (how == GiveUp::one_of_several && busy < 2)) return false;
    asked_of_busy = how;
    return true;
  }
  void try_again() override {
    if (wants == 0 || quota.live >= total_max) return;
    --wants;
    ++busy;
    ++quota.live;
  }

  WorkerQuota& quota;
  const std::uint32_t total_max;
  int wants = 0;
  int idle = 0;
  int busy = 0;
  GiveUp asked_of_busy = GiveUp::idle;
};

void run_rounds(EventLoop& loop) {
  loop.after(std::chrono::milliseconds(1), [&loop] { loop.stop(); });
  loop.run();
}

}  // namespace

TEST_CASE("quota: a starving pool gets the place of another's idle worker", "[worker][quota]") {
  EventLoop loop;
  WorkerQuota quota(loop);
  Pool rich(quota, 1);
  Pool poor(quota, 1);
  rich.idle = 1;
  quota.live = 1;
  poor.wants = 1;
  quota.note(poor);
  run_rounds(loop);
  CHECK(rich.idle == 0);
  quota.note(rich);  // its worker has ended
  run_rounds(loop);
  CHECK(poor.busy == 1);
  CHECK(poor.wants == 0);
}

TEST_CASE("quota: without idle workers a pool with several gives one up first, then any", "[worker][quota]") {
  EventLoop loop;
  WorkerQuota quota(loop);
  Pool one(quota, 3);
  Pool several(quota, 3);
  Pool poor(quota, 3);
  one.busy = 1;
  several.busy = 2;
  quota.live = 3;
  poor.wants = 1;
  quota.note(poor);
  run_rounds(loop);
  CHECK(several.asked_of_busy == GiveUp::one_of_several);
  CHECK(one.asked_of_busy == GiveUp::idle);
  several.busy = 0;
  quota.note(poor);
  run_rounds(loop);
  CHECK(one.asked_of_busy == GiveUp::any);
}

TEST_CASE("quota: nothing happens while no pool starves", "[worker][quota]") {
  EventLoop loop;
  WorkerQuota quota(loop);
  Pool rich(quota, 1);
  rich.idle = 1;
  quota.live = 1;
  quota.note(rich);
  run_rounds(loop);
  CHECK(rich.idle == 1);
}
