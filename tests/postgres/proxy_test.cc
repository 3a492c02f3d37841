#include <gtest/gtest.h>

#include "postgres/session_driver.h"
#include "postgres/start_up_proxy.h"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;

Target through(const StartUpProxy& proxy) {
  Target target = server().target();
  target.port = proxy.port();
  return target;
}

TEST(Proxy, ThatTakesNoOptionsGetsTheSettingsAfterwards) {
  StartUpProxy proxy(server().port(), std::string("options\0", 8), "08P01",
                     "unsupported startup parameter: options");
  SessionDriver driver;
  DatabaseOptions options;
  options.session.time_zone = "Europe/Berlin";
  options.session.settings["work_mem"] = "3MB";
  for (int i = 0; i < 3; ++i) {
    auto connection =
        i == 0 ? driver.open(through(proxy), options) : std::move(*driver.connect_again());
    EXPECT_FALSE(connection->needs_reset(ResetPolicy::kDirty));
    EXPECT_EQ(driver.value(*connection, "SHOW timezone"), "Europe/Berlin");
    EXPECT_EQ(driver.value(*connection, "SHOW work_mem"), "3MB");
    EXPECT_EQ(driver.value(*connection, "SHOW intervalstyle"), "iso_8601");
    EXPECT_EQ(driver.value(*connection, "SHOW statement_timeout"), "30s");
    ASSERT_TRUE(driver.run(*connection, "SET timezone = 'Asia/Tokyo'"));
    ASSERT_TRUE(driver.reset(*connection));
    EXPECT_EQ(driver.value(*connection, "SHOW timezone"), "Europe/Berlin");
    EXPECT_EQ(driver.value(*connection, "SHOW work_mem"), "3MB");
  }
  EXPECT_EQ(proxy.refusals(), 1) << "remembered";
}

TEST(Proxy, ThatSharesSessionsGetsTheSettingsWithEveryStatement) {
  StartUpProxy proxy(server().port(), std::string("options\0", 8), "08P01", "no options here");
  SessionDriver driver;
  DatabaseOptions options;
  options.pool.statement_cache = 0;
  options.session.settings["work_mem"] = "3MB";
  auto connection = driver.open(through(proxy), options);
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(driver.value(*connection, "SHOW work_mem"), "3MB");
    EXPECT_EQ(driver.value(*connection, "SELECT interval '1 day'"), "P1D");
    EXPECT_EQ(driver.value(*connection, "SHOW statement_timeout"), "30s");
    // As if another client of the proxy had used the session.
    ASSERT_TRUE(driver.run(*connection, "SET work_mem = '9MB'"));
  }
  const auto source =
      "SELECT count(*) FROM pg_settings WHERE name = 'IntervalStyle' AND reset_val <> 'iso_8601'";
  EXPECT_EQ(driver.value(*connection, source), "1") << "the session itself was left alone";
}

TEST(Proxy, AConnectionIsNotUsedAgainAfterACancel) {
  StartUpProxy proxy(server().port(), std::string("options\0", 8), "08P01", "no options here");
  SessionDriver driver;
  auto connection = driver.open(through(proxy));
  auto ran = driver.start(*connection, statement("SELECT pg_sleep(30)"));
  driver.turn_for(20ms);
  connection->cancel();
  const auto result = driver.finish(*ran);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::kCancelled);
  EXPECT_TRUE(connection->broken());
}

TEST(Proxy, AServerWithoutTheCheckIntervalIsConnectedWithoutIt) {
  StartUpProxy proxy(server().port(), "client_connection_check_interval", "42704",
                     "unrecognized configuration parameter \"client_connection_check_interval\"");
  SessionDriver driver;
  for (int i = 0; i < 3; ++i) {
    auto connection = i == 0 ? driver.open(through(proxy)) : std::move(*driver.connect_again());
    EXPECT_EQ(driver.value(*connection, "SHOW client_connection_check_interval"), "0");
    EXPECT_EQ(driver.value(*connection, "SHOW intervalstyle"), "iso_8601");
  }
  EXPECT_EQ(proxy.refusals(), 1);
}

TEST(Proxy, AnEngineThatLacksWhatMakesNoDifferenceIsConnectedWithoutIt) {
  StartUpProxy proxy(server().port(), "jit=", "42704",
                     "unrecognized configuration parameter \"jit\"");
  SessionDriver driver;
  for (int i = 0; i < 3; ++i) {
    auto connection = i == 0 ? driver.open(through(proxy)) : std::move(*driver.connect_again());
    EXPECT_EQ(driver.value(*connection, "SHOW intervalstyle"), "iso_8601");
    EXPECT_EQ(driver.value(*connection, "SHOW statement_timeout"), "30s");
  }
  EXPECT_EQ(proxy.refusals(), 2) << "remembered";
}

TEST(Proxy, WhatTheUserAskedForIsNotLeftOut) {
  StartUpProxy proxy(server().port(), "work_mem", "42704",
                     "unrecognized configuration parameter \"work_mem\"");
  SessionDriver driver;
  DatabaseOptions options;
  options.session.settings["work_mem"] = "3MB";
  const auto refused = driver.connect(through(proxy), options);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("work_mem"), std::string::npos) << refused.error().message;
}

}  // namespace
}  // namespace sluice::test
