#include <gtest/gtest.h>

#include "postgres/session_driver.h"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;

TEST(Execute, GivesColumnsRowsAndTheCommand) {
  SessionDriver driver;
  auto connection = driver.open();
  const auto result =
      driver.run(*connection, "SELECT 1 AS one, NULL::text AS none UNION ALL SELECT 2, 'x'");
  ASSERT_TRUE(result) << result.error().message;
  ASSERT_EQ(result->columns.size(), 2U);
  EXPECT_EQ(result->columns[0].name, "one");
  EXPECT_EQ(result->columns[0].type, "int4");
  EXPECT_EQ(result->columns[1].type, "text");
  ASSERT_EQ(result->rows.size(), 2U);
  EXPECT_EQ(result->rows[0][0], "1");
  EXPECT_EQ(result->rows[0][1], std::nullopt);
  EXPECT_EQ(result->rows[1][1], "x");
  EXPECT_EQ(result->completion.command, "SELECT");
  EXPECT_EQ(result->completion.affected, std::nullopt);
  EXPECT_EQ(result->completion.rows, 2);
  EXPECT_FALSE(result->completion.truncated);
}

TEST(Execute, GivesColumnsWithoutRows) {
  SessionDriver driver;
  auto connection = driver.open();
  auto ran = driver.start(*connection, {.sql = "SELECT 1 AS a WHERE false"});
  ASSERT_TRUE(driver.finish(*ran));
  EXPECT_EQ(ran->sink.columns_calls, 1);
}

}  // namespace
}  // namespace sluice::test
