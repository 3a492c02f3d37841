#include "app/client/problem.h"

#include <gtest/gtest.h>

namespace sluice::app::client {
namespace {

ExitStatus status_for(const char* problem) {
  const auto document = json::Document::parse(problem);
  EXPECT_TRUE(document) << problem;
  return status_of(document->root());
}

TEST(Problem, ThatDidNothingAndMayBeRepeatedIsARefusal) {
  for (const char* code : {"breaker_open", "rate_limited", "too_many_sessions"}) {
    const auto text =
        std::string(R"({"code":")") + code + R"(","outcome":"not_started","retryable":true})";
    EXPECT_EQ(status_for(text.c_str()), ExitStatus::kRefused) << code;
  }
}

TEST(Problem, ThatMayHaveDoneSomethingOrWillComeAgainIsAFailure) {
  EXPECT_EQ(status_for(R"({"code":"database_unavailable","outcome":"unknown","retryable":false})"),
            ExitStatus::kFailure);
  EXPECT_EQ(status_for(R"({"code":"invalid_request","outcome":"not_started","retryable":false})"),
            ExitStatus::kFailure);
  EXPECT_EQ(status_for("{}"), ExitStatus::kFailure);
}

TEST(Problem, OfAStatementOrAKeyHasItsOwnStatus) {
  EXPECT_EQ(status_for(R"({"code":"sql_error","outcome":"rolled_back","retryable":true})"),
            ExitStatus::kSqlError);
  EXPECT_EQ(status_for(R"({"code":"forbidden","outcome":"not_started","retryable":false})"),
            ExitStatus::kUnauthorised);
}

}  // namespace
}  // namespace sluice::app::client
