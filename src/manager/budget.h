#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "base/event_loop.h"
#include "base/timer.h"
#include "pool/connection_budget.h"
#include "pool/pool.h"

namespace sluice::manager {

class BudgetMember;

/// How many connections all pools together may have, and shares them: what one gives back goes to
/// those that wait, in turn, one each. While any waits, others are asked for theirs: first what has
/// lain idle for longest, then a connection of whoever has most. Pools that want connections only
/// to be ready ask nobody. Thread-safe; its lock is taken when connections are opened, closed or
/// waited for, never by a query that finds an idle one.
class Budget : public std::enable_shared_from_this<Budget> {
 public:
  struct Limits {
    int total = 0;       ///< 0: none
    int per_server = 0;  ///< of one host and port; 0: none
  };
  struct Usage {
    int taken = 0;
    int limit = 0;    ///< of all; 0: none
    int waiting = 0;  ///< pools in the queue
  };

  explicit Budget(Limits limits) : limits_(limits) {}

  [[nodiscard]] bool limited() const { return limits_.total > 0 || limits_.per_server > 0; }
  /// A member on that loop, whose connections go to that server; null while nothing is limited.
  [[nodiscard]] std::shared_ptr<BudgetMember> join(base::EventLoop& loop,
                                                   const std::string& server);
  [[nodiscard]] Usage usage() const;

 private:
  friend class BudgetMember;
  using Queue = std::deque<BudgetMember*>;
  struct Server {
    int taken = 0;
    int members = 0;
  };

  [[nodiscard]] bool try_take(BudgetMember& member, bool urgent);
  void give_back(BudgetMember& member);
  /// The reservation, if it was not used.
  void give_up(BudgetMember& member);
  void ask_others(BudgetMember& member);
  /// It wants nothing any more.
  void withdraw(BudgetMember& member);
  void leave(BudgetMember& member);

  // With the lock held.
  [[nodiscard]] bool has_room(const BudgetMember& member) const;
  void take(BudgetMember& member);
  void release(BudgetMember& member);
  void enqueue(BudgetMember& member, bool urgent);
  void remove(BudgetMember& member);
  void hand_out();
  void hand_out(Queue& queue);
  void ask_one_for(const BudgetMember& member);
  [[nodiscard]] BudgetMember* best_to_ask(const BudgetMember& member) const;

  const Limits limits_;
  mutable std::mutex mutex_;
  int taken_ = 0;
  std::uint64_t turns_ = 0;
  std::map<std::string, Server> servers_;
  std::list<BudgetMember*> members_;
  Queue urgent_;   // callers wait
  Queue patient_;  // to have min_size
  std::atomic<int> urgent_count_{0};
};

/// One pool's part in a budget. Everything but the constructor's thread is the loop's.
class BudgetMember final : public pool::ConnectionBudget,
                           public std::enable_shared_from_this<BudgetMember> {
 public:
  BudgetMember(std::shared_ptr<Budget> budget, base::EventLoop& loop, std::string server);
  ~BudgetMember() override;

  /// Whom to tell; null: nobody any more, and nothing is wanted.
  void serve(pool::Pool* pool);

  bool try_take(bool urgent) override;
  void give_back() override { budget_->give_back(*this); }
  bool should_yield() override;
  void idle_changed(int idle) override;

 private:
  friend class Budget;
  enum class Waiting { kNot, kPatiently, kUrgently };

  void told_of_room();
  void told_to_yield();
  void ask_again();
  void stop_waiting();

  const std::shared_ptr<Budget> budget_;
  base::EventLoop& loop_;
  const std::string server_;

  // The loop's.
  pool::Pool* pool_ = nullptr;
  Waiting waiting_ = Waiting::kNot;
  bool may_take_ = false;  // a reservation is there to be used
  bool wants_ = false;     // it asked while it was told
  base::Timer again_;

  // Under the budget's lock.
  int held_ = 0;      // connections and reservations
  int reserved_ = 0;  // of these
  std::uint64_t turn_ = 0;

  // Anybody's.
  std::atomic<bool> asked_{false};  // to give one back
  std::atomic<int> idle_{0};
  std::atomic<base::TimePoint::rep> quiet_since_{0};
};

}  // namespace sluice::manager
