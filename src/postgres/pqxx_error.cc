// libpqxx's exceptions in our words. Its text is libpq's whole message; the fields are lost.
#include <string>

#include "postgres/sql_error.h"
#include "postgres/sqlstate.h"
#include "sluice/pqxx.h"

namespace sluice {
namespace {

/// "ERROR:  the message\nDETAIL:  …" → "the message"; the first word is in the server's language.
std::string primary_message(std::string_view text) {
  text = text.substr(0, text.find('\n'));
  constexpr std::string_view kAfterSeverity = ":  ";
  const auto end = text.find(kAfterSeverity);
  if (end != std::string_view::npos) text.remove_prefix(end + kAfterSeverity.size());
  return std::string(text);
}

/// Some conflicts have exceptions of their own, without an SQLSTATE.
std::string sqlstate_of(const pqxx::failure& failure) {
  if (const auto* error = dynamic_cast<const pqxx::sql_error*>(&failure)) return error->sqlstate();
  if (dynamic_cast<const pqxx::serialization_failure*>(&failure)) return "40001";
  if (dynamic_cast<const pqxx::deadlock_detected*>(&failure)) return "40P01";
  return {};
}

Error statement_failed(const pqxx::failure& failure) {
  auto said = std::make_shared<SqlDiagnostics>();
  said->sqlstate = sqlstate_of(failure);
  said->message = primary_message(failure.what());
  Error error;
  error.code = ErrorCode::kSqlError;
  error.message = said->message;
  error.outcome = Outcome::kRolledBack;
  error.fault = postgres::fault_of_statement(said->sqlstate);
  error.retryable = postgres::worth_repeating(said->sqlstate);
  error.sql = std::move(said);
  return error;
}

Error connection_lost(const pqxx::failure& failure) {
  const bool in_doubt = dynamic_cast<const pqxx::in_doubt_error*>(&failure) != nullptr;
  Error error = postgres::lost_session_error(postgres::one_line(failure.what()));
  error.outcome = in_doubt ? Outcome::kUnknown : Outcome::kRolledBack;
  error.retryable = !in_doubt;
  return error;
}

}  // namespace

Error to_error(const pqxx::failure& failure, const Lease& lease) {
  // Not by the exception's class: libpqxx 6.4 takes a wrong number of parameters for a lost
  // connection.
  Error error =
      pqxx_connection(lease).is_open() ? statement_failed(failure) : connection_lost(failure);
  error.db_id = lease.db_id();
  return error;
}

}  // namespace sluice
