#include "gateway/holders.h"

#include <gtest/gtest.h>

namespace sluice::gateway {
namespace {

using std::chrono::milliseconds;

Error timeout(std::vector<Holder> holders) {
  Error error;
  error.code = ErrorCode::kAcquireTimeout;
  error.message = "no connection became free";
  error.holders = std::move(holders);
  show_holders(error);
  return error;
}

TEST(ShownHolders, AreInTheTextWithoutLiterals) {
  const Error error =
      timeout({{"SELECT *  FROM t WHERE key = 'secret'", milliseconds(4'940), "reports", "r-7"},
               {"", milliseconds(2'100), "", ""}});
  EXPECT_EQ(error.holders[0].statement, "SELECT * FROM t WHERE key = ?");
  EXPECT_EQ(error.message,
            "no connection became free; the longest held by 'SELECT * FROM t WHERE key = ?', for "
            "4.9 s (reports, request r-7); another client, for 2.1 s");
}

TEST(ShownHolders, NameSessionsWhichHaveNoRequest) {
  const Error error = timeout({{"an idle session \"0-9f4e12\"", milliseconds(5'000), "anna", ""}});
  EXPECT_EQ(error.message,
            "no connection became free; the longest held by 'an idle session \"0-9f4e12\"', for "
            "5.0 s (anna)");
}

TEST(ShownHolders, HaveShortStatements) {
  const Error error = timeout({{"SELECT " + std::string(5'000, 'x'), milliseconds(1), {}, {}}});
  EXPECT_LT(error.message.size(), 300U);
  EXPECT_TRUE(error.holders[0].statement.ends_with("…"));
}

TEST(ShownHolders, NobodyIsNobody) { EXPECT_EQ(timeout({}).message, "no connection became free"); }

}  // namespace
}  // namespace sluice::gateway
