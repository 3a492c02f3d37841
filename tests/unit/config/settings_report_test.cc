#include "config/settings_report.h"

#include <gtest/gtest.h>

#include <string>

#include "config/config.h"
#include "temporary_files.h"

namespace sluice::config {
namespace {

class SettingsReportTest : public testing::Test {
 protected:
  SettingsReport read(const std::string& yaml, const Environment& environment = {}) {
    auto loaded = load(files_.write("a.yaml", yaml), environment);
    EXPECT_TRUE(loaded.mistakes.empty()) << loaded.mistakes.front().message;
    for (SettingReport& setting : loaded.report.settings) {
      const auto at = setting.where.find(files_.directory() + "/");
      if (at != std::string::npos) setting.where.erase(at, files_.directory().size() + 1);
    }
    return loaded.report;
  }
  /// "value origin where"
  static std::string told(const SettingsReport& report, const std::string& name) {
    for (const SettingReport& setting : report.settings) {
      if (setting.name != name) continue;
      std::string text = setting.value + " " + std::string(to_string(setting.origin));
      return setting.where.empty() ? text : text + " " + setting.where;
    }
    return "not there";
  }
  static std::string changes(const SettingsReport& before, const SettingsReport& after) {
    std::string text;
    for (const SettingChange& change : changes_between(before, after)) {
      text += change.name + ": " + change.from.value_or("-") + " -> " + change.to.value_or("-") +
              (change.reloadable ? "\n" : " (restart)\n");
    }
    return text;
  }

  TemporaryFiles files_;
};

constexpr const char* kOrders = "databases: {orders: {url: 'postgresql://u:hunter2@h/d'}}\n";

TEST_F(SettingsReportTest, TellsWhereEachSettingComesFrom) {
  const auto report = read("server:\n  workers: 3\npool:\n  max_size: 7\n",
                           {{"SLUICE_POOL__MIN_SIZE", "2"}, {"DB_ECHO_POOL", "true"}});
  EXPECT_EQ(told(report, "server.workers"), "3 file a.yaml:2:3");
  EXPECT_EQ(told(report, "server.listen"), "127.0.0.1:8080 default");
  EXPECT_EQ(told(report, "pool.max_size"), "7 file a.yaml:4:3");
  EXPECT_EQ(told(report, "pool.min_size"), "2 environment SLUICE_POOL__MIN_SIZE");
  EXPECT_EQ(told(report, "log.pool_events"), "true environment DB_ECHO_POOL");
}

TEST_F(SettingsReportTest, OurOwnVariableHidesTheOthersAndTheFile) {
  const auto report = read("log: {pool_events: false}\n",
                           {{"SLUICE_LOG__POOL_EVENTS", "false"}, {"DB_ECHO_POOL", "true"}});
  EXPECT_EQ(told(report, "log.pool_events"), "false environment SLUICE_LOG__POOL_EVENTS");
}

TEST_F(SettingsReportTest, TellsWhatADatabaseHasOfItsOwnAndNoSecret) {
  const auto report = read(
      "databases:\n  orders:\n    url: postgresql://u:hunter2@h/d?sslmode=require\n"
      "    labels: {region: eu}\n    pool: {max_size: 4}\n"
      "security: {api_keys: [{name: alice, key: 0123456789abcdef, role: operator}]}\n");
  EXPECT_EQ(told(report, "databases.orders.target"), "u@h:5432/d file a.yaml:3:5");
  EXPECT_EQ(told(report, "databases.orders.ssl"), "require file a.yaml:3:5");
  EXPECT_EQ(told(report, "databases.orders.password"), "set file a.yaml:3:5");
  EXPECT_EQ(told(report, "databases.orders.labels"), "region=eu file a.yaml:4:5");
  EXPECT_EQ(told(report, "databases.orders.pool.max_size"), "4 file a.yaml:5:12");
  EXPECT_EQ(told(report, "databases.orders.pool.min_size"), "not there");
  EXPECT_EQ(told(report, "security.api_keys"), "alice (operator) file a.yaml:6:12");
  for (const SettingReport& setting : report.settings) {
    EXPECT_EQ(setting.value.find("hunter2"), std::string::npos);
    EXPECT_EQ(setting.value.find("0123456789"), std::string::npos);
  }
}

TEST_F(SettingsReportTest, TellsWhatChanged) {
  const auto before = read(std::string(kOrders) + "pool: {max_size: 7}\nserver: {workers: 1}\n");
  const auto after = read(std::string(kOrders) + "pool: {max_size: 8}\nserver: {workers: 2}\n");
  EXPECT_EQ(changes(before, after), "server.workers: 1 -> 2 (restart)\npool.max_size: 7 -> 8\n");
  EXPECT_EQ(changes(before, before), "");
}

TEST_F(SettingsReportTest, TellsOfDatabasesThatComeAndGo) {
  const auto none = read("");
  const auto one = read(kOrders);
  EXPECT_NE(changes(none, one).find("databases.orders.target: - -> u@h:5432/d\n"),
            std::string::npos);
  EXPECT_NE(changes(one, none).find("databases.orders.target: u@h:5432/d -> -\n"),
            std::string::npos);
}

TEST_F(SettingsReportTest, NoticesAnotherSecretWithoutShowingIt) {
  const auto before = read(kOrders);
  const auto after = read("databases: {orders: {url: 'postgresql://u:hunter3@h/d'}}\n");
  EXPECT_EQ(changes(before, after), "databases.orders.password: set -> set (another one)\n");
}

TEST_F(SettingsReportTest, WhatNeedsARestartStaysAsItWas) {
  const auto before = read("pool: {max_size: 7}\nserver: {workers: 1, drain_delay_ms: 5}\n");
  const auto after = read("pool: {max_size: 8}\nserver: {workers: 2, drain_delay_ms: 6}\n");
  const auto in_force = after_reload(before, after);
  EXPECT_EQ(told(in_force, "server.workers"), "1 file a.yaml:2:10");
  EXPECT_EQ(told(in_force, "server.drain_delay_ms"), "6 file a.yaml:2:22");
  EXPECT_EQ(told(in_force, "pool.max_size"), "8 file a.yaml:1:8");
  EXPECT_EQ(changes(in_force, after), "server.workers: 1 -> 2 (restart)\n");
}

}  // namespace
}  // namespace sluice::config
