#include "base/settings.h"

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <set>
#include <string>
#include <string_view>

#include "base/setting_text.h"

namespace sluice::base {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

std::string set(DatabaseOptions& options, std::string_view name, std::string_view text) {
  const Setting* setting = find_setting(name);
  if (setting == nullptr) return "no such setting";
  return setting->set(options, text).value_or("");
}

/// Sets by another pool's name, as the environment does.
std::string set_alias(DatabaseOptions& options, std::string_view variable, std::string_view text) {
  for (const Setting& setting : settings()) {
    for (const SettingAlias& alias : setting.also) {
      if (alias.name != variable) continue;
      return set_from_alias(setting, alias, options, text).value_or("");
    }
  }
  return "no such alias";
}

TEST(Settings, HasEveryNameOfTheDesignOnce) {
  const std::set<std::string_view> expected{"pool.max_size",
                                            "pool.max_overflow",
                                            "pool.min_size",
                                            "pool.shards",
                                            "pool.acquire_timeout_ms",
                                            "pool.max_waiters",
                                            "pool.connect_timeout_ms",
                                            "pool.max_lifetime_ms",
                                            "pool.idle_timeout_ms",
                                            "pool.max_queries",
                                            "pool.pre_ping",
                                            "pool.keepalive_ms",
                                            "pool.pool_idle_timeout_ms",
                                            "pool.reset",
                                            "pool.statement_cache",
                                            "pool.pipeline_depth",
                                            "pool.fair_shares",
                                            "pool.shedding",
                                            "pool.adaptive_limit",
                                            "pool.sizing",
                                            "query.timeout_ms",
                                            "query.max_timeout_ms",
                                            "query.stream_timeout_ms",
                                            "query.max_result_bytes",
                                            "breaker.window_ms",
                                            "breaker.minimum_calls",
                                            "breaker.failure_rate",
                                            "breaker.consecutive_connect_failures",
                                            "breaker.slow_rate",
                                            "breaker.slow_ms",
                                            "breaker.open_ms",
                                            "breaker.max_open_ms",
                                            "breaker.half_open_successes",
                                            "session.statement_timeout_ms",
                                            "session.idle_in_transaction_timeout_ms",
                                            "session.time_zone",
                                            "session.search_path",
                                            "session.application_name",
                                            "session.jit",
                                            "routing.route",
                                            "routing.max_lag_ms",
                                            "routing.monitor_interval_ms",
                                            "routing.primary_wait_ms",
                                            "sessions.idle_timeout_ms",
                                            "sessions.max_duration_ms",
                                            "sessions.max_per_database"};
  std::set<std::string_view> names;
  for (const Setting& setting : settings()) {
    EXPECT_TRUE(names.insert(setting.name).second) << setting.name;
    EXPECT_FALSE(setting.description.empty()) << setting.name;
  }
  EXPECT_EQ(names, expected);
}

TEST(Settings, ReadsBackWhatItWrites) {
  DatabaseOptions options;
  for (const Setting& setting : settings()) {
    const std::string text = setting.get(options);
    EXPECT_EQ(set(options, setting.name, text), "") << setting.name << " = " << text;
    EXPECT_EQ(setting.get(options), text) << setting.name;
  }
  EXPECT_TRUE(changed_settings(options, DatabaseOptions{}).empty());
}

TEST(Settings, EachNumberIsTakenAtItsBoundsAndRefusedBeyond) {
  for (const Setting& setting : settings()) {
    const bool is_whole = setting.kind == SettingKind::kInteger ||
                          setting.kind == SettingKind::kMilliseconds ||
                          setting.kind == SettingKind::kBytes;
    if (!is_whole) continue;
    const auto low = static_cast<std::int64_t>(setting.minimum);
    const auto high = static_cast<std::int64_t>(setting.maximum);
    DatabaseOptions options;
    for (const std::int64_t good : {low, high}) {
      EXPECT_EQ(set(options, setting.name, std::to_string(good)), "") << setting.name;
      EXPECT_EQ(setting.get(options), std::to_string(good)) << setting.name;
    }
    EXPECT_NE(set(options, setting.name, std::to_string(low - 1)), "") << setting.name;
    EXPECT_NE(set(options, setting.name, std::to_string(high + 1)), "") << setting.name;
    EXPECT_EQ(setting.get(options), std::to_string(high)) << "a refused value changed something";
  }
}

TEST(Settings, SaysWhatToWrite) {
  DatabaseOptions options;
  EXPECT_EQ(set(options, "pool.max_size", "ten"),
            "must be a whole number from 1 to 10000, not 'ten'");
  EXPECT_EQ(set(options, "pool.acquire_timeout_ms", "5s"),
            "must be a whole number of milliseconds from 1 to 86400000, not '5s'");
  EXPECT_EQ(set(options, "pool.reset", "sometimes"),
            "must be dirty, always or never, not 'sometimes'");
  EXPECT_EQ(set(options, "breaker.failure_rate", "50"), "must be a share from 0.01 to 1, not '50'");
  EXPECT_EQ(set(options, "session.jit", "maybe"), "must be true or false, not 'maybe'");
  EXPECT_EQ(set(options, "session.time_zone", ""), "must not be empty");
}

TEST(Settings, RefusesNumbersThatAreNone) {
  DatabaseOptions options;
  for (const char* text : {"", " 5", "5 ", "+5", "0x10", "1e3", "5.0", "99999999999999999999"}) {
    EXPECT_NE(set(options, "pool.max_size", text), "") << text;
  }
  for (const char* text : {"", "nan", "inf", "0", "-0.5", "1.01", "0.5 "}) {
    EXPECT_NE(set(options, "breaker.failure_rate", text), "") << text;
  }
  EXPECT_EQ(options.pool.max_size, 10);
  EXPECT_EQ(options.breaker.failure_rate, 0.5);
}

TEST(Settings, RefusesControlCharactersInTexts) {
  DatabaseOptions options;
  EXPECT_EQ(set(options, "session.search_path", "a\nb"), "must not contain control characters");
  EXPECT_EQ(set(options, "session.search_path", std::string_view("a\0b", 3)),
            "must not contain control characters");
  EXPECT_NE(set(options, "session.application_name", std::string(64, 'x')), "");
  EXPECT_EQ(set(options, "session.application_name", std::string(63, 'x')), "");
}

TEST(Settings, OtherPoolsNamesCountInSeconds) {
  DatabaseOptions options;
  for (const auto& [variable, value] :
       {std::pair{"DB_POOL_TIMEOUT", &options.pool.acquire_timeout},
        std::pair{"DB_POOL_RECYCLE", &options.pool.max_lifetime},
        std::pair{"CONNECT_TIMEOUT", &options.pool.connect_timeout},
        std::pair{"DB_CONNECT_TIMEOUT", &options.pool.connect_timeout},
        std::pair{"POOL_MAX_INACTIVE_TIME", &options.pool.idle_timeout},
        std::pair{"POOL_IDLE_TIMEOUT", &options.pool.pool_idle_timeout},
        std::pair{"COMMAND_TIMEOUT", &options.query.timeout},
        std::pair{"DB_COMMAND_TIMEOUT", &options.query.timeout}}) {
    *value = milliseconds(1);
    EXPECT_EQ(set_alias(options, variable, "7"), "") << variable;
    EXPECT_EQ(*value, seconds(7)) << variable;
    EXPECT_EQ(set_alias(options, variable, "2.5"), "") << variable;
    EXPECT_EQ(*value, milliseconds(2'500)) << variable;
  }
}

TEST(Settings, OtherPoolsNamesThatEndInMsCountInMilliseconds) {
  DatabaseOptions options;
  for (const auto& [variable, value] :
       {std::pair{"WAIT_QUEUE_TIMEOUT_MS", &options.pool.acquire_timeout},
        std::pair{"SERVER_SELECTION_TIMEOUT_MS", &options.pool.connect_timeout},
        std::pair{"MAX_IDLE_TIME_MS", &options.pool.idle_timeout},
        std::pair{"HEARTBEAT_FREQUENCY_MS", &options.pool.keepalive}}) {
    EXPECT_EQ(set_alias(options, variable, "7"), "") << variable;
    EXPECT_EQ(*value, milliseconds(7)) << variable;
  }
}

TEST(Settings, WaitQueueMultipleIsTimesMaxSize) {
  DatabaseOptions options;
  options.pool.max_size = 20;
  EXPECT_EQ(set_alias(options, "WAIT_QUEUE_MULTIPLE", "3"), "");
  EXPECT_EQ(options.pool.max_waiters, 60);
}

TEST(Settings, MinusOneSecondsMeansNeverWhereNeverIsAllowed) {
  DatabaseOptions options;
  EXPECT_EQ(set_alias(options, "DB_POOL_RECYCLE", "-1"), "");
  EXPECT_EQ(options.pool.max_lifetime, milliseconds(0));
  EXPECT_EQ(set_alias(options, "DB_POOL_TIMEOUT", "-1"),
            "must be a number of seconds from 0.001 to 86400, not '-1'");
}

TEST(Settings, PrePingTakesABooleanToo) {
  DatabaseOptions options;
  EXPECT_EQ(set_alias(options, "DB_POOL_PRE_PING", "true"), "");
  EXPECT_EQ(options.pool.pre_ping, PrePing::kAlways);
  EXPECT_EQ(set_alias(options, "DB_POOL_PRE_PING", "False"), "");
  EXPECT_EQ(options.pool.pre_ping, PrePing::kNever);
}

TEST(Settings, NoTwoSettingsShareAnAlias) {
  std::set<std::string_view> names;
  for (const Setting& setting : settings()) {
    for (const SettingAlias& alias : setting.also) {
      EXPECT_TRUE(names.insert(alias.name).second) << alias.name;
    }
  }
  EXPECT_EQ(names.size(), 19u);
}

TEST(Settings, FindsContradictions) {
  DatabaseOptions options;
  EXPECT_TRUE(contradictions(options).empty());
  options.pool.min_size = 11;
  options.pool.shards = 16;
  options.query.timeout = milliseconds(600'001);
  options.breaker.open_for = milliseconds(60'001);
  EXPECT_EQ(contradictions(options),
            (std::vector<std::string>{
                "pool.min_size (11) must not be above pool.max_size (10)",
                "pool.shards (16) must not be above pool.max_size (10)",
                "query.timeout_ms (600001) must not be above query.max_timeout_ms (600000)",
                "breaker.open_ms (60001) must not be above breaker.max_open_ms (60000)"}));
  DatabaseOptions equal;
  equal.pool.min_size = equal.pool.shards = equal.pool.max_size;
  equal.query.timeout = equal.query.max_timeout;
  equal.breaker.open_for = equal.breaker.max_open_for;
  EXPECT_TRUE(contradictions(equal).empty());
}

TEST(Settings, NamesWhatChanged) {
  DatabaseOptions before;
  DatabaseOptions after;
  EXPECT_TRUE(changed_settings(before, after).empty());
  after.pool.max_size = 20;
  after.session.jit = true;
  after.session.settings["work_mem"] = "64MB";
  after.labels["region"] = "eu";
  after.required = true;
  EXPECT_EQ(changed_settings(before, after),
            (std::vector<std::string>{"pool.max_size", "session.jit", "session.settings", "labels",
                                      "required"}));
}

TEST(Settings, SessionParametersWithASettingOfTheirOwnAreRefused) {
  EXPECT_FALSE(check_session_parameter("work_mem", "64MB"));
  EXPECT_FALSE(check_session_parameter("my.extension_flag", "on"));
  EXPECT_EQ(check_session_parameter("timezone", "UTC"), "use session.time_zone for timezone");
  EXPECT_TRUE(check_session_parameter("client_encoding", "LATIN1"));
  EXPECT_TRUE(check_session_parameter("", "x"));
  EXPECT_TRUE(check_session_parameter("a-b", "x"));
  EXPECT_TRUE(check_session_parameter("a b", "x"));
  EXPECT_TRUE(check_session_parameter("work_mem", "64\nMB"));
}

TEST(Settings, LabelsAreShortPlainWords) {
  EXPECT_FALSE(check_label("region", "eu"));
  EXPECT_FALSE(check_label("app.example.com/team", ""));
  EXPECT_TRUE(check_label("", "eu"));
  EXPECT_TRUE(check_label("re gion", "eu"));
  EXPECT_TRUE(check_label(std::string(64, 'a'), "eu"));
  EXPECT_TRUE(check_label("region", std::string(256, 'a')));
}

constexpr std::array<std::string_view, 5> kWords{"max_size", "min_size", "max_overflow", "shards",
                                                 "idle_timeout_ms"};

TEST(Nearest, FindsSlipsOfThePen) {
  EXPECT_EQ(nearest("max_sise", kWords), "max_size");
  EXPECT_EQ(nearest("maxsize", kWords), "max_size");
  EXPECT_EQ(nearest("MAX-SIZE", kWords), "max_size");
  EXPECT_EQ(nearest("shrads", kWords), "shards");
  EXPECT_EQ(nearest("idle_timeout", kWords), "idle_timeout_ms");
}

TEST(Nearest, FindsNothingForOtherWords) {
  EXPECT_FALSE(nearest("colour", kWords));
  EXPECT_FALSE(nearest("", kWords));
  EXPECT_FALSE(nearest("x", kWords));
  EXPECT_FALSE(nearest(std::string(10'000, 'm'), kWords));
  EXPECT_FALSE(nearest("max_size", {}));
}

TEST(SettingText, QuotesWithoutControlCharactersAndNotForEver) {
  EXPECT_EQ(in_quotes("a\nb\x1b"), "'a?b?'");
  EXPECT_EQ(in_quotes(std::string(40, 'a')), "'" + std::string(40, 'a') + "'");
  EXPECT_EQ(in_quotes(std::string(41, 'a')), "'" + std::string(40, 'a') + "…'");
  // 39 bytes, then a character of two: it is not cut in half.
  EXPECT_EQ(in_quotes(std::string(39, 'a') + "éé"), "'" + std::string(39, 'a') + "…'");
}

TEST(SettingText, WritesTheShortestNumber) {
  EXPECT_EQ(write_number(0.5), "0.5");
  EXPECT_EQ(write_number(1), "1");
  EXPECT_EQ(write_number(0.1 + 0.2), "0.30000000000000004");
}

}  // namespace
}  // namespace sluice::base
