#pragma once

#include <libpq-fe.h>

#include <string>
#include <string_view>

#include "sluice/error.h"

namespace sluice::postgres {

/// Every field of an error that the server sent.
[[nodiscard]] SqlDiagnostics diagnostics_of(const PGresult& result);

/// Whether the session ended with this error (FATAL or PANIC).
[[nodiscard]] bool ends_session(const PGresult& result);

/// The error of a statement that failed while its session lives: kSqlError, rolled back.
[[nodiscard]] Error statement_error(const PGresult& result);

/// The parameter ("$2") that the server could not read, by the context of its error; empty: none.
[[nodiscard]] std::string parameter_in_context(std::string_view context);

/// The error of a session that is lost: kDatabaseUnavailable. `why` is libpq's own text.
[[nodiscard]] Error lost_session_error(std::string why);
/// … and whose server said why before.
[[nodiscard]] Error lost_session_error(const PGresult& result);

/// A text of libpq on one line, without trailing line breaks.
[[nodiscard]] std::string one_line(std::string_view text);

}  // namespace sluice::postgres
