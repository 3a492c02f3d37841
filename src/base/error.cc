#include "sluice/error.h"

#include <utility>

namespace sluice {

std::string_view to_string(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalidRequest:
      return "invalid_request";
    case ErrorCode::kUnknownDatabase:
      return "unknown_database";
    case ErrorCode::kDatabaseIdTaken:
      return "db_id_taken";
    case ErrorCode::kConnectionRejected:
      return "connection_rejected";
    case ErrorCode::kDatabaseUnavailable:
      return "database_unavailable";
    case ErrorCode::kConnectTimeout:
      return "connect_timeout";
    case ErrorCode::kBreakerOpen:
      return "breaker_open";
    case ErrorCode::kQueueFull:
      return "queue_full";
    case ErrorCode::kAcquireTimeout:
      return "acquire_timeout";
    case ErrorCode::kPaused:
      return "paused";
    case ErrorCode::kDraining:
      return "draining";
    case ErrorCode::kSqlError:
      return "sql_error";
    case ErrorCode::kQueryTimeout:
      return "query_timeout";
    case ErrorCode::kResultTooLarge:
      return "result_too_large";
    case ErrorCode::kOverloaded:
      return "overloaded";
    case ErrorCode::kTooManyRequests:
      return "rate_limited";
    case ErrorCode::kCancelled:
      return "cancelled";
    case ErrorCode::kUnknownSession:
      return "unknown_session";
    case ErrorCode::kSessionBusy:
      return "session_busy";
    case ErrorCode::kTooManySessions:
      return "too_many_sessions";
    case ErrorCode::kWouldDeadlock:
      return "would_deadlock";
    case ErrorCode::kInternal:
      return "internal";
  }
  return "internal";
}

std::string_view to_string(Outcome outcome) {
  switch (outcome) {
    case Outcome::kNotStarted:
      return "not_started";
    case Outcome::kRolledBack:
      return "rolled_back";
    case Outcome::kUnknown:
      return "unknown";
  }
  return "unknown";
}

Error invalid_request(std::string message, std::vector<FieldError> fields) {
  Error error;
  error.code = ErrorCode::kInvalidRequest;
  error.message = std::move(message);
  error.fields = std::move(fields);
  return error;
}

}  // namespace sluice
