#pragma once

#include <atomic>
#include <string_view>

#include "app/log_sink.h"
#include "gateway/events.h"
#include "sluice/observer.h"

namespace sluice::app {

/// Writes what happens inside the PoolManager to the log, and makes events of it: one warning per
/// breaker transition, one line per database registered, changed or removed, and per host whose
/// role has changed, and the pool's events if asked. Thread-safe. Both are borrowed and must
/// outlive it.
class LogObserver : public Observer {
 public:
  LogObserver(Log& log, gateway::Events& events, bool pool_events)
      : log_(log), events_(events), pool_events_(pool_events) {}

  void tell_pool_events(bool tell) { pool_events_ = tell; }

  void on_breaker_transition(const BreakerTransition& transition) override;
  void on_pool_event(std::string_view db_id, PoolEvent event, std::string_view detail) override;
  void on_database(std::string_view db_id, std::string_view what) override;
  void on_host(const HostEvent& event) override;
  void on_session_ended(const SessionEvent& event) override;

 private:
  Log& log_;
  gateway::Events& events_;
  std::atomic<bool> pool_events_;
};

}  // namespace sluice::app
