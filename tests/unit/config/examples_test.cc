// The files that we ship as examples are complete, right, and show the real defaults.
#include <gtest/gtest.h>

#include <cctype>
#include <cstdlib>
#include <fstream>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/settings.h"
#include "config/config.h"
#include "config/service_settings.h"
#include "temporary_files.h"

namespace sluice::config {
namespace {

std::string source(const std::string& name) {
  const char* root = std::getenv("SLUICE_SOURCE_DIR");
  return std::string(root == nullptr ? "." : root) + "/" + name;
}

std::vector<std::string> lines_of(const std::string& file) {
  std::ifstream stream(file);
  std::vector<std::string> lines;
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

/// "pool.max_size" as "SLUICE_POOL__MAX_SIZE".
std::string variable_of(std::string_view setting) {
  std::string name = "SLUICE_";
  for (const char c : setting) {
    name += c == '.' ? std::string("__") : std::string(1, static_cast<char>(std::toupper(c)));
  }
  return name;
}

/// "#NAME=value" as "NAME=value"; empty for every other line.
std::string assignment(const std::string& line) {
  const bool is_one = line.size() > 1 && line[0] == '#' && std::isupper(line[1]) != 0 &&
                      line.find('=') != std::string::npos && line.find(' ') == std::string::npos;
  return is_one ? line.substr(1) : "";
}

std::set<std::string> variables_of_example() {
  std::set<std::string> names;
  for (const std::string& line : lines_of(source(".env.example"))) {
    const std::string text = assignment(line);
    if (!text.empty()) names.insert(text.substr(0, text.find('=')));
  }
  return names;
}

void expect_defaults(const LoadResult& result) {
  for (const ConfigMistake& mistake : result.mistakes) {
    ADD_FAILURE() << mistake.where << ": " << mistake.message;
  }
  for (const base::Setting& setting : base::settings()) {
    EXPECT_EQ(setting.get(result.config.defaults), setting.get(DatabaseOptions{})) << setting.name;
  }
  for (const ServiceSetting& setting : service_settings()) {
    EXPECT_EQ(setting.get(result.config), setting.get(Config{})) << setting.name;
  }
}

TEST(Examples, TheEnvFileListsEveryVariable) {
  const auto names = variables_of_example();
  for (const base::Setting& setting : base::settings()) {
    EXPECT_TRUE(names.contains(variable_of(setting.name))) << setting.name;
    for (const auto& alias : setting.also) {
      EXPECT_TRUE(names.contains(std::string(alias.name))) << alias.name;
    }
  }
  for (const ServiceSetting& setting : service_settings()) {
    EXPECT_TRUE(names.contains(variable_of(setting.name))) << setting.name;
    for (const auto alias : setting.also) EXPECT_TRUE(names.contains(std::string(alias))) << alias;
  }
  for (const char* name :
       {"SLUICE_CONFIG", "SLUICE_API_KEY", "SLUICE_API_KEY_FILE", "DATABASE_URL", "DB_HOST",
        "DB_PORT", "DB_NAME", "DB_USER", "DB_PASSWORD", "DB_PASS", "DB_PASSWORD_FILE"}) {
    EXPECT_TRUE(names.contains(name)) << name;
  }
}

TEST(Examples, TheEnvFileNamesNothingUnknownAndHasTheDefaults) {
  std::string text;
  for (const std::string& line : lines_of(source(".env.example"))) {
    const std::string variable = assignment(line);
    // What describes a database is an example, and WAIT_QUEUE_MULTIPLE writes the default out.
    const bool is_example = variable.starts_with("DATABASE_URL=") ||
                            variable.starts_with("DB_HOST=") ||
                            variable.starts_with("WAIT_QUEUE_MULTIPLE=");
    if (!is_example) text += variable + "\n";
  }
  const TemporaryFiles files;
  const auto environment = with_env_file(files.write(".env", text), {});
  ASSERT_TRUE(environment) << environment.error().message;
  expect_defaults(load("", *environment));
  EXPECT_TRUE(load("", *environment).config.databases.empty());
}

TEST(Examples, OtherPoolsNamesInTheEnvFileHaveTheDefaults) {
  std::string text;
  for (const std::string& line : lines_of(source(".env.example"))) {
    const std::string variable = assignment(line);
    const bool is_ours = variable.starts_with("SLUICE_") || variable.starts_with("DATABASE_URL=") ||
                         variable.starts_with("DB_HOST=") ||
                         variable.starts_with("WAIT_QUEUE_MULTIPLE=");
    if (!is_ours) text += variable + "\n";
  }
  const TemporaryFiles files;
  const auto environment = with_env_file(files.write(".env", text), {});
  ASSERT_TRUE(environment) << environment.error().message;
  expect_defaults(load("", *environment));
}

TEST(Examples, TheYamlFileIsGoodAndHasTheDefaults) {
  expect_defaults(load(source("config/sluice.yaml"), {}));
}

TEST(Examples, TheYamlFileShowsEverySetting) {
  std::set<std::string> shown;
  std::string section;
  for (const std::string& line : lines_of(source("config/sluice.yaml"))) {
    const std::string key = line.substr(0, line.find(':'));
    if (line.empty() || line.find(':') == std::string::npos) continue;
    if (std::islower(line[0]) != 0) section = key;
    if (line.starts_with("  ") && std::islower(line[2]) != 0) {
      shown.insert(section + "." + key.substr(2));
    }
  }
  for (const base::Setting& setting : base::settings()) {
    EXPECT_TRUE(shown.contains(std::string(setting.name))) << setting.name;
  }
  for (const ServiceSetting& setting : service_settings()) {
    EXPECT_TRUE(shown.contains(std::string(setting.name))) << setting.name;
  }
  EXPECT_TRUE(shown.contains("security.api_keys"));
  EXPECT_TRUE(shown.contains("session.settings"));
}

}  // namespace
}  // namespace sluice::config
