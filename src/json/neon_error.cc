#include "json/neon_error.h"

#include <string_view>

#include "json/writer.h"

namespace sluice::json {
namespace {

/// What PostgreSQL would call it, for programs that look at nothing else.
std::string_view sqlstate_of(const Problem& problem) {
  if (problem.status == 401) return "28P01";  // invalid_password
  if (problem.status == 403) return "42501";  // insufficient_privilege
  switch (problem.error.code) {
    case ErrorCode::kInvalidRequest:
      return "08P01";  // protocol_violation
    case ErrorCode::kUnknownDatabase:
      return "3D000";  // invalid_catalog_name
    case ErrorCode::kConnectionRejected:
      return "08004";  // sqlserver_rejected_establishment_of_sqlconnection
    case ErrorCode::kDatabaseUnavailable:
      return "08006";  // connection_failure
    case ErrorCode::kConnectTimeout:
      return "08001";  // sqlclient_unable_to_establish_sqlconnection
    case ErrorCode::kBreakerOpen:
    case ErrorCode::kPaused:
    case ErrorCode::kDraining:
      return "57P03";  // cannot_connect_now
    case ErrorCode::kQueueFull:
    case ErrorCode::kAcquireTimeout:
      return "53300";  // too_many_connections
    case ErrorCode::kOverloaded:
      return "53000";  // insufficient_resources
    case ErrorCode::kTooManyRequests:
      return "53400";  // configuration_limit_exceeded
    case ErrorCode::kQueryTimeout:
    case ErrorCode::kCancelled:
      return "57014";  // query_canceled
    case ErrorCode::kResultTooLarge:
      return "54000";  // program_limit_exceeded
    default:
      return "XX000";  // internal_error
  }
}

/// 400 for what PostgreSQL says and for what only another request can mend; else as elsewhere, for
/// those who stand between: load balancers, retries, alerts.
int status_of(const Problem& problem) {
  if (problem.error.code == ErrorCode::kResultTooLarge) return 507;
  if (problem.error.sql || (problem.status < 500 && problem.status != 429)) return 400;
  return problem.status;
}

std::string message_of(const Problem& problem, int status) {
  if (problem.error.code == ErrorCode::kSqlError && problem.error.sql) {
    return problem.error.sql->message;
  }
  return status == 400 ? problem.detail : problem.code + ": " + problem.detail;
}

void put(Writer& writer, std::string_view name, const std::string& text) {
  if (text.empty()) {
    writer.field(name, nullptr);
  } else {
    writer.field(name, text);
  }
}

}  // namespace

NeonError neon_error(const Problem& problem) {
  SqlDiagnostics sql;
  if (problem.error.sql) sql = *problem.error.sql;
  if (sql.sqlstate.empty()) sql.sqlstate = sqlstate_of(problem);
  if (sql.severity.empty()) sql.severity = "ERROR";
  const int status = status_of(problem);
  Writer writer;
  writer.begin_object().field("message", message_of(problem, status));
  put(writer, "severity", sql.severity);
  put(writer, "code", sql.sqlstate);
  put(writer, "detail", sql.detail);
  put(writer, "hint", sql.hint);
  put(writer, "position", sql.position);
  put(writer, "internalPosition", sql.internal_position);
  put(writer, "internalQuery", sql.internal_query);
  put(writer, "where", sql.where);
  put(writer, "schema", sql.schema);
  put(writer, "table", sql.table);
  put(writer, "column", sql.column);
  put(writer, "dataType", sql.data_type);
  put(writer, "constraint", sql.constraint);
  put(writer, "file", sql.file);
  put(writer, "line", sql.line);
  put(writer, "routine", sql.routine);
  writer.end_object();
  return {status, writer.take()};
}

}  // namespace sluice::json
