#pragma once

#include <functional>
#include <memory>

namespace sluice::postgres {

/// A few threads for calls that block and cannot be interrupted (getaddrinfo, PQcancel). Threads
/// start when first needed. Thread-safe. A task owns all it touches: the destructor drops tasks
/// that have not begun and waits a tenth of a second for the others (in the background, where
/// nothing but computing is to be done, five seconds); a thread that is stuck in a silent host even
/// then is left behind, and ends when its call does.
class TaskThreads {
 public:
  /// Whether their tasks leave most of the processor time to threads that want it, too.
  enum class Urgency { kEqual, kBackground };

  /// `name`: what each is called in `top -H`; at most 15 bytes.
  TaskThreads(const char* name, int threads, Urgency urgency = Urgency::kEqual);
  ~TaskThreads();
  TaskThreads(const TaskThreads&) = delete;
  TaskThreads& operator=(const TaskThreads&) = delete;

  /// Queues the task until a thread is free.
  void run(std::function<void()> task);
  /// Runs the task if a thread is free for it now. False: none is.
  [[nodiscard]] bool try_run(std::function<void()> task);

 private:
  struct Thread;
  struct Shared;
  static void work(const std::shared_ptr<Shared>& shared, Thread& self);
  void start_thread_if_needed();

  const std::shared_ptr<Shared> shared_;
};

}  // namespace sluice::postgres
