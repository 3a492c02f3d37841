#include "app/command_line.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <variant>
#include <vector>

#include "app/check_config.h"
#include "unit/config/temporary_files.h"

namespace sluice::app {
namespace {

Command parse(const std::vector<std::string>& arguments,
              const config::Environment& environment = {}) {
  const auto parsed = parse_command_line(arguments, environment);
  if (const auto* farewell = std::get_if<Farewell>(&parsed)) {
    ADD_FAILURE() << farewell->text;
    return {};
  }
  return std::get<Command>(parsed);
}

Farewell refused(const std::vector<std::string>& arguments) {
  const auto parsed = parse_command_line(arguments, {});
  const auto* farewell = std::get_if<Farewell>(&parsed);
  if (farewell == nullptr) ADD_FAILURE() << "was understood";
  return farewell == nullptr ? Farewell{} : *farewell;
}

TEST(CommandLine, ServeTakesItsOptions) {
  const Command command =
      parse({"serve", "--config", "a.yaml", "--env-file", ".env", "--listen", "127.0.0.1:1"});
  EXPECT_EQ(command.verb, Command::Verb::kServe);
  EXPECT_EQ(command.config_file, "a.yaml");
  EXPECT_EQ(command.env_file, ".env");
  EXPECT_EQ(command.listen, "127.0.0.1:1");
}

TEST(CommandLine, CheckConfigTakesAFile) {
  const Command command = parse({"check-config", "a.yaml", "--env-file", ".env"});
  EXPECT_EQ(command.verb, Command::Verb::kCheckConfig);
  EXPECT_EQ(command.config_file, "a.yaml");
  EXPECT_EQ(command.env_file, ".env");
  EXPECT_EQ(parse({"check-config", "--config", "b.yaml"}).config_file, "b.yaml");
}

TEST(CommandLine, TheEnvironmentNamesTheFileWhenNobodyElseDoes) {
  const config::Environment environment{{"SLUICE_CONFIG", "env.yaml"}};
  EXPECT_EQ(parse({"serve"}, environment).config_file, "env.yaml");
  EXPECT_EQ(parse({"serve", "-c", "own.yaml"}, environment).config_file, "own.yaml");
  EXPECT_EQ(parse({"serve"}).config_file, "");
}

TEST(CommandLine, VersionIsAVerbAndAFlag) {
  EXPECT_EQ(parse({"version"}).verb, Command::Verb::kVersion);
  EXPECT_EQ(parse({"--version"}).verb, Command::Verb::kVersion);
}

TEST(CommandLine, HelpHasExamplesAndIsNoMistake) {
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{"--help"}, std::vector<std::string>{"serve", "--help"}}) {
    const Farewell help = refused(arguments);
    EXPECT_FALSE(help.is_mistake);
    EXPECT_FALSE(help.text.empty());
  }
  EXPECT_NE(refused({"--help"}).text.find("Examples:"), std::string::npos);
}

TEST(CommandLine, WhatItDoesNotKnowIsAMistake) {
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{}, std::vector<std::string>{"sreve"},
        std::vector<std::string>{"serve", "--port", "1"}, std::vector<std::string>{"serve", "-c"},
        std::vector<std::string>{"version", "x"}}) {
    const Farewell farewell = refused(arguments);
    EXPECT_TRUE(farewell.is_mistake);
    EXPECT_FALSE(farewell.text.empty());
  }
}

TEST(CommandLine, AMistypedCommandIsToldWithTheOneThatWasMeant) {
  EXPECT_EQ(refused({"sreve"}).text,
            "unknown command 'sreve'; did you mean 'serve'?\nRun sluice --help for more.\n");
  EXPECT_EQ(refused({"chekc-config", "a.yaml"}).text,
            "unknown command 'chekc-config'; did you mean 'check-config'?\n"
            "Run sluice --help for more.\n");
  const std::string listed = refused({"frobnicate"}).text;
  EXPECT_TRUE(listed.starts_with("unknown command 'frobnicate'; there are serve, check-config"));
  EXPECT_NE(listed.find(", bench, "), std::string::npos);
}

class Configuration : public testing::Test {
 protected:
  config::TemporaryFiles files_;
};

TEST_F(Configuration, TheListenOptionWinsAndIsCheckedLikeTheOthers) {
  Command command{.verb = Command::Verb::kServe,
                  .config_file = files_.write("a.yaml", "server: {listen: '127.0.0.1:1'}\n"),
                  .env_file = {},
                  .listen = "127.0.0.1:2"};
  EXPECT_EQ(load_configuration(command, {}).config.server.listen, "127.0.0.1:2");
  command.listen = "0.0.0.0:2";
  const auto open = load_configuration(command, {});
  ASSERT_EQ(open.mistakes.size(), 1u);
  EXPECT_EQ(open.mistakes[0].where, "--listen");
}

TEST_F(Configuration, EnvFilesCountAndTheirMistakesAreTold) {
  Command command;
  command.env_file = files_.write(".env", "SLUICE_POOL__MAX_SIZE=3\n");
  EXPECT_EQ(load_configuration(command, {}).config.defaults.pool.max_size, 3);
  EXPECT_EQ(
      load_configuration(command, {{"SLUICE_POOL__MAX_SIZE", "4"}}).config.defaults.pool.max_size,
      4);
  command.env_file = files_.write(".env", "oops\n");
  EXPECT_EQ(describe_mistakes(load_configuration(command, {})),
            command.env_file + ":1: must be NAME=value, or a comment that begins with #\n");
  command.env_file = files_.directory() + "/none";
  EXPECT_EQ(load_configuration(command, {}).mistakes.size(), 1u);
}

TEST_F(Configuration, HostRulesAreChecked) {
  const auto loaded =
      load_configuration({}, {{"SLUICE_SECURITY__CONNECT_HOSTS", "localhost,127.1,10.0.0.1/8"}});
  ASSERT_EQ(loaded.mistakes.size(), 2u);
  EXPECT_EQ(loaded.mistakes[0].where, "security.connect_hosts");
}

TEST_F(Configuration, TheSummaryShowsNoSecrets) {
  const auto loaded =
      load_configuration({}, {{"DATABASE_URL", "postgresql://app:hunter2hunter2@h/d"},
                              {"SLUICE_API_KEY", "hunter2hunter2hunter2"}});
  EXPECT_EQ(describe_mistakes(loaded), "");
  const std::string summary = describe_configuration(loaded.config);
  EXPECT_TRUE(summary.starts_with("ok\n"));
  EXPECT_NE(summary.find("default: app@h:5432/d, at most 10 connections"), std::string::npos);
  EXPECT_NE(summary.find("env (admin)"), std::string::npos);
  EXPECT_EQ(summary.find("hunter2"), std::string::npos);
}

}  // namespace
}  // namespace sluice::app
