#pragma once

#include <string>
#include <string_view>

#include "sluice/error.h"

namespace sluice::json {

/// An error as the HTTP API tells it (RFC 9457, application/problem+json).
struct Problem {
  int status = 500;
  std::string code = "internal";  ///< "breaker_open", …
  std::string title;
  std::string detail;
  /// Of a transaction: which of its statements failed, from 0; -1: none, or it is not known.
  int failing_index = -1;
  Error error;  ///< outcome, retryable, retry_after, sql, fields, db_id

  /// Status, code and title by the table of docs/http-api.md; the SQLSTATE decides for kSqlError.
  /// Malformed JSON becomes 400 bad_request. Errors of ours keep their details to themselves.
  static Problem from(const Error& error);
  /// A problem that only the transport knows ("not_found", 404, …).
  static Problem of(int status, std::string code, std::string title, std::string detail);

  /// `trace_id`: of the caller's trace, if there is one.
  [[nodiscard]] std::string to_json(std::string_view request_id,
                                    std::string_view trace_id = {}) const;
};

/// The error object alone, as it appears in the `failures` of a fan-out: code, detail, outcome,
/// retryable, retry_after_ms, sqlstate and the server's own fields.
[[nodiscard]] std::string error_to_json(const Error& error);

}  // namespace sluice::json
