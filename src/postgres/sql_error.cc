#include "postgres/sql_error.h"

#include <memory>
#include <string_view>

#include "postgres/sqlstate.h"

namespace sluice::postgres {
namespace {

std::string field(const PGresult& result, int code) {
  const char* text = PQresultErrorField(&result, code);
  return text ? text : "";
}

// RAISE lets a statement choose any SQLSTATE; what it chose says nothing of the server.
bool raised_by_user(const SqlDiagnostics& diagnostics) {
  return diagnostics.routine == "exec_stmt_raise";
}

}  // namespace

SqlDiagnostics diagnostics_of(const PGresult& result) {
  SqlDiagnostics said;
  said.sqlstate = field(result, PG_DIAG_SQLSTATE);
  said.severity = field(result, PG_DIAG_SEVERITY_NONLOCALIZED);
  if (said.severity.empty()) said.severity = field(result, PG_DIAG_SEVERITY);
  said.message = field(result, PG_DIAG_MESSAGE_PRIMARY);
  said.detail = field(result, PG_DIAG_MESSAGE_DETAIL);
  said.hint = field(result, PG_DIAG_MESSAGE_HINT);
  said.position = field(result, PG_DIAG_STATEMENT_POSITION);
  said.internal_position = field(result, PG_DIAG_INTERNAL_POSITION);
  said.internal_query = field(result, PG_DIAG_INTERNAL_QUERY);
  said.where = field(result, PG_DIAG_CONTEXT);
  said.schema = field(result, PG_DIAG_SCHEMA_NAME);
  said.table = field(result, PG_DIAG_TABLE_NAME);
  said.column = field(result, PG_DIAG_COLUMN_NAME);
  said.data_type = field(result, PG_DIAG_DATATYPE_NAME);
  said.constraint = field(result, PG_DIAG_CONSTRAINT_NAME);
  said.file = field(result, PG_DIAG_SOURCE_FILE);
  said.line = field(result, PG_DIAG_SOURCE_LINE);
  said.routine = field(result, PG_DIAG_SOURCE_FUNCTION);
  return said;
}

bool ends_session(const PGresult& result) {
  const SqlDiagnostics said = diagnostics_of(result);
  return said.severity == "FATAL" || said.severity == "PANIC";
}

Error statement_error(const PGresult& result) {
  auto said = std::make_shared<SqlDiagnostics>(diagnostics_of(result));
  Error error;
  error.code = ErrorCode::kSqlError;
  error.message = said->message.empty() ? one_line(PQresultErrorMessage(&result)) : said->message;
  error.outcome = Outcome::kRolledBack;
  error.fault = raised_by_user(*said) ? Fault::kCaller : fault_of_statement(said->sqlstate);
  error.retryable = worth_repeating(said->sqlstate);
  if (const std::string parameter = parameter_in_context(said->where); !parameter.empty()) {
    error.fields.push_back({parameter, error.message});
    error.message.insert(0, "parameter " + parameter + ": ");
  }
  error.sql = std::move(said);
  return error;
}

Error lost_session_error(std::string why) {
  Error error;
  error.code = ErrorCode::kDatabaseUnavailable;
  error.message = "the connection to the database was lost: " + std::move(why);
  error.fault = Fault::kDatabase;
  return error;
}

Error lost_session_error(const PGresult& result) {
  auto said = std::make_shared<SqlDiagnostics>(diagnostics_of(result));
  Error error = lost_session_error(said->message);
  error.fault = fault_of_lost_session(said->sqlstate);
  error.sql = std::move(said);
  return error;
}

std::string parameter_in_context(std::string_view context) {
  const std::size_t line = context.rfind('\n');
  if (line != std::string_view::npos) context.remove_prefix(line + 1);
  const std::size_t begin = context.find('$');
  if (begin == std::string_view::npos) return {};
  // A statement or function of the user's would be quoted, or have its arguments in brackets.
  if (context.find_first_of("\"'(") < begin) return {};
  const std::size_t end = context.find_first_not_of("0123456789", begin + 1);
  const std::string_view name = context.substr(begin, end - begin);
  const std::string_view rest = context.substr(begin + name.size());
  if (name.size() == 1 || !(rest.empty() || rest.starts_with(" ="))) return {};
  return std::string(name);
}

std::string one_line(std::string_view text) {
  std::string line;
  for (const char c : text) {
    const bool space = c == '\n' || c == '\r' || c == '\t' || c == ' ';
    if (!space) line += c;
    if (space && !line.empty() && line.back() != ' ') line += ' ';
  }
  while (!line.empty() && line.back() == ' ') line.pop_back();
  return line;
}

}  // namespace sluice::postgres
