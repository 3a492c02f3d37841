// The real loop: real descriptors, threads and time. Nothing here sleeps; waits end with an event.
#include "base/epoll_loop.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace sluice::base {
namespace {

using std::chrono::milliseconds;

class Sockets {
 public:
  Sockets() { EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends_.data()), 0); }
  ~Sockets() {
    close_near();
    close_far();
  }
  int near() const { return ends_[0]; }
  int far() const { return ends_[1]; }
  void close_near() { close_end(0); }
  void close_far() { close_end(1); }
  void send_from_far() const { EXPECT_EQ(::write(far(), "x", 1), 1); }

 private:
  void close_end(std::size_t end) {
    if (ends_[end] >= 0) ::close(ends_[end]);
    ends_[end] = -1;
  }
  std::array<int, 2> ends_{};
};

class Watcher final : public FdWatcher {
 public:
  explicit Watcher(std::function<void(bool, bool)> react = [](bool, bool) {})
      : react_(std::move(react)) {}
  void on_ready(bool readable, bool writable) override {
    ++calls;
    was_readable = readable;
    was_writable = writable;
    react_(readable, writable);
  }
  int calls = 0;
  bool was_readable = false;
  bool was_writable = false;

 private:
  std::function<void(bool, bool)> react_;
};

bool readable(int fd, int wait_ms) {
  pollfd waiting{fd, POLLIN, 0};
  return ::poll(&waiting, 1, wait_ms) == 1;
}

TEST(EpollLoop, TellsOfReadableAndWritableSockets) {
  EpollLoop loop;
  Sockets sockets;
  Watcher watcher;
  loop.watch(sockets.near(), Interest::kRead, watcher);
  loop.run_ready();
  EXPECT_EQ(watcher.calls, 0);
  sockets.send_from_far();
  loop.run_ready();
  EXPECT_EQ(watcher.calls, 1);
  EXPECT_TRUE(watcher.was_readable);
  EXPECT_FALSE(watcher.was_writable);
  loop.run_ready();
  EXPECT_EQ(watcher.calls, 2) << "level-triggered: it is still unread";
  loop.rewatch(sockets.near(), Interest::kWrite);
  loop.run_ready();
  EXPECT_FALSE(watcher.was_readable);
  EXPECT_TRUE(watcher.was_writable);
  loop.unwatch(sockets.near());
}

TEST(EpollLoop, TellsOfAHangUpAsReadableAndWritable) {
  EpollLoop loop;
  Sockets sockets;
  Watcher watcher;
  loop.watch(sockets.near(), Interest::kRead, watcher);
  sockets.close_far();
  loop.run_ready();
  EXPECT_TRUE(watcher.was_readable);
  EXPECT_TRUE(watcher.was_writable);
  loop.unwatch(sockets.near());
}

TEST(EpollLoop, ForgetsAnEventThatWasCollectedBeforeUnwatch) {
  EpollLoop loop;
  Sockets a;
  Sockets b;
  // Whichever is told first unwatches both; the other's event is already collected.
  int told = 0;
  const auto unwatch_both = [&](bool, bool) {
    ++told;
    loop.unwatch(a.near());
    loop.unwatch(b.near());
  };
  Watcher watch_a(unwatch_both);
  Watcher watch_b(unwatch_both);
  loop.watch(a.near(), Interest::kRead, watch_a);
  loop.watch(b.near(), Interest::kRead, watch_b);
  a.send_from_far();
  b.send_from_far();
  loop.run_ready();
  EXPECT_EQ(told, 1);
}

TEST(EpollLoop, DoesNotMistakeANewSocketForTheOldOneWithItsNumber) {
  EpollLoop loop;
  Sockets a;
  Sockets b;
  Watcher successor;
  std::unique_ptr<Sockets> fresh;
  // Whichever is told first closes the other and opens a new socket that gets the same number.
  bool done = false;
  const auto replace = [&](Sockets& other) {
    if (std::exchange(done, true)) return;
    const int number = other.near();
    loop.unwatch(number);
    other.close_near();
    fresh = std::make_unique<Sockets>();
    ASSERT_EQ(fresh->near(), number) << "the kernel gives the lowest free number";
    loop.watch(number, Interest::kRead, successor);
  };
  Watcher watch_a([&](bool, bool) { replace(b); });
  Watcher watch_b([&](bool, bool) { replace(a); });
  loop.watch(a.near(), Interest::kRead, watch_a);
  loop.watch(b.near(), Interest::kRead, watch_b);
  a.send_from_far();
  b.send_from_far();
  loop.run_ready();
  ASSERT_TRUE(done);
  EXPECT_EQ(watch_a.calls + watch_b.calls, 1);
  EXPECT_EQ(successor.calls, 0) << "nobody wrote to the new socket";
  fresh->send_from_far();
  loop.run_ready();
  EXPECT_EQ(successor.calls, 1);
}

TEST(EpollLoop, MayUnwatchADescriptorThatIsClosedAlready) {
  EpollLoop loop;
  Sockets sockets;
  Watcher watcher;
  const int number = sockets.near();
  loop.watch(number, Interest::kRead, watcher);
  sockets.close_near();
  loop.unwatch(number);
  sockets.close_far();
  loop.run_ready();
  EXPECT_EQ(watcher.calls, 0);
}

TEST(EpollLoop, RunsTasksPostedByManyThreadsInEachThreadsOrder) {
  EpollLoop loop;
  constexpr int kThreads = 4;
  constexpr int kTasks = 5'000;
  std::array<int, kThreads> next{};
  int ran = 0;
  bool in_order = true;
  bool on_loop = true;
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kTasks; ++i) {
        loop.post([&, t, i] {
          in_order = in_order && next[t]++ == i;
          on_loop = on_loop && loop.is_current();
          if (++ran == kThreads * kTasks) loop.stop();
        });
      }
    });
  }
  EXPECT_FALSE(loop.is_current());
  loop.run();
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(ran, kThreads * kTasks);
  EXPECT_TRUE(in_order);
  EXPECT_TRUE(on_loop);
}

TEST(EpollLoop, NeverRunsATaskFromInsideThePostThatBringsIt) {
  EpollLoop loop;
  loop.adopt_current_thread();
  std::string order;
  loop.post([&] {
    loop.post([&] { order += 'b'; });
    order += 'a';
  });
  EXPECT_EQ(order, "");
  loop.run_ready();
  EXPECT_EQ(order, "a");
  EXPECT_TRUE(readable(loop.fd(), 0)) << "the second task must wake an outer poller";
  loop.run_ready();
  EXPECT_EQ(order, "ab");
}

TEST(EpollLoop, HandsOverWhatATurnPostsWithinItsFamilyAtTheTurnsEnd) {
  const int family = 0;
  EpollLoop here(&family);
  EpollLoop there(&family);
  std::string order;
  here.post([&] {
    there.post([&] { order += 'b'; });
    there.post([&] { order += 'c'; });
    EXPECT_FALSE(readable(there.fd(), 0)) << "it would wake up once for each";
    order += 'a';
  });
  here.run_ready();
  EXPECT_TRUE(readable(there.fd(), 0));
  there.run_ready();
  EXPECT_EQ(order, "abc");
}

TEST(EpollLoop, DoesNotHoldBackMoreThanTheOtherCouldBeginWith) {
  const int family = 0;
  EpollLoop here(&family);
  EpollLoop there(&family);
  constexpr int kTasks = 40;
  int ran = 0;
  here.post([&] {
    for (int i = 0; i < kTasks; ++i) there.post([&, i] { EXPECT_EQ(ran++, i); });
    EXPECT_TRUE(readable(there.fd(), 0));
  });
  here.run_ready();
  there.run_ready();
  EXPECT_EQ(ran, kTasks);
}

TEST(EpollLoop, PostsAtOnceToALoopOfAnotherFamily) {
  const int family = 0;
  const int other = 0;
  EpollLoop here(&family);
  EpollLoop there(&other);
  EpollLoop single;
  here.post([&] {
    there.post([] {});
    single.post([] {});
    EXPECT_TRUE(readable(there.fd(), 0));
    EXPECT_TRUE(readable(single.fd(), 0));
  });
  here.run_ready();
}

TEST(EpollLoop, IsNotWokenForMailWhileItIsAwake) {
  EpollLoop loop;
  int ran = 0;
  loop.begin_turn();
  std::thread([&] { loop.post([&] { ++ran; }); }).join();
  EXPECT_FALSE(readable(loop.fd(), 0));
  loop.end_turn();
  EXPECT_EQ(ran, 1);
  std::thread([&] { loop.post([&] { ++ran; }); }).join();
  EXPECT_TRUE(readable(loop.fd(), 0));
}

TEST(EpollLoop, LosesNoMailBetweenTwoBusyLoops) {
  const int family = 0;
  EpollLoop a(&family);
  EpollLoop b(&family);
  constexpr int kRounds = 20'000;
  int rounds = 0;
  std::function<void()> to_a;
  const std::function<void()> to_b = [&] { b.post([&] { to_a(); }); };
  to_a = [&] {
    a.post([&] {
      if (++rounds < kRounds) return to_b();
      b.stop();
      a.stop();
    });
  };
  std::thread thread([&] { b.run(); });
  a.post(to_b);
  a.run();
  thread.join();
  EXPECT_EQ(rounds, kRounds);
}

TEST(EpollLoop, DestroysTasksThatNeverRan) {
  const auto witness = std::make_shared<int>(1);
  {
    EpollLoop loop;
    loop.post([witness] {});
    EXPECT_EQ(witness.use_count(), 2);
  }
  EXPECT_EQ(witness.use_count(), 1);
}

TEST(EpollLoop, WakesAnOuterPollerForATimer) {
  EpollLoop loop;
  bool fired = false;
  Timer timer(loop.timers(), [&] { fired = true; });
  loop.begin_turn();
  timer.arm(loop.now() + milliseconds(20));
  loop.end_turn();
  EXPECT_FALSE(readable(loop.fd(), 0));
  ASSERT_TRUE(readable(loop.fd(), 10'000));
  loop.run_ready();
  EXPECT_TRUE(fired);
  EXPECT_GE(loop.now(), timer.at());
}

TEST(EpollLoop, FiresTimersInOrderAndNeverEarly) {
  EpollLoop loop;
  loop.refresh_now();
  std::vector<int> fired;
  bool early = false;
  std::vector<std::unique_ptr<Timer>> timers;
  for (const int ms : {30, 10, 20, 5, 25}) {
    const TimePoint at = loop.now() + milliseconds(ms);
    timers.push_back(std::make_unique<Timer>(loop.timers(), [&, ms, at] {
      early = early || loop.now() < at || std::chrono::steady_clock::now() < at;
      fired.push_back(ms);
      if (fired.size() == 5) loop.stop();
    }));
    timers.back()->arm(at);
  }
  loop.run();
  EXPECT_EQ(fired, std::vector<int>({5, 10, 20, 25, 30}));
  EXPECT_FALSE(early);
}

TEST(EpollLoop, FiresAnEarlierTimerThatIsArmedLater) {
  EpollLoop loop;
  bool too_late = false;
  Timer watchdog(loop.timers(), [&] {
    too_late = true;
    loop.stop();
  });
  bool fired = false;
  Timer soon(loop.timers(), [&] {
    fired = true;
    loop.stop();
  });
  loop.refresh_now();
  watchdog.arm(loop.now() + std::chrono::seconds(10));
  loop.run_ready();
  soon.arm(loop.now() + milliseconds(5));
  loop.run();
  EXPECT_TRUE(fired);
  EXPECT_FALSE(too_late);
}

TEST(EpollLoop, StopFromAnotherThreadEndsAWaitWithoutAnEnd) {
  EpollLoop loop;
  std::thread stopper([&] { loop.stop(); });
  loop.run();
  stopper.join();
  SUCCEED() << "it returned";
}

}  // namespace
}  // namespace sluice::base
