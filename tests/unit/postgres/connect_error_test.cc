#include "postgres/connect_error.h"

#include <gtest/gtest.h>

namespace sluice::postgres {
namespace {

TEST(ConnectError, ReadsTheSqlstateOfAnyLanguage) {
  const auto english = read_connect_failure(
      "connection to server at \"127.0.0.1\", port 5432 failed: FATAL:  3D000: database \"x\" does "
      "not exist\nLOCATION:  InitPostgres, postinit.c:885\n");
  EXPECT_EQ(english.sqlstate, "3D000");
  EXPECT_EQ(english.severity, "FATAL");
  EXPECT_EQ(english.message, "database \"x\" does not exist");
  const auto german = read_connect_failure(
      "Verbindung zum Server auf »localhost« (127.0.0.1), Port 5432 fehlgeschlagen: FATAL:  28P01: "
      "Passwort-Authentifizierung für Benutzer »u« fehlgeschlagen\nORT:  auth_failed, "
      "auth.c:338\n");
  EXPECT_EQ(german.sqlstate, "28P01");
  EXPECT_EQ(german.message, "Passwort-Authentifizierung für Benutzer »u« fehlgeschlagen");
}

TEST(ConnectError, TakesTheLastOfSeveralAttempts) {
  const auto failure = read_connect_failure(
      "connection to server at \"h\", port 1 failed: FATAL:  28000: no TLS\nLOCATION:  a, b.c:1\n"
      "connection to server at \"h\", port 1 failed: FATAL:  53300: sorry, too many clients "
      "already\n"
      "LOCATION:  c, d.c:2\n");
  EXPECT_EQ(failure.sqlstate, "53300");
  EXPECT_EQ(failure.message, "sorry, too many clients already");
}

TEST(ConnectError, TextWithoutASqlstateIsKept) {
  const auto refused = read_connect_failure(
      "connection to server at \"127.0.0.1\", port 1 failed: Connection refused\n\tIs the server "
      "running on that host and accepting TCP/IP connections?\n");
  EXPECT_EQ(refused.sqlstate, "");
  EXPECT_EQ(refused.message,
            "Connection refused. Is the server running on that host and accepting TCP/IP "
            "connections?");
  EXPECT_EQ(read_connect_failure("").message, "");
  EXPECT_EQ(read_connect_failure(":  ").sqlstate, "");
  EXPECT_EQ(read_connect_failure("FATAL:  12345: ").sqlstate, "12345");
  EXPECT_EQ(read_connect_failure("FATAL:  lower: x").sqlstate, "");
}

TEST(ConnectError, AHintFollowsItsMessage) {
  const auto failure = read_connect_failure(
      "x failed: FATAL:  22023: invalid value\nHINT:  Use another.\nLOCATION:  a, guc.c:7\n");
  EXPECT_EQ(failure.message, "invalid value HINT: Use another.");
}

TEST(ConnectError, IsJudgedByItsSqlstate) {
  struct Case {
    const char* sqlstate;
    ErrorCode code;
    Fault fault;
    bool retryable;
  };
  Target target;
  target.database = "db";
  target.user = "u";
  for (const Case& each : {
           Case{"", ErrorCode::kDatabaseUnavailable, Fault::kDatabase, true},
           Case{"28P01", ErrorCode::kConnectionRejected, Fault::kCredentials, false},
           Case{"28000", ErrorCode::kConnectionRejected, Fault::kCredentials, false},
           Case{"3D000", ErrorCode::kConnectionRejected, Fault::kCredentials, false},
           Case{"57P04", ErrorCode::kConnectionRejected, Fault::kCredentials, false},
           Case{"42501", ErrorCode::kConnectionRejected, Fault::kCredentials, false},
           Case{"53300", ErrorCode::kDatabaseUnavailable, Fault::kOverload, true},
           Case{"57P03", ErrorCode::kDatabaseUnavailable, Fault::kDatabase, true},
           Case{"08006", ErrorCode::kDatabaseUnavailable, Fault::kDatabase, true},
       }) {
    const Error error = connect_error(target, {each.sqlstate, "FATAL", "why"});
    EXPECT_EQ(error.code, each.code) << each.sqlstate;
    EXPECT_EQ(error.fault, each.fault) << each.sqlstate;
    EXPECT_EQ(error.retryable, each.retryable) << each.sqlstate;
    EXPECT_EQ(error.sqlstate(), each.sqlstate);
    EXPECT_EQ(error.outcome, Outcome::kNotStarted);
    EXPECT_EQ(error.message, "cannot connect to u@127.0.0.1:5432/db: why");
  }
}

}  // namespace
}  // namespace sluice::postgres
