#include "app/log_observer.h"

#include <string>

namespace sluice::app {

void LogObserver::on_breaker_transition(const BreakerTransition& transition) {
  log_.warn("circuit breaker changed", {{"db_id", transition.db_id},
                                        {"from", to_string(transition.from)},
                                        {"to", to_string(transition.to)},
                                        {"reason", transition.reason},
                                        {"explanation", transition.explanation}});
  std::string message(to_string(transition.from));
  message.append(" → ").append(to_string(transition.to)).append(": ");
  message += transition.explanation.empty() ? transition.reason : transition.explanation;
  events_.record({.kind = gateway::EventKind::kBreaker,
                  .db_id = transition.db_id,
                  .message = std::move(message)});
}

void LogObserver::on_pool_event(std::string_view db_id, PoolEvent event, std::string_view detail) {
  if (!pool_events_) return;
  log_.always(LogLevel::kDebug, "pool event",
              {{"db_id", db_id}, {"event", to_string(event)}, {"detail", detail}});
}

void LogObserver::on_database(std::string_view db_id, std::string_view what) {
  log_.info("database " + std::string(what), {{"db_id", db_id}});
  events_.record({.kind = gateway::EventKind::kDatabase,
                  .db_id = std::string(db_id),
                  .message = std::string(what)});
}

void LogObserver::on_host(const HostEvent& event) {
  const bool bad = event.what == "down" || event.what == "conflict";
  const Log::Fields fields{
      {"db_id", event.db_id}, {"host", event.host}, {"explanation", event.explanation}};
  bad ? log_.warn("host " + event.what, fields) : log_.info("host " + event.what, fields);
  events_.record({.kind = gateway::EventKind::kDatabase,
                  .db_id = event.db_id,
                  .message = "host " + event.host + ": " + event.what + ": " + event.explanation});
}

/// Those that operators end are events already.
void LogObserver::on_session_ended(const SessionEvent& event) {
  log_.info("session ended", {{"db_id", event.db_id},
                              {"session_id", event.session_id},
                              {"client", event.client},
                              {"reason", event.reason}});
  if (event.reason == "killed") return;
  events_.record({.kind = gateway::EventKind::kDatabase,
                  .db_id = event.db_id,
                  .message = "the session " + event.session_id + " of " + event.client +
                             " was ended: " + event.explanation});
}

}  // namespace sluice::app
