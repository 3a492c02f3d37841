#include "json/problem.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "json/document.h"
#include "json/requests.h"

namespace sluice::json {
namespace {

Error sql_error(std::string sqlstate) {
  Error error;
  error.code = ErrorCode::kSqlError;
  error.message = "the server's words";
  SqlDiagnostics sql;
  sql.sqlstate = std::move(sqlstate);
  error.sql = std::make_shared<const SqlDiagnostics>(std::move(sql));
  return error;
}

TEST(Problem, HasAStatusForEveryCode) {
  const std::pair<ErrorCode, int> cases[] = {{ErrorCode::kInvalidRequest, 422},
                                             {ErrorCode::kUnknownDatabase, 404},
                                             {ErrorCode::kDatabaseIdTaken, 409},
                                             {ErrorCode::kConnectionRejected, 422},
                                             {ErrorCode::kDatabaseUnavailable, 503},
                                             {ErrorCode::kConnectTimeout, 504},
                                             {ErrorCode::kBreakerOpen, 503},
                                             {ErrorCode::kQueueFull, 503},
                                             {ErrorCode::kAcquireTimeout, 503},
                                             {ErrorCode::kPaused, 503},
                                             {ErrorCode::kDraining, 503},
                                             {ErrorCode::kQueryTimeout, 504},
                                             {ErrorCode::kResultTooLarge, 422},
                                             {ErrorCode::kOverloaded, 503},
                                             {ErrorCode::kTooManyRequests, 429},
                                             {ErrorCode::kCancelled, 503},
                                             {ErrorCode::kUnknownSession, 404},
                                             {ErrorCode::kSessionBusy, 409},
                                             {ErrorCode::kTooManySessions, 503},
                                             {ErrorCode::kWouldDeadlock, 500},
                                             {ErrorCode::kInternal, 500}};
  for (const auto& [code, status] : cases) {
    Error error;
    error.code = code;
    const Problem problem = Problem::from(error);
    EXPECT_EQ(problem.status, status) << to_string(code);
    EXPECT_EQ(problem.code, code == ErrorCode::kWouldDeadlock ? "internal" : to_string(code));
    EXPECT_FALSE(problem.title.empty());
  }
}

TEST(Problem, LetsTheSqlstateDecide) {
  const std::pair<const char*, int> cases[] = {
      {"42601", 400}, {"42P01", 400}, {"22P02", 400}, {"21000", 400}, {"P0001", 400},
      {"0A000", 400}, {"54000", 400}, {"25P02", 400}, {"08P01", 400}, {"57014", 400},
      {"55000", 400}, {"ZZ123", 400}, {"", 400},      {"23505", 409}, {"23503", 409},
      {"40001", 409}, {"40P01", 409}, {"55P03", 409}, {"42501", 403}, {"25006", 403},
      {"XX000", 500}, {"58030", 500}, {"F0000", 500}, {"53300", 503}, {"53100", 503},
      {"57P01", 503}, {"57P03", 503}};
  for (const auto& [sqlstate, status] : cases) {
    const Problem problem = Problem::from(sql_error(sqlstate));
    EXPECT_EQ(problem.status, status) << sqlstate;
    EXPECT_EQ(problem.code, status == 503 ? "database_unavailable" : "sql_error") << sqlstate;
  }
}

TEST(Problem, MalformedJsonIsABadRequest) {
  EXPECT_EQ(Problem::from(decode_query("{").error()).status, 400);
  EXPECT_EQ(Problem::from(decode_query("{").error()).code, "bad_request");
  EXPECT_EQ(Problem::from(decode_query("{}").error()).status, 422);
}

TEST(Problem, LooksAsDocumented) {
  Error error;
  error.code = ErrorCode::kBreakerOpen;
  error.message = "orders: 31 of 40 calls failed in 10 s; next trial in 2.1 s";
  error.retryable = true;
  error.retry_after = std::chrono::milliseconds(2100);
  error.db_id = "orders";
  EXPECT_EQ(
      Problem::from(error).to_json("r-1"),
      R"({"type":"https://sluice.dev/problems/breaker-open","title":"Circuit breaker is open",)"
      R"("status":503,"detail":"orders: 31 of 40 calls failed in 10 s; next trial in 2.1 s",)"
      R"("code":"breaker_open","db_id":"orders","request_id":"r-1","outcome":"not_started",)"
      R"("retryable":true,"retry_after_ms":2100,"sqlstate":null})");
}

TEST(Problem, PassesOnTheServersWords) {
  SqlDiagnostics sql;
  sql.sqlstate = "23505";
  sql.severity = "ERROR";
  sql.message = "duplicate key";
  sql.detail = "Key (id)=(1) already exists.";
  sql.position = "15";
  sql.table = "items";
  sql.constraint = "items_pkey";
  Error error = sql_error("");
  error.outcome = Outcome::kRolledBack;
  error.sql = std::make_shared<const SqlDiagnostics>(std::move(sql));
  const std::string expected =
      R"("outcome":"rolled_back","retryable":false,"retry_after_ms":null,"sqlstate":"23505",)"
      R"("severity":"ERROR","message":"duplicate key","detail_text":"Key (id)=(1) already exists.",)"
      R"("hint":null,"position":15,"schema":null,"table":"items","column":null,)"
      R"("constraint":"items_pkey"})";
  EXPECT_EQ(error_to_json(error),
            R"({"code":"sql_error","detail":"the server's words",)" + expected);
  EXPECT_NE(Problem::from(error).to_json("r").find(expected), std::string::npos);
}

TEST(Problem, NamesWhoHoldsTheConnections) {
  Error error;
  error.code = ErrorCode::kAcquireTimeout;
  error.holders = {{"SELECT pg_sleep(?)", std::chrono::milliseconds(4'900), "reports", "r-7"},
                   {"", std::chrono::milliseconds(2'100), "", ""}};
  const std::string expected =
      R"x("holders":[{"statement":"SELECT pg_sleep(?)","age_ms":4900,"client":"reports",)x"
      R"x("request_id":"r-7"},{"statement":null,"age_ms":2100,"client":null,"request_id":null}])x";
  EXPECT_NE(Problem::from(error).to_json("r").find(expected), std::string::npos);
  EXPECT_NE(error_to_json(error).find(expected), std::string::npos);
  error.holders.clear();
  EXPECT_EQ(error_to_json(error).find("holders"), std::string::npos);
}

TEST(Problem, ListsMistakes) {
  const Error error = decode_query(R"({"sql":1,"x":2})").error();
  EXPECT_NE(Problem::from(error).to_json("r").find(
                R"("errors":[{"field":"sql","message":"must be a string"},)"
                R"({"field":"x","message":"unknown field"}])"),
            std::string::npos);
}

TEST(Problem, KeepsInternalsToItself) {
  Error error;
  error.code = ErrorCode::kInternal;
  error.message = "null pointer in pool.cc:77";
  EXPECT_EQ(Problem::from(error).to_json("r").find("pool.cc"), std::string::npos);
  EXPECT_EQ(error_to_json(error).find("pool.cc"), std::string::npos);
}

TEST(Problem, IsJsonWhateverTheServerSays) {
  Error error = sql_error("42601");
  error.message = "bad \xFF\x01 \"text\"\n";
  EXPECT_TRUE(Document::parse(Problem::from(error).to_json("\xC3(")));
  SqlDiagnostics sql;
  sql.position = "twelve";
  error.sql = std::make_shared<const SqlDiagnostics>(sql);
  EXPECT_NE(error_to_json(error).find(R"("position":null)"), std::string::npos);
}

TEST(Problem, OfTheTransport) {
  const Problem problem = Problem::of(404, "not_found", "Not found", "There is no /x.");
  EXPECT_EQ(problem.to_json("r"),
            R"({"type":"https://sluice.dev/problems/not-found","title":"Not found","status":404,)"
            R"("detail":"There is no /x.","code":"not_found","db_id":null,"request_id":"r",)"
            R"("outcome":"not_started","retryable":false,"retry_after_ms":null,"sqlstate":null})");
}

}  // namespace
}  // namespace sluice::json
