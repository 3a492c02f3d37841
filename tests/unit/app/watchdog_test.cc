#include "app/watchdog.h"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "base/epoll_loop.h"

namespace sluice::app {
namespace {

using namespace std::chrono_literals;

/// A worker that does its work from `run` on.
class Worker {
 public:
  ~Worker() {
    if (!thread_.joinable()) return;
    loop.stop();
    thread_.join();
  }
  void run() {
    thread_ = std::thread([this] { loop.run(); });
  }

  base::EpollLoop loop;

 private:
  std::thread thread_;
};

bool becomes_true(const std::function<bool()>& condition) {
  const auto end = std::chrono::steady_clock::now() + 20s;
  while (!condition() && std::chrono::steady_clock::now() < end) std::this_thread::sleep_for(1ms);
  return condition();
}

TEST(Watchdog, GivesSignsAsLongAsEveryWorkerWorks) {
  std::atomic<int> signs{0};
  Worker first;
  Worker second;
  first.run();
  second.run();
  const Watchdog watchdog({&first.loop, &second.loop}, 1ms, [&signs] { ++signs; });
  EXPECT_TRUE(becomes_true([&] { return signs >= 3; }));
}

TEST(Watchdog, IsSilentFromTheMomentThatOneHangs) {
  std::atomic<int> signs{0};
  std::atomic<int> turns{0};
  Worker works;
  Worker hangs;
  works.run();
  const Watchdog watchdog({&works.loop, &hangs.loop}, 1ms, [&signs] { ++signs; });
  for (int i = 0; i < 50; ++i) {
    works.loop.post([&turns] { ++turns; });
    std::this_thread::sleep_for(1ms);
  }
  EXPECT_TRUE(becomes_true([&] { return turns == 50; }));
  EXPECT_EQ(signs, 0);
  hangs.run();  // it was only slow
  EXPECT_TRUE(becomes_true([&] { return signs >= 1; }));
}

}  // namespace
}  // namespace sluice::app
