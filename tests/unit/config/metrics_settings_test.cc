#include <gtest/gtest.h>

#include "config/config.h"

namespace sluice::config {
namespace {

TEST(MetricsSettings, AreReadAsListsAndNumbers) {
  const auto [config, wrong, report] =
      load("", {{"SLUICE_METRICS__COMPAT", "pgbouncer"}, {"SLUICE_METRICS__MAX_SERIES", "1000"}});
  EXPECT_TRUE(wrong.empty());
  EXPECT_EQ(config.metrics.compat, std::vector<std::string>{"pgbouncer"});
  EXPECT_EQ(config.metrics.max_series, 1000);
  EXPECT_TRUE(load("", {}).config.metrics.compat.empty());
}

TEST(MetricsSettings, OtherNamesAreRefusedWithThoseThatThereAre) {
  const auto result = load("", {{"SLUICE_METRICS__COMPAT", "pgbouncer,hikari"}});
  ASSERT_EQ(result.mistakes.size(), 1U);
  EXPECT_EQ(result.mistakes[0].where, "SLUICE_METRICS__COMPAT");
  EXPECT_NE(result.mistakes[0].message.find("must be one of pgbouncer, not 'hikari'"),
            std::string::npos)
      << result.mistakes[0].message;
}

}  // namespace
}  // namespace sluice::config
