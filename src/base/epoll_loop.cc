#include "base/epoll_loop.h"

#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <cerrno>
#include <system_error>
#include <utility>

namespace sluice::base {
namespace {

int checked(int fd, const char* what) {
  if (fd < 0) throw std::system_error(errno, std::generic_category(), what);
  return fd;
}

std::uint32_t epoll_bits(Interest interest) {
  switch (interest) {
    case Interest::kRead:
      return EPOLLIN | EPOLLRDHUP;
    case Interest::kWrite:
      return EPOLLOUT;
    case Interest::kReadWrite:
      return EPOLLIN | EPOLLRDHUP | EPOLLOUT;
  }
  return 0;
}

/// The loop whose turn this thread is in.
thread_local EpollLoop* in_turn = nullptr;

/// Before so many tasks wait for the end of the turn, their loop could well have begun.
constexpr std::size_t kMostHeldBack = 16;

}  // namespace

EpollLoop::EpollLoop(const void* family)
    : epoll_(checked(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1")),
      timerfd_(checked(::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC), "timerfd")),
      family_(family) {
  for (int fd : {timerfd_, mailbox_.fd()}) {
    epoll_event event{};
    event.events = fd == timerfd_ ? EPOLLIN : EPOLLIN | EPOLLET;
    event.data.u64 = static_cast<std::uint32_t>(fd);  // generation 0: the loop's own
    checked(::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event), "epoll_ctl");
  }
}

EpollLoop::~EpollLoop() {
  discard_posted();  // while the timers that tasks may own still have their queue
  ::close(timerfd_);
  ::close(epoll_);
}

void EpollLoop::adopt_current_thread() { thread_ = std::this_thread::get_id(); }

bool EpollLoop::is_current() const { return thread_.load() == std::this_thread::get_id(); }

void EpollLoop::run() {
  adopt_current_thread();
  begin_turn();
  end_turn();
  while (!stopping_) turn(-1);
}

void EpollLoop::stop() {
  stopping_ = true;
  post([] {});
}

void EpollLoop::post(Task task) {
  const bool near = in_turn && in_turn != this && family_ && in_turn->family_ == family_;
  if (near) return in_turn->hand_over(*this, std::move(task));
  mailbox_.post(std::move(task));
}

void EpollLoop::hand_over(EpollLoop& to, Task task) {
  auto found = std::find_if(outgoing_.begin(), outgoing_.end(),
                            [&to](const Outgoing& outgoing) { return outgoing.to == &to; });
  if (found == outgoing_.end()) found = outgoing_.insert(found, {&to, {}});
  found->tasks.push_back(std::move(task));
  if (found->tasks.size() >= kMostHeldBack) to.mailbox_.post_all(found->tasks);
}

void EpollLoop::begin_turn() {
  in_turn = this;
  mailbox_.wake_up();
  refresh_now();
}

void EpollLoop::end_turn() {
  if (mailbox_.collect()) {
    refresh_now();  // what was posted in the course of this turn must not begin before it was
    mailbox_.run();
  }
  timers_.fire_due(now_);
  for (Outgoing& outgoing : outgoing_) {
    if (!outgoing.tasks.empty()) outgoing.to->mailbox_.post_all(outgoing.tasks);
  }
  arm_kernel_timer();
  in_turn = nullptr;
  mailbox_.fall_asleep();
}

void EpollLoop::run_ready() { turn(0); }

void EpollLoop::turn(int wait_ms) {
  std::array<epoll_event, 128> events;
  const int ready = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), wait_ms);
  begin_turn();
  for (int i = 0; i < ready; ++i) {
    const auto fd = static_cast<int>(events[i].data.u64 & 0xffffffff);
    const auto generation = static_cast<std::uint32_t>(events[i].data.u64 >> 32);
    if (generation != 0) {
      dispatch(fd, generation, events[i].events);
    } else if (fd == timerfd_) {
      std::uint64_t expirations = 0;
      [[maybe_unused]] const auto got = ::read(timerfd_, &expirations, sizeof expirations);
      kernel_timer_at_ = TimePoint::max();
    }
  }
  end_turn();
}

void EpollLoop::dispatch(int fd, std::uint32_t generation, std::uint32_t events) {
  const Watched& watched = watched_[static_cast<std::size_t>(fd)];
  if (watched.generation != generation) return;  // unwatched earlier in this turn
  const bool broken = (events & (EPOLLERR | EPOLLHUP)) != 0;
  watched.watcher->on_ready(broken || (events & (EPOLLIN | EPOLLRDHUP)) != 0,
                            broken || (events & EPOLLOUT) != 0);
}

void EpollLoop::watch(int fd, Interest interest, FdWatcher& watcher) {
  const auto index = static_cast<std::size_t>(fd);
  if (index >= watched_.size()) watched_.resize(index + 1);
  watched_[index] = {&watcher, next_generation_++};
  if (next_generation_ == 0) next_generation_ = 1;
  control(EPOLL_CTL_ADD, fd, interest);
}

void EpollLoop::rewatch(int fd, Interest interest) { control(EPOLL_CTL_MOD, fd, interest); }

void EpollLoop::unwatch(int fd) {
  watched_[static_cast<std::size_t>(fd)] = {};
  // Fails only when the descriptor is already closed, and then there is nothing to remove.
  ::epoll_ctl(epoll_, EPOLL_CTL_DEL, fd, nullptr);
}

void EpollLoop::control(int operation, int fd, Interest interest) {
  epoll_event event{};
  event.events = epoll_bits(interest);
  const auto generation = watched_[static_cast<std::size_t>(fd)].generation;
  event.data.u64 = static_cast<std::uint64_t>(generation) << 32 | static_cast<std::uint32_t>(fd);
  checked(::epoll_ctl(epoll_, operation, fd, &event), "epoll_ctl");
}

void EpollLoop::arm_kernel_timer() {
  const auto next = timers_.next();
  // Armed too early is harmless (one empty turn) and saves a system call per disarmed timer.
  if (!next || *next >= kernel_timer_at_) return;
  const auto since_epoch = std::chrono::nanoseconds(next->time_since_epoch()).count();
  const auto at = std::max<std::int64_t>(since_epoch, 1);  // zero would disarm
  itimerspec when{};
  when.it_value.tv_sec = at / 1'000'000'000;
  when.it_value.tv_nsec = at % 1'000'000'000;
  checked(::timerfd_settime(timerfd_, TFD_TIMER_ABSTIME, &when, nullptr), "timerfd_settime");
  kernel_timer_at_ = *next;
}

}  // namespace sluice::base
