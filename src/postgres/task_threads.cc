#include "postgres/task_threads.h"

#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <list>
#include <mutex>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

namespace sluice::postgres {
namespace {

/// A cancel that its server takes is sent by then. libpq tells nobody the key that a request of our
/// own would need, so that a call that is stuck in a silent host cannot be ended.
constexpr std::chrono::milliseconds kPatience{100};
/// What is computed in the background comes to its end, and OpenSSL must not be gone before: it
/// frees what it keeps for a thread when that ends, and all of it when the process ends; if both
/// come at once, twice.
constexpr std::chrono::milliseconds kPatienceInBackground{5'000};

/// A tenth of the processor time of a thread that wants as much and has the usual 0; sched(7).
constexpr int kNiceOfBackground = 10;

/// Linux keeps it for each thread; setpriority(2), "C library/kernel differences". A thread that
/// may not is as urgent as all.
void step_back() {
  (void)::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), kNiceOfBackground);
}

}  // namespace

struct TaskThreads::Thread {
  std::thread handle;
  bool ended = false;  // but for what libraries do when a thread ends
};

struct TaskThreads::Shared {
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<std::function<void()>> waiting;
  std::string name;
  Urgency urgency = Urgency::kEqual;
  int limit = 1;
  int running = 0;  // tasks
  bool stopping = false;
  std::list<Thread> threads;
};

TaskThreads::TaskThreads(const char* name, int threads, Urgency urgency)
    : shared_(std::make_shared<Shared>()) {
  shared_->name = name;
  shared_->urgency = urgency;
  shared_->limit = std::max(threads, 1);
}

TaskThreads::~TaskThreads() {
  std::deque<std::function<void()>> dropped;
  std::unique_lock lock(shared_->mutex);
  shared_->stopping = true;
  dropped.swap(shared_->waiting);
  shared_->changed.notify_all();
  const bool background = shared_->urgency == Urgency::kBackground;
  shared_->changed.wait_for(lock, background ? kPatienceInBackground : kPatience, [this] {
    return std::ranges::all_of(shared_->threads, &Thread::ended);
  });
  for (Thread& thread : shared_->threads) {
    thread.ended ? thread.handle.join() : thread.handle.detach();
  }
}

void TaskThreads::run(std::function<void()> task) {
  std::lock_guard lock(shared_->mutex);
  shared_->waiting.push_back(std::move(task));
  start_thread_if_needed();
}

bool TaskThreads::try_run(std::function<void()> task) {
  std::lock_guard lock(shared_->mutex);
  if (shared_->running + static_cast<int>(shared_->waiting.size()) >= shared_->limit) return false;
  shared_->waiting.push_back(std::move(task));
  start_thread_if_needed();
  if (!shared_->threads.empty()) return true;
  shared_->waiting.pop_back();
  return false;
}

/// With the lock held.
void TaskThreads::start_thread_if_needed() {
  shared_->changed.notify_one();
  const int tasks = shared_->running + static_cast<int>(shared_->waiting.size());
  if (std::ssize(shared_->threads) >= std::min(tasks, shared_->limit)) return;
  std::list<Thread> started(1);
  Thread& thread = started.front();
  try {
    thread.handle = std::thread([shared = shared_, &thread] { work(shared, thread); });
  } catch (const std::system_error&) {
    return;  // the system has none to spare: those that run, or the next attempt, must do
  }
  shared_->threads.splice(shared_->threads.end(), started);
}

void TaskThreads::work(const std::shared_ptr<Shared>& shared, Thread& self) {
  ::pthread_setname_np(::pthread_self(), shared->name.c_str());
  if (shared->urgency == Urgency::kBackground) step_back();
  std::unique_lock lock(shared->mutex);
  while (!shared->stopping) {
    if (shared->waiting.empty()) {
      shared->changed.wait(lock, [&] { return shared->stopping || !shared->waiting.empty(); });
      continue;
    }
    auto task = std::move(shared->waiting.front());
    shared->waiting.pop_front();
    ++shared->running;
    lock.unlock();
    task();
    task = nullptr;
    lock.lock();
    --shared->running;
  }
  self.ended = true;
  shared->changed.notify_all();
}

}  // namespace sluice::postgres
