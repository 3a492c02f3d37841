#pragma once

#include <memory>
#include <mutex>

#include "base/event_loop.h"

namespace sluice::postgres {

/// The way back from another thread to somebody on a loop who may be gone by then. The owner holds
/// a ReturnTicket and gives `Stub`s away; once the ticket is destroyed, stubs deliver nothing.
class ReturnTicket {
  struct Shared {
    std::mutex mutex;
    base::EventLoop* loop;  // null: revoked
  };

 public:
  class Stub {
   public:
    /// From any thread: runs the task on the loop's thread, unless the ticket is gone by then.
    void deliver(base::Task task) const {
      std::lock_guard lock(shared_->mutex);
      if (!shared_->loop) return;
      shared_->loop->post([shared = shared_, task = std::move(task)] {
        // Only the loop's own thread revokes, and this runs on it.
        if (shared->loop) task();
      });
    }

   private:
    friend class ReturnTicket;
    explicit Stub(std::shared_ptr<Shared> shared) : shared_(std::move(shared)) {}
    std::shared_ptr<Shared> shared_;
  };

  explicit ReturnTicket(base::EventLoop& loop) : shared_(std::make_shared<Shared>()) {
    shared_->loop = &loop;
  }
  ~ReturnTicket() {
    std::lock_guard lock(shared_->mutex);
    shared_->loop = nullptr;
  }
  ReturnTicket(const ReturnTicket&) = delete;
  ReturnTicket& operator=(const ReturnTicket&) = delete;

  [[nodiscard]] Stub stub() const { return Stub(shared_); }

 private:
  std::shared_ptr<Shared> shared_;
};

}  // namespace sluice::postgres
