// Results that are known to be small come in one piece; one that is not small after all is given
// up.
#include <gtest/gtest.h>

#include <string>

#include "postgres/session_driver.h"

namespace sluice::test {
namespace {

class Collecting : public OpenConnectionTest {
 protected:
  Result<QueryResult> rows(int count, pool::ExecuteOptions options = {}) {
    Query query;
    query.sql = "SELECT repeat('x', 1000) FROM generate_series(1, $1::int)";
    query.params = {count};
    return driver.run(*connection, query, options);
  }
};

TEST_F(Collecting, AllRowsComeWhateverTheWay) {
  for (const int count : {3, 3, 0, 100, 100}) {
    const auto result = rows(count);
    ASSERT_TRUE(result) << result.error().message;
    EXPECT_EQ(static_cast<int>(result->rows.size()), count);
    EXPECT_EQ(result->completion.rows, count);
    EXPECT_EQ(result->columns.size(), 1U);
  }
}

TEST_F(Collecting, AnUnusuallyLargeResultIsGivenUpAndComesAtTheSecondTry) {
  ASSERT_TRUE(rows(1));
  ASSERT_TRUE(rows(1));
  const auto large = rows(200'000);
  ASSERT_FALSE(large);
  EXPECT_EQ(large.error().code, ErrorCode::kDatabaseUnavailable);
  EXPECT_EQ(large.error().outcome, Outcome::kNotStarted);
  EXPECT_EQ(large.error().fault, Fault::kCaller);
  EXPECT_TRUE(large.error().retryable);
  EXPECT_TRUE(connection->needs_reset(ResetPolicy::kDirty));
  ASSERT_TRUE(driver.reset(*connection));

  const auto again = rows(200'000);
  ASSERT_TRUE(again) << "it is remembered: " << again.error().message;
  EXPECT_EQ(again->rows.size(), 200'000U);
}

TEST_F(Collecting, ASecondTryTakesNoChances) {
  ASSERT_TRUE(rows(1));
  ASSERT_TRUE(rows(1));
  const auto large = rows(200'000, {.second_try = true});
  ASSERT_TRUE(large) << large.error().message;
  EXPECT_EQ(large->rows.size(), 200'000U);
}

TEST_F(Collecting, ALittleGrowthIsNothingToSpeakOf) {
  ASSERT_TRUE(rows(1));
  const auto larger = rows(1'000);
  ASSERT_TRUE(larger) << larger.error().message;
  EXPECT_EQ(larger->rows.size(), 1'000U);
}

TEST_F(Collecting, AWriteIsNeverGivenUp) {
  ASSERT_TRUE(run("CREATE TEMP TABLE noted (t text)"));
  const auto write = [&](int count) {
    return run(
        "INSERT INTO noted SELECT repeat('x', 1000) FROM generate_series(1, $1::int) RETURNING t",
        {count});
  };
  ASSERT_TRUE(write(1));
  ASSERT_TRUE(write(1));
  const auto large = write(20'000);
  ASSERT_TRUE(large) << large.error().message;
  EXPECT_EQ(large->rows.size(), 20'000U);
}

}  // namespace
}  // namespace sluice::test
