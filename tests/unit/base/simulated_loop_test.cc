#include "support/simulated_loop.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace sluice::testing {
namespace {

using std::chrono::milliseconds;

TEST(SimulatedLoop, FiresEachTimerAtItsOwnMoment) {
  SimulatedLoop loop;
  const auto start = loop.now();
  std::vector<base::Duration> seen;
  base::Timer late(loop.timers(), [&] { seen.push_back(loop.now() - start); });
  base::Timer early(loop.timers(), [&] {
    seen.push_back(loop.now() - start);
    late.arm(loop.now() + milliseconds(5));
  });
  early.arm(start + milliseconds(10));
  loop.advance(milliseconds(14));
  EXPECT_EQ(seen, std::vector<base::Duration>({milliseconds(10)}));
  loop.advance(milliseconds(1));
  EXPECT_EQ(seen, std::vector<base::Duration>({milliseconds(10), milliseconds(15)}));
  EXPECT_EQ(loop.now(), start + milliseconds(15));
}

TEST(SimulatedLoop, RunsPostedTasksBeforeAndAfterEachTimer) {
  SimulatedLoop loop;
  std::string order;
  base::Timer timer(loop.timers(), [&] {
    order += 't';
    loop.post([&] { order += 'b'; });
  });
  timer.arm(loop.now() + milliseconds(1));
  loop.post([&] { order += 'a'; });
  EXPECT_EQ(order, "");
  loop.advance(milliseconds(1));
  EXPECT_EQ(order, "atb");
}

class Recorder final : public base::FdWatcher {
 public:
  void on_ready(bool readable, bool writable) override {
    seen += readable ? 'r' : '-';
    seen += writable ? 'w' : '-';
  }
  std::string seen;
};

TEST(SimulatedLoop, TellsAWatcherOnlyWhatItWaitsFor) {
  SimulatedLoop loop;
  Recorder recorder;
  EXPECT_FALSE(loop.make_ready(7, true, true));
  loop.watch(7, base::Interest::kRead, recorder);
  EXPECT_TRUE(loop.make_ready(7, true, true));
  EXPECT_FALSE(loop.make_ready(7, false, true));
  loop.rewatch(7, base::Interest::kWrite);
  EXPECT_TRUE(loop.make_ready(7, true, true));
  loop.unwatch(7);
  EXPECT_FALSE(loop.make_ready(7, true, true));
  EXPECT_EQ(recorder.seen, "r--w");
}

}  // namespace
}  // namespace sluice::testing
