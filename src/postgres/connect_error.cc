#include "postgres/connect_error.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <system_error>
#include <utility>

#include "postgres/sql_error.h"
#include "postgres/sqlstate.h"

namespace sluice::postgres {
namespace {

constexpr std::size_t kStateLength = 5;

bool is_state(std::string_view text) {
  return text.size() == kStateLength && std::ranges::all_of(text, [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z');
         });
}

/// Where "SEVERITY:  12345: message" has its five characters, the last time: with sslmode=prefer
/// libpq reports two attempts. npos: nowhere.
std::size_t find_state(std::string_view text) {
  for (std::size_t at = text.rfind(":  "); at != std::string_view::npos && at > 0;
       at = text.rfind(":  ", at - 1)) {
    const std::size_t state = at + 3;
    if (state + kStateLength + 2 <= text.size() && is_state(text.substr(state, kStateLength)) &&
        text.substr(state + kStateLength, 2) == ": ")
      return state;
  }
  return std::string_view::npos;
}

/// Up to the line that says where in the server's source it happened (its word is translated, but
/// its form is always "WORD:  function, file:line").
std::string_view without_location(std::string_view text) {
  while (text.ends_with('\n')) text.remove_suffix(1);
  const std::size_t line = text.rfind('\n');
  if (line == std::string_view::npos) return text;
  const std::string_view last = text.substr(line + 1);
  const bool location =
      last.find(":  ") != std::string_view::npos && last.find(".c:") != std::string_view::npos;
  return location ? text.substr(0, line) : text;
}

/// libpq says "connection to server at …, port … failed: " before the reason.
std::string_view without_prefix(std::string_view text) {
  const std::size_t failed = text.find(" failed: ");
  return failed == std::string_view::npos ? text : text.substr(failed + 9);
}

/// "Connection refused\n\tIs the server running …?": the second line is a sentence of its own.
std::string as_sentences(std::string_view text) {
  const std::size_t line = text.find("\n\t");
  if (line == std::string_view::npos) return one_line(text);
  return one_line(text.substr(0, line)) + ". " + one_line(text.substr(line));
}

/// Of what libpq says when it has not even a socket.
bool is_our_own_lack(std::string_view message) {
  constexpr std::array kLacks{EMFILE, ENFILE, ENOBUFS, ENOMEM};
  return message.starts_with("could not create socket") &&
         std::ranges::any_of(kLacks, [message](int lack) {
           return message.ends_with(std::generic_category().message(lack));
         });
}

Error about(const Target& target, ErrorCode code, const std::string& what) {
  Error error;
  error.code = code;
  error.message = "cannot connect to " + target.display() + ": " + what;
  error.outcome = Outcome::kNotStarted;
  error.fault = Fault::kDatabase;
  error.retryable = true;
  return error;
}

}  // namespace

ConnectFailure read_connect_failure(std::string_view text) {
  text = without_location(text);
  const std::size_t state = find_state(text);
  if (state == std::string_view::npos) return {{}, {}, as_sentences(without_prefix(text))};
  const std::size_t severity_end = state - 3;
  const std::size_t severity = text.find_last_of(" \n", severity_end - 1) + 1;
  return {std::string(text.substr(state, kStateLength)),
          std::string(text.substr(severity, severity_end - severity)),
          one_line(text.substr(state + kStateLength + 2))};
}

Error connect_error(const Target& target, const ConnectFailure& failure) {
  Error error = about(target, ErrorCode::kDatabaseUnavailable, failure.message);
  // The server was not even asked; what it has open still serves.
  if (is_our_own_lack(failure.message)) error.fault = Fault::kOverload;
  if (failure.sqlstate.empty()) return error;
  auto said = std::make_shared<SqlDiagnostics>();
  said->sqlstate = failure.sqlstate;
  said->severity = failure.severity;
  said->message = failure.message;
  error.sql = std::move(said);
  error.fault = fault_of_connect(failure.sqlstate);
  if (error.fault == Fault::kCredentials) {
    error.code = ErrorCode::kConnectionRejected;
    error.retryable = false;
  }
  return error;
}

Error connect_timeout_error(const Target& target, std::string_view doing) {
  return about(target, ErrorCode::kConnectTimeout,
               "the connect timeout passed while " + std::string(doing));
}

Error unknown_host_error(const Target& target, std::string_view why) {
  return about(target, ErrorCode::kDatabaseUnavailable,
               "the host name cannot be resolved: " + std::string(why));
}

}  // namespace sluice::postgres
