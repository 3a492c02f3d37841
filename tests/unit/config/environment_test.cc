#include <gtest/gtest.h>

#include <cctype>
#include <chrono>
#include <string>
#include <vector>

#include "base/settings.h"
#include "config/config.h"
#include "config/service_settings.h"
#include "temporary_files.h"

namespace sluice::config {
namespace {

using std::chrono::milliseconds;

/// "pool.max_size" as "SLUICE_POOL__MAX_SIZE".
std::string variable_of(std::string_view setting) {
  std::string name = "SLUICE_";
  for (const char c : setting) {
    if (c == '.') {
      name += "__";
    } else {
      name += static_cast<char>(std::toupper(c));
    }
  }
  return name;
}

std::string first_mistake(const LoadResult& result) {
  return result.mistakes.empty() ? ""
                                 : result.mistakes[0].where + ": " + result.mistakes[0].message;
}

class FromEnvironment : public testing::Test {
 protected:
  LoadResult load_text(const std::string& yaml, const Environment& environment) {
    return load(files_.write("test.yaml", yaml), environment);
  }
  TemporaryFiles files_;
};

TEST_F(FromEnvironment, WinsOverTheFile) {
  const auto result = load_text("pool: {max_size: 5, min_size: 1}\nserver: {workers: 2}\n",
                                {{"SLUICE_POOL__MAX_SIZE", "7"}, {"SLUICE_SERVER__WORKERS", "3"}});
  EXPECT_EQ(first_mistake(result), "");
  EXPECT_EQ(result.config.defaults.pool.max_size, 7);
  EXPECT_EQ(result.config.defaults.pool.min_size, 1);
  EXPECT_EQ(result.config.server.workers, 3);
}

/// A value that is not the default, and contradicts no other default.
std::string other_value(const base::Setting& setting) {
  switch (setting.kind) {
    case base::SettingKind::kWord:
      return std::string(setting.words.substr(setting.words.rfind(' ') + 1));
    case base::SettingKind::kBoolean:
      return setting.get(DatabaseOptions{}) == "true" ? "false" : "true";
    case base::SettingKind::kRatio:
      return "0.75";
    case base::SettingKind::kText:
      return "Europe/Berlin";
    default:
      if (setting.name == "query.max_timeout_ms") return "40000";
      return setting.maximum < 10'000 || setting.name == "pool.min_size" ? "2" : "2001";
  }
}

TEST_F(FromEnvironment, EverySettingCanBeSet) {
  for (const base::Setting& setting : base::settings()) {
    const std::string value = other_value(setting);
    EXPECT_NE(setting.get(DatabaseOptions{}), value) << setting.name;
    const auto result = load("", {{variable_of(setting.name), value}});
    EXPECT_EQ(first_mistake(result), "") << setting.name;
    EXPECT_EQ(setting.get(result.config.defaults), value) << setting.name;
  }
}

TEST_F(FromEnvironment, EveryServiceSettingCanBeSetToItsDefault) {
  for (const ServiceSetting& setting : service_settings()) {
    const Config defaults;
    const auto result = load("", {{variable_of(setting.name), setting.get(defaults)}});
    EXPECT_EQ(first_mistake(result), "") << setting.name;
    EXPECT_EQ(setting.get(result.config), setting.get(defaults)) << setting.name;
  }
}

TEST_F(FromEnvironment, ListsAreSeparatedByCommas) {
  const auto result = load("", {{"SLUICE_SECURITY__CONNECT_HOSTS", "a.example, 10.0.0.0/8 ,,b"}});
  EXPECT_EQ(result.config.security.connect_hosts,
            (std::vector<std::string>{"a.example", "10.0.0.0/8", "b"}));
}

TEST_F(FromEnvironment, EmptyVariablesCountAsNotSet) {
  const auto result = load_text("pool: {max_size: 5}\n", {{"SLUICE_POOL__MAX_SIZE", ""},
                                                          {"DB_POOL_SIZE", ""},
                                                          {"DATABASE_URL", ""},
                                                          {"SLUICE_API_KEY", ""}});
  EXPECT_EQ(first_mistake(result), "");
  EXPECT_EQ(result.config.defaults.pool.max_size, 5);
  EXPECT_TRUE(result.config.databases.empty());
}

TEST_F(FromEnvironment, OtherPoolsNamesWinOverTheFileButNotOverOurs) {
  auto result = load_text("pool: {max_size: 5}\n", {{"DB_POOL_SIZE", "7"}});
  EXPECT_EQ(result.config.defaults.pool.max_size, 7);
  result = load_text("", {{"DB_POOL_SIZE", "7"}, {"SLUICE_POOL__MAX_SIZE", "9"}});
  EXPECT_EQ(result.config.defaults.pool.max_size, 9);
  result = load("", {{"WAIT_QUEUE_MULTIPLE", "3"},
                     {"SLUICE_POOL__MAX_SIZE", "9"},
                     {"DB_COMMAND_TIMEOUT", "1.5"},
                     {"ENABLE_MONITORING", "true"}});
  EXPECT_EQ(result.config.defaults.pool.max_waiters, 27);
  EXPECT_EQ(result.config.defaults.query.timeout, milliseconds(1'500));
  EXPECT_TRUE(result.config.log.pool_events);
  EXPECT_EQ(first_mistake(load("", {{"DB_POOL_TIMEOUT", "soon"}})),
            "DB_POOL_TIMEOUT: must be a number of seconds from 0.001 to 86400, not 'soon'");
  EXPECT_FALSE(load("", {{"ENABLE_MONITORING", "true"}, {"SLUICE_LOG__POOL_EVENTS", "false"}})
                   .config.log.pool_events);
}

TEST_F(FromEnvironment, VariablesThatKubernetesMakesAreLeftAlone) {
  EXPECT_EQ(first_mistake(load("", {{"SLUICE_SERVICE_HOST", "10.0.0.1"},
                                    {"SLUICE_PORT_8080_TCP", "tcp://10.0.0.1:8080"},
                                    {"SLUICE_PORT", "tcp://10.0.0.1:8080"}})),
            "");
}

TEST_F(FromEnvironment, MakesDatabases) {
  const auto result =
      load("", {{"SLUICE_DATABASES__ORDERS_EU__URL", "postgresql://u:p@h/d"},
                {"SLUICE_DATABASES__ORDERS_EU__POOL__MAX_SIZE", "3"},
                {"SLUICE_DATABASES__ORDERS_EU__LABELS__REGION", "eu"},
                {"SLUICE_DATABASES__ORDERS_EU__SESSION__SETTINGS__WORK_MEM", "1MB"}});
  EXPECT_EQ(first_mistake(result), "");
  ASSERT_EQ(result.config.databases.size(), 1u);
  const DatabaseConfig& database = result.config.databases[0];
  EXPECT_EQ(database.db_id, "orders_eu");
  EXPECT_EQ(database.target.display(), "u@h:5432/d");
  EXPECT_EQ(database.options.pool.max_size, 3);
  EXPECT_EQ(database.options.labels.at("region"), "eu");
  EXPECT_EQ(database.options.session.settings.at("work_mem"), "1MB");
}

TEST_F(FromEnvironment, ChangesDatabasesOfTheFile) {
  const std::string password = files_.write("password", "from-file\n");
  const auto result = load_text(
      "databases:\n  orders-eu: {host: old, database: d, user: u, password: old}\n"
      "  orders-eu.b: {url: 'postgresql://u:p@old/d'}\n",
      {{"SLUICE_DATABASES__ORDERS_EU__HOST", "new"},
       {"SLUICE_DATABASES__ORDERS_EU__PASSWORD_FILE", password},
       {"SLUICE_DATABASES__ORDERS_EU_B__HOST", "new-b"}});
  EXPECT_EQ(first_mistake(result), "");
  ASSERT_EQ(result.config.databases.size(), 2u);
  EXPECT_EQ(result.config.databases[0].target.display(), "u@new:5432/d");
  EXPECT_EQ(result.config.databases[0].target.password.reveal(), "from-file");
  EXPECT_EQ(result.config.databases[1].target.display(), "u@new-b:5432/d");
}

TEST_F(FromEnvironment, AUrlHidesTheTargetOfTheFile) {
  const auto result = load_text(
      "databases: {a: {host: old, database: d, user: u, password: old, required: true}}\n",
      {{"SLUICE_DATABASES__A__URL", "postgresql://v@new/e"}});
  EXPECT_EQ(first_mistake(result), "");
  ASSERT_EQ(result.config.databases.size(), 1u);
  EXPECT_EQ(result.config.databases[0].target.display(), "v@new:5432/e");
  EXPECT_TRUE(result.config.databases[0].target.password.empty());
  EXPECT_TRUE(result.config.databases[0].options.required);
}

TEST_F(FromEnvironment, TwoIdsThatReadAlikeAreAMistake) {
  const auto result = load_text(
      "databases:\n  a-b: {url: 'postgresql://u@h/d'}\n  a.b: {url: 'postgresql://u@h/e'}\n",
      {{"SLUICE_DATABASES__A_B__USER", "x"}});
  ASSERT_EQ(result.mistakes.size(), 1u);
  EXPECT_EQ(result.mistakes[0].where, "SLUICE_DATABASES__A_B__USER");
}

TEST_F(FromEnvironment, UnknownKeysOfADatabaseAreMistakes) {
  const auto result = load("", {{"SLUICE_DATABASES__A__URL", "postgresql://u@h/d"},
                                {"SLUICE_DATABASES__A__PASWORD", "x"}});
  EXPECT_EQ(first_mistake(result),
            "SLUICE_DATABASES__A__PASWORD: unknown key 'pasword'; did you mean 'password'?");
}

TEST_F(FromEnvironment, DatabaseUrlMakesTheDefaultDatabase) {
  for (const char* url :
       {"postgresql://u:p@h/d", "postgres://u:p@h/d", "postgresql+asyncpg://u:p@h/d"}) {
    const auto result = load("", {{"DATABASE_URL", url}});
    EXPECT_EQ(first_mistake(result), "");
    ASSERT_EQ(result.config.databases.size(), 1u);
    EXPECT_EQ(result.config.databases[0].db_id, "default");
    EXPECT_EQ(result.config.databases[0].target.display(), "u@h:5432/d");
  }
}

TEST_F(FromEnvironment, PartsMakeTheDefaultDatabase) {
  for (const char* password : {"DB_PASSWORD", "DB_PASS"}) {
    const auto result = load("", {{"DB_HOST", "h"},
                                  {"DB_PORT", "5433"},
                                  {"DB_NAME", "d"},
                                  {"DB_USER", "u"},
                                  {password, "secret"}});
    EXPECT_EQ(first_mistake(result), "");
    ASSERT_EQ(result.config.databases.size(), 1u);
    EXPECT_EQ(result.config.databases[0].target.display(), "u@h:5433/d");
    EXPECT_EQ(result.config.databases[0].target.password.reveal(), "secret");
  }
  EXPECT_TRUE(load("", {{"DB_USER", "u"}, {"DB_PASSWORD", "x"}}).config.databases.empty());
  EXPECT_EQ(load("", {{"DB_HOST", "h"}}).mistakes.size(), 1u) << "which database, which user?";
  EXPECT_EQ(load("", {{"DB_HOST", "h"}, {"DATABASE_URL", "postgresql://u@h/d"}}).mistakes.size(),
            1u);
}

TEST_F(FromEnvironment, TheKeyIsAnAdminsNamedEnv) {
  const auto file = files_.write("key", "0123456789abcdef\n");
  for (const Environment& environment : {Environment{{"SLUICE_API_KEY", "0123456789abcdef"}},
                                         Environment{{"SLUICE_API_KEY_FILE", file}}}) {
    const auto result = load("", environment);
    EXPECT_EQ(first_mistake(result), "");
    ASSERT_EQ(result.config.security.api_keys.size(), 1u);
    EXPECT_EQ(result.config.security.api_keys[0].name, "env");
    EXPECT_EQ(result.config.security.api_keys[0].role, "admin");
    EXPECT_EQ(result.config.security.api_keys[0].key.reveal(), "0123456789abcdef");
  }
  EXPECT_EQ(load("", {{"SLUICE_API_KEY", "short"}}).mistakes.size(), 1u);
  EXPECT_EQ(load("", {{"SLUICE_API_KEY_FILE", "/nowhere/key"}}).mistakes.size(), 1u);
  EXPECT_EQ(load("", {{"SLUICE_API_KEY", "0123456789abcdef"}, {"SLUICE_API_KEY_FILE", file}})
                .mistakes.size(),
            1u);
}

}  // namespace
}  // namespace sluice::config
