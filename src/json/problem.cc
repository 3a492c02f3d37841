#include "json/problem.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "json/document.h"
#include "json/fields.h"
#include "json/writer.h"

namespace sluice::json {
namespace {

struct Kind {
  int status;
  std::string_view code;
  std::string_view title;
};

constexpr Kind kUnavailable{503, "database_unavailable", "Database is not available"};

/// By SQLSTATE. 08* is absent on purpose: raised inside a statement (by a foreign table, or for a
/// wrong number of parameters) it says nothing about our session.
Kind sql_kind(std::string_view sqlstate) {
  const auto begins = [&](std::string_view prefix) { return sqlstate.rfind(prefix, 0) == 0; };
  if (begins("53") || begins("57P0")) return kUnavailable;
  if (sqlstate == "42501") return {403, "sql_error", "Insufficient privilege"};
  if (sqlstate == "25006") return {403, "sql_error", "Write in a read-only transaction"};
  if (begins("23")) return {409, "sql_error", "Constraint violated"};
  if (begins("40")) return {409, "sql_error", "Transaction lost a conflict and was rolled back"};
  if (sqlstate == "55P03") return {409, "sql_error", "Lock not available"};
  if (begins("XX") || begins("58") || begins("F0")) {
    return {500, "sql_error", "Database server has trouble of its own"};
  }
  return {400, "sql_error", "Database refused the statement"};
}

Kind kind_of(const Error& error) {
  switch (error.code) {
    case ErrorCode::kInvalidRequest:
      if (is_malformed_json(error)) return {400, "bad_request", "Malformed request"};
      return {422, "invalid_request", "Invalid request"};
    case ErrorCode::kUnknownDatabase:
      return {404, "unknown_database", "Unknown database"};
    case ErrorCode::kDatabaseIdTaken:
      return {409, "db_id_taken", "Database id belongs to another target"};
    case ErrorCode::kConnectionRejected:
      return {422, "connection_rejected", "Database refused the connection"};
    case ErrorCode::kDatabaseUnavailable:
      return kUnavailable;
    case ErrorCode::kConnectTimeout:
      return {504, "connect_timeout", "Database did not answer in time"};
    case ErrorCode::kBreakerOpen:
      return {503, "breaker_open", "Circuit breaker is open"};
    case ErrorCode::kQueueFull:
      return {503, "queue_full", "Too many callers wait for a connection"};
    case ErrorCode::kAcquireTimeout:
      return {503, "acquire_timeout", "No connection became free in time"};
    case ErrorCode::kPaused:
      return {503, "paused", "Database is paused"};
    case ErrorCode::kDraining:
      return {503, "draining", "Shutting down"};
    case ErrorCode::kSqlError:
      return sql_kind(error.sqlstate());
    case ErrorCode::kQueryTimeout:
      return {504, "query_timeout", "Query exceeded its time"};
    case ErrorCode::kResultTooLarge:
      return {422, "result_too_large", "Result is too large"};
    case ErrorCode::kOverloaded:
      return {503, "overloaded", "The gateway has as much to do as it may"};
    case ErrorCode::kTooManyRequests:
      return {429, "rate_limited", "Too many requests of this client"};
    case ErrorCode::kCancelled:
      // 499 is not a registered status. Who reads this was cancelled by an operator or a shutdown.
      return {503, "cancelled", "Query was cancelled"};
    case ErrorCode::kUnknownSession:
      return {404, "unknown_session", "Unknown session"};
    case ErrorCode::kSessionBusy:
      return {409, "session_busy", "The session runs another statement"};
    case ErrorCode::kTooManySessions:
      return {503, "too_many_sessions", "The database has as many sessions as it may"};
    case ErrorCode::kWouldDeadlock:
    case ErrorCode::kInternal:
      break;
  }
  return {500, "internal", "Internal error"};
}

std::string_view detail_of(const Error& error, const Kind& kind) {
  if (kind.code != "internal") return error.message;
  return "The gateway made a mistake. Its log has the details under this request id.";
}

void write_text(Writer& writer, std::string_view key, const std::string& text) {
  if (text.empty()) {
    writer.field(key, nullptr);
  } else {
    writer.field(key, text);
  }
}

void write_server_fields(Writer& writer, const SqlDiagnostics& sql) {
  write_text(writer, "severity", sql.severity);
  write_text(writer, "message", sql.message);
  write_text(writer, "detail_text", sql.detail);
  write_text(writer, "hint", sql.hint);
  writer.field("position", whole_number(sql.position));
  write_text(writer, "schema", sql.schema);
  write_text(writer, "table", sql.table);
  write_text(writer, "column", sql.column);
  write_text(writer, "constraint", sql.constraint);
}

void write_holders(Writer& writer, const std::vector<Holder>& holders) {
  if (holders.empty()) return;
  writer.begin_array("holders");
  for (const Holder& holder : holders) {
    writer.begin_object();
    write_text(writer, "statement", holder.statement);
    writer.field("age_ms", holder.age);
    write_text(writer, "client", holder.client);
    write_text(writer, "request_id", holder.request_id);
    writer.end_object();
  }
  writer.end_array();
}

/// What problems and failed legs share. Null stands for "not known", so that the shape is the same
/// for every error.
void write_facts(Writer& writer, const Error& error) {
  writer.field("outcome", to_string(error.outcome));
  writer.field("retryable", error.retryable);
  writer.field("retry_after_ms", error.retryable ? error.retry_after : std::nullopt);
  write_text(writer, "sqlstate", std::string(error.sqlstate()));
  if (error.sql) write_server_fields(writer, *error.sql);
  write_holders(writer, error.holders);
  if (error.fields.empty()) return;
  writer.begin_array("errors");
  for (const FieldError& mistake : error.fields) {
    writer.begin_object();
    writer.field("field", mistake.field).field("message", mistake.message);
    writer.end_object();
  }
  writer.end_array();
}

std::string type_of(std::string code) {
  std::replace(code.begin(), code.end(), '_', '-');
  return "https://sluice.dev/problems/" + code;
}

}  // namespace

Problem Problem::from(const Error& error) {
  const Kind kind = kind_of(error);
  Problem problem;
  problem.status = kind.status;
  problem.code = kind.code;
  problem.title = kind.title;
  problem.detail = detail_of(error, kind);
  problem.error = error;
  return problem;
}

Problem Problem::of(int status, std::string code, std::string title, std::string detail) {
  Problem problem;
  problem.status = status;
  problem.code = std::move(code);
  problem.title = std::move(title);
  problem.detail = std::move(detail);
  problem.error.code = ErrorCode::kInvalidRequest;
  return problem;
}

std::string Problem::to_json(std::string_view request_id, std::string_view trace_id) const {
  Writer writer;
  writer.begin_object();
  writer.field("type", type_of(code)).field("title", title).field("status", status);
  writer.field("detail", detail).field("code", code);
  write_text(writer, "db_id", error.db_id);
  writer.field("request_id", request_id);
  if (!trace_id.empty()) writer.field("trace_id", trace_id);
  if (failing_index >= 0) writer.field("failing_index", failing_index);
  write_facts(writer, error);
  writer.end_object();
  return writer.take();
}

std::string error_to_json(const Error& error) {
  const Kind kind = kind_of(error);
  Writer writer;
  writer.begin_object();
  writer.field("code", kind.code).field("detail", detail_of(error, kind));
  write_facts(writer, error);
  writer.end_object();
  return writer.take();
}

}  // namespace sluice::json
