#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::gateway {

enum class EventKind {
  kBreaker,   ///< a circuit breaker changed its state
  kOperator,  ///< somebody did something through the API
  kConfig,    ///< the configuration was read again
  kDatabase,  ///< a database was connected, changed or removed
  kServer,    ///< the process started, or began to drain
};
[[nodiscard]] std::string_view to_string(EventKind kind);
[[nodiscard]] std::optional<EventKind> parse_event_kind(std::string_view word);

/// Something an operator will want to know of later.
struct Event {
  EventKind kind = EventKind::kServer;
  std::string db_id;    ///< empty: it is about the whole process
  std::string actor;    ///< the name of somebody's key; empty: nobody did it
  std::string message;  ///< what happened, and why
  std::uint64_t seq = 0;
  std::chrono::system_clock::time_point time{};
};

/// Which events somebody wants.
struct EventFilter {
  std::optional<std::uint64_t> since;  ///< this one and later; without it the latest ones
  std::size_t limit = 100;
  std::string db_id;  ///< empty: all
  std::optional<EventKind> kind;
};

struct EventPage {
  std::vector<Event> events;   ///< the oldest first
  std::uint64_t next_seq = 1;  ///< what to ask for next
};

/// The last thousand events. Thread-safe: they are rare.
class Events {
 public:
  using Clock = std::function<std::chrono::system_clock::time_point()>;
  static constexpr std::size_t kCapacity = 1'000;

  explicit Events(Clock clock = std::chrono::system_clock::now) : clock_(std::move(clock)) {}

  /// Whom else to tell, on the thread that records. Before the first event.
  void on_event(std::function<void(const Event&)> told) { told_ = std::move(told); }
  /// `seq` and `time` are set here.
  void record(Event event);
  /// A `since` that is yet to come is of another process' life: everything is given.
  [[nodiscard]] EventPage read(const EventFilter& filter) const;

 private:
  const Clock clock_;
  std::function<void(const Event&)> told_;
  mutable std::mutex mutex_;
  std::deque<Event> events_;
  std::uint64_t next_seq_ = 1;
};

}  // namespace sluice::gateway
