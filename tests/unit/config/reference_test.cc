// docs/configuration.md tells what the code does.
#include "config/reference.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>

#include "base/settings.h"
#include "config/config.h"
#include "config/service_settings.h"
#include "temporary_files.h"

namespace sluice::config {
namespace {

std::string page() {
  const char* root = std::getenv("SLUICE_SOURCE_DIR");
  std::ifstream file(std::string(root == nullptr ? "." : root) + "/docs/configuration.md");
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

/// The line of the table that begins with that key, after the heading of its section.
std::string row(const std::string& text, std::string_view name) {
  const auto dot = name.find('.');
  const auto section = text.find("\n### `" + std::string(name.substr(0, dot)) + "`\n");
  const auto begin = text.find("| `" + std::string(name.substr(dot + 1)) + "` |", section);
  if (section == std::string::npos || begin == std::string::npos) return {};
  return text.substr(begin, text.find('\n', begin) - begin);
}

void expect_in(const std::string& line, const std::string& part) {
  EXPECT_NE(line.find(part), std::string::npos) << "\"" << part << "\" is not in " << line;
}

TEST(Reference, ThePageHasWhatTheProgramPrints) {
  const std::string text = page();
  const auto begin = text.find("## The process\n");
  ASSERT_NE(begin, std::string::npos);
  EXPECT_EQ(text.substr(begin), reference()) << "run scripts/write-reference.sh";
}

TEST(Reference, EverySettingOfTheProcessIsThere) {
  const std::string text = reference();
  const Config defaults;
  for (const ServiceSetting& setting : service_settings()) {
    const std::string line = row(text, setting.name);
    const std::string value = setting.get(defaults);
    expect_in(line, value.empty() ? "| empty |" : "| `" + value + "` |");
    expect_in(line, std::string(setting.description));
    for (const auto also : setting.also) expect_in(line, "`" + std::string(also) + "`");
  }
}

TEST(Reference, EverySettingOfADatabaseIsThere) {
  const std::string text = reference();
  for (const base::Setting& setting : base::settings()) {
    const std::string line = row(text, setting.name);
    const std::string value = setting.get({});
    expect_in(line, value.empty() ? "| empty |" : "| `" + value + "` |");
    expect_in(line, std::string(setting.description));
    for (const auto& also : setting.also) expect_in(line, "`" + std::string(also.name) + "`");
  }
}

TEST(Reference, ValuesHaveTheirRangesAndUnits) {
  const std::string text = reference();
  expect_in(row(text, "server.max_connections"), "| 1 to 1,000,000 |");
  expect_in(row(text, "server.drain_delay_ms"), "| 0 to 86,400,000 ms |");
  expect_in(row(text, "server.max_body_bytes"), "| 1,024 to 1,073,741,824 bytes |");
  expect_in(row(text, "server.allowed_hosts"), "| list of text of at most 255 bytes |");
  expect_in(row(text, "log.level"), "| `debug`, `info`, `warn`, `error` |");
  expect_in(row(text, "pool.reset"), "| `dirty`, `always`, `never` |");
  expect_in(row(text, "breaker.failure_rate"), "| 0.01 to 1 |");
  expect_in(row(text, "session.statement_timeout_ms"), "| -1 to 86,400,000 ms |");
  expect_in(row(text, "session.jit"), "| `true`, `false` |");
  expect_in(row(text, "pool.acquire_timeout_ms"), "`DB_POOL_TIMEOUT` (seconds)");
  expect_in(row(text, "pool.max_waiters"), "`WAIT_QUEUE_MULTIPLE` (× `max_size`)");
}

/// The ranges of the table are those that are enforced.
TEST(Reference, RangesOfTheProcessAreTrue) {
  for (const ServiceSetting& setting : service_settings()) {
    if (setting.kind == base::SettingKind::kWord || setting.kind == base::SettingKind::kBoolean ||
        setting.is_list || setting.kind == base::SettingKind::kText) {
      continue;
    }
    Config config;
    EXPECT_FALSE(setting.set(config, {std::to_string(setting.minimum)})) << setting.name;
    EXPECT_FALSE(setting.set(config, {std::to_string(setting.maximum)})) << setting.name;
    EXPECT_TRUE(setting.set(config, {std::to_string(setting.minimum - 1)})) << setting.name;
    EXPECT_TRUE(setting.set(config, {std::to_string(setting.maximum + 1)})) << setting.name;
  }
}

/// What may stand in a place of the file, as its own message about a wrong key says.
std::string known_keys(const std::string& yaml) {
  const TemporaryFiles files;
  for (const ConfigMistake& mistake : load(files.write("a.yaml", yaml), {}).mistakes) {
    const auto list = mistake.message.find("; known here:");
    if (list != std::string::npos) return mistake.message.substr(list + 13);
  }
  return {};
}

TEST(Reference, KeysOfDatabasesAndApiKeysAreThere) {
  const std::string text = page();
  for (const std::string yaml :
       {"databases: {a: {url: 'postgresql://u@h/d', qqqqqqqq: 1}}",
        "security: {api_keys: [{name: a, key: 0123456789abcdef, qqqqqqqq: 1}]}", "qqqqqqqq: 1"}) {
    std::istringstream keys(known_keys(yaml));
    int count = 0;
    for (std::string key; keys >> key; ++count) {
      EXPECT_NE(text.find("`" + key + "`"), std::string::npos) << key;
    }
    EXPECT_GE(count, 4) << yaml;
  }
}

}  // namespace
}  // namespace sluice::config
