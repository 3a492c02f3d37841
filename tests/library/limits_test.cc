#include "library_fixture.h"

namespace sluice {
namespace {

/// A database whose buffered results may have 1,000 bytes, unlike the manager's defaults.
class LimitsTest : public LibraryTest {
 protected:
  LimitsTest() {
    DatabaseOptions options;
    options.query.max_result_bytes = 1'000;
    connect(options);
  }
  static Query large() { return statement("SELECT repeat('x', 100) FROM generate_series(1, 100)"); }
};

TEST_F(LimitsTest, HoldForAQuery) {
  EXPECT_EQ(manager.query("db", large()).error().code, ErrorCode::kResultTooLarge);
}

TEST_F(LimitsTest, HoldForATransaction) {
  const auto result = manager.transaction("db", {large()});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::kResultTooLarge);
}

TEST_F(LimitsTest, HoldForALegOfAFanOut) {
  FanOut everywhere;
  everywhere.targets.all = true;
  everywhere.query = large();
  const auto result = manager.fan_out(everywhere);
  ASSERT_FALSE(result.legs.at(0).result);
  EXPECT_EQ(result.legs[0].result.error().code, ErrorCode::kResultTooLarge);
}

}  // namespace
}  // namespace sluice
