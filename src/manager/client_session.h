#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/event_loop.h"
#include "base/timer.h"
#include "manager/live_call.h"
#include "pool/lease.h"
#include "pool/waiter_queue.h"
#include "sluice/result.h"

namespace sluice::manager {

class ClientSessions;
class Execution;

/// What a call wants of an interactive session.
struct SessionUse {
  std::string id;      ///< which one; empty: opens one, and is told its id before it is answered
  std::string proof;   ///< of who may use it: a digest of its owner's name and secret
  std::string actor;   ///< the owner's name, for operators
  std::string client;  ///< and its address
  std::chrono::milliseconds idle_timeout{0};  ///< of a new one
  std::chrono::milliseconds max_duration{0};
};

/// Why a session ends.
enum class SessionEnd { kClosed, kIdle, kExpired, kKilled, kLost, kDrained, kBreaker };
inline constexpr std::size_t kSessionEnds = 7;
[[nodiscard]] std::string_view to_string(SessionEnd end);

/// There is no such session, or it is not the caller's.
[[nodiscard]] Error unknown_session();

/// A session as operators, and its owner, see it.
struct SessionView {
  std::string id;
  std::string actor;
  std::string client;
  std::string_view state;  ///< "idle", "running", "in_transaction"
  std::chrono::milliseconds age{0};
  std::chrono::milliseconds idle{0};  ///< 0 while something runs
  std::chrono::milliseconds expires_in{0};
};

/// A connection that a client keeps for several statements, one at a time: an Execution borrows it
/// for each. Lives on its shard's thread. It ends when nothing has run for its idle timeout, when
/// its time is over, or when somebody says so; then the pool gets the connection back, which rolls
/// back and cleans what was left. What runs at that moment is cancelled if the end cannot wait.
class ClientSession final : public std::enable_shared_from_this<ClientSession> {
 public:
  using Borrowed = std::function<void(Result<pool::Lease>)>;

  ClientSession(ClientSessions& book, base::EventLoop& loop, SessionUse use, pool::Lease lease);

  /// Lends the connection, now or as soon as what was cancelled before cannot hit the borrower.
  void borrow(const std::shared_ptr<Execution>& borrower, Borrowed borrowed);
  /// The borrower does not wait any longer.
  void forget_borrower();
  void give_back(pool::Lease lease);
  void end(SessionEnd why);

  [[nodiscard]] const SessionUse& use() const { return use_; }
  [[nodiscard]] SessionView look() const;
  /// Since when it has the connection while nobody has borrowed it.
  [[nodiscard]] std::optional<base::TimePoint> holds_since() const;
  [[nodiscard]] Holder as_holder(const Asker& asker) const;

 private:
  enum class State { kIdle, kLent, kSettling, kEnded };

  void rest();
  void settle();
  void settled(bool good);
  void finish();
  [[nodiscard]] bool in_transaction() const;

  ClientSessions& book_;
  base::EventLoop& loop_;
  const SessionUse use_;
  const base::TimePoint opened_at_;
  State state_ = State::kIdle;
  std::optional<SessionEnd> ending_;
  pool::Lease lease_;
  std::weak_ptr<Execution> borrower_;
  Borrowed waiting_;
  base::TimePoint idle_since_{};
  base::Timer idle_timer_;
  base::Timer life_timer_;
  base::Timer settle_timer_;
};

}  // namespace sluice::manager
