#include "json/neon_error.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "json/document.h"

namespace sluice::json {
namespace {

std::string field(const NeonError& error, std::string_view name) {
  const auto document = Document::parse(error.json);
  const Value* value = document ? document->root().find(name) : nullptr;
  return value ? std::string(value->is_null() ? "null" : value->text()) : "missing";
}

NeonError of(ErrorCode code, std::string message = "words") {
  return neon_error(Problem::from({.code = code, .message = std::move(message)}));
}

Error said(ErrorCode code, std::string sqlstate) {
  auto sql = std::make_shared<SqlDiagnostics>();
  sql->sqlstate = std::move(sqlstate);
  sql->severity = "ERROR";
  sql->message = "the server's words";
  sql->position = "8";
  sql->line = "3676";
  sql->data_type = "mood";
  sql->internal_position = "2";
  return {.code = code, .message = "statement 1: the server's words", .sql = std::move(sql)};
}

TEST(NeonError, PassesOnWhatTheServerSaysAsNodePostgresHasIt) {
  const auto error = neon_error(Problem::from(said(ErrorCode::kSqlError, "42703")));
  EXPECT_EQ(error.status, 400);
  EXPECT_EQ(
      error.json,
      R"({"message":"the server's words","severity":"ERROR","code":"42703","detail":null,)"
      R"("hint":null,"position":"8","internalPosition":"2","internalQuery":null,"where":null,)"
      R"("schema":null,"table":null,"column":null,"dataType":"mood","constraint":null,)"
      R"("file":null,"line":"3676","routine":null})");
}

TEST(NeonError, WhateverTheServerSaysIs400) {
  for (const char* sqlstate : {"23505", "40001", "42501", "25006", "57P01", "53300", "XX000"}) {
    EXPECT_EQ(neon_error(Problem::from(said(ErrorCode::kSqlError, sqlstate))).status, 400);
  }
  const auto lost = neon_error(Problem::from(said(ErrorCode::kDatabaseUnavailable, "57P01")));
  EXPECT_EQ(lost.status, 400);
  EXPECT_EQ(field(lost, "code"), "57P01");
  const auto late = neon_error(Problem::from(said(ErrorCode::kQueryTimeout, "57014")));
  EXPECT_EQ(late.status, 400);
  EXPECT_EQ(field(late, "message"), "statement 1: the server's words");
}

TEST(NeonError, MistakesOfTheRequestAre400WithACode) {
  EXPECT_EQ(of(ErrorCode::kInvalidRequest).status, 400);
  EXPECT_EQ(field(of(ErrorCode::kInvalidRequest), "code"), "08P01");
  EXPECT_EQ(of(ErrorCode::kUnknownDatabase).status, 400);
  EXPECT_EQ(field(of(ErrorCode::kUnknownDatabase), "code"), "3D000");
  EXPECT_EQ(field(of(ErrorCode::kUnknownDatabase), "message"), "words");
  EXPECT_EQ(field(of(ErrorCode::kUnknownDatabase), "severity"), "ERROR");
  const auto stranger = neon_error(Problem::of(401, "unauthenticated", "t", "who?"));
  EXPECT_EQ(stranger.status, 400);
  EXPECT_EQ(field(stranger, "code"), "28P01");
}

TEST(NeonError, OurOwnRefusalsKeepTheirStatusAndSayTheirNameInTheText) {
  struct Case {
    ErrorCode code;
    int status;
    const char* message;
    const char* sqlstate;
  };
  const Case kTable[] = {
      {ErrorCode::kBreakerOpen, 503, "breaker_open: words", "57P03"},
      {ErrorCode::kQueueFull, 503, "queue_full: words", "53300"},
      {ErrorCode::kAcquireTimeout, 503, "acquire_timeout: words", "53300"},
      {ErrorCode::kPaused, 503, "paused: words", "57P03"},
      {ErrorCode::kDraining, 503, "draining: words", "57P03"},
      {ErrorCode::kOverloaded, 503, "overloaded: words", "53000"},
      {ErrorCode::kDatabaseUnavailable, 503, "database_unavailable: words", "08006"},
      {ErrorCode::kConnectTimeout, 504, "connect_timeout: words", "08001"},
      {ErrorCode::kQueryTimeout, 504, "query_timeout: words", "57014"},
      {ErrorCode::kTooManyRequests, 429, "rate_limited: words", "53400"},
      {ErrorCode::kResultTooLarge, 507, "result_too_large: words", "54000"},
  };
  for (const Case& each : kTable) {
    const auto error = of(each.code);
    EXPECT_EQ(error.status, each.status) << each.message;
    EXPECT_EQ(field(error, "message"), each.message);
    EXPECT_EQ(field(error, "code"), each.sqlstate) << each.message;
  }
  EXPECT_EQ(of(ErrorCode::kInternal, "an internal secret").json.find("secret"), std::string::npos);
}

}  // namespace
}  // namespace sluice::json
