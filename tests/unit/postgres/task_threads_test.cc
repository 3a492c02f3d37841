#include "postgres/task_threads.h"

#include <gtest/gtest.h>
#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <future>
#include <thread>
#include <tuple>

namespace sluice::postgres {
namespace {

TEST(TaskThreads, RunEveryTask) {
  std::atomic<int> ran = 0;
  std::promise<void> all;
  TaskThreads threads("test", 3);
  for (int i = 0; i < 1'000; ++i) {
    threads.run([&] {
      if (++ran == 1'000) all.set_value();
    });
  }
  all.get_future().wait();
  EXPECT_EQ(ran, 1'000);
}

TEST(TaskThreads, RefuseWhenNoneIsFree) {
  std::promise<void> go;
  const std::shared_future<void> started = go.get_future().share();
  TaskThreads threads("test", 2);
  EXPECT_TRUE(threads.try_run([started] { started.wait(); }));
  EXPECT_TRUE(threads.try_run([started] { started.wait(); }));
  EXPECT_FALSE(threads.try_run([] {}));
  go.set_value();
  std::promise<void> again;
  while (!threads.try_run([&again] { again.set_value(); })) std::this_thread::yield();
  again.get_future().wait();
}

/// While it lives, the system gives no thread: none has room for such a stack.
class NoThreads {
 public:
  NoThreads() {
    ::pthread_getattr_default_np(&usual_);
    pthread_attr_t enormous = usual_;
    ::pthread_attr_setstacksize(&enormous, std::size_t{1} << 46);
    ::pthread_setattr_default_np(&enormous);
  }
  ~NoThreads() { ::pthread_setattr_default_np(&usual_); }

 private:
  pthread_attr_t usual_;
};

TEST(TaskThreads, WithoutAThreadTheyRefuseOrWaitForOne) {
  std::promise<void> ran;
  TaskThreads threads("test", 2);
  {
    const NoThreads none;
    EXPECT_FALSE(threads.try_run([] { FAIL() << "it was refused"; }));
    threads.run([&ran] { ran.set_value(); });
  }
  EXPECT_TRUE(threads.try_run([] {}));
  ran.get_future().wait();
}

/// Its destructor runs when its thread ends, as that of OpenSSL's things.
struct SlowFarewell {
  SlowFarewell() { ++begun; }
  ~SlowFarewell() {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    ++said;
  }
  static inline std::atomic<int> begun = 0, said = 0;
};

TEST(TaskThreads, NothingOfAThreadIsLeftAtTheEnd) {
  {
    TaskThreads threads("test", 2);
    std::promise<void> begun[2];
    for (auto& one : begun) {
      threads.run([&one] {
        thread_local SlowFarewell farewell;
        std::ignore = &farewell;
        one.set_value();
      });
    }
    for (auto& one : begun) one.get_future().wait();
  }
  EXPECT_GE(SlowFarewell::begun, 1) << "one thread may have run both";
  EXPECT_EQ(SlowFarewell::said, SlowFarewell::begun);
}

/// How long the end takes beside a task that is stuck.
std::chrono::steady_clock::duration time_to_end() {
  auto stuck = std::make_shared<std::promise<void>>();
  auto ended = std::make_shared<std::promise<void>>();
  bool dropped = true;
  const auto begun = std::chrono::steady_clock::now();
  {
    TaskThreads threads("test", 1);
    std::promise<void> running;
    threads.run([stuck, ended, &running] {
      running.set_value();
      stuck->get_future().wait();
      ended->set_value();
    });
    running.get_future().wait();
    threads.run([&dropped] { dropped = false; });
  }
  const auto took = std::chrono::steady_clock::now() - begun;
  EXPECT_TRUE(dropped);
  stuck->set_value();
  ended->get_future().wait();
  return took;
}

TEST(TaskThreads, AStuckTaskDelaysTheEndByATenthOfASecondAtMost) {
  auto quickest = time_to_end();
  for (int i = 0; i < 10 && quickest > std::chrono::milliseconds(500); ++i) {
    quickest = std::min(quickest, time_to_end());  // on a busy machine
  }
  EXPECT_LT(quickest, std::chrono::milliseconds(500));
}

}  // namespace
}  // namespace sluice::postgres
