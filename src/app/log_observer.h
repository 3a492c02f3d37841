#pragma once

#include <string_view>

#include "app/log_sink.h"
#include "sluice/observer.h"

namespace sluice::app {

/// Writes what happens inside the PoolManager to the log: one warning per breaker transition, one
/// line per database registered, changed or removed, and the pool's events if asked. Thread-safe.
/// The log is borrowed and must outlive it.
class LogObserver : public Observer {
 public:
  LogObserver(Log& log, bool pool_events) : log_(log), pool_events_(pool_events) {}

  void on_breaker_transition(const BreakerTransition& transition) override;
  void on_pool_event(std::string_view db_id, PoolEvent event, std::string_view detail) override;
  void on_database(std::string_view db_id, std::string_view what) override;

 private:
  Log& log_;
  const bool pool_events_;
};

}  // namespace sluice::app
