#include <gtest/gtest.h>

#include <string>

#include "config/config.h"
#include "temporary_files.h"

namespace sluice::config {
namespace {

class EnvFile : public testing::Test {
 protected:
  TemporaryFiles files_;
};

TEST_F(EnvFile, GivesItsVariables) {
  const auto file = files_.write(".env",
                                 "\xef\xbb\xbf# comment\n\nA=1\nexport B = two words  # comment\n"
                                 "C='single # $x'\nD=\"a\\\"b\\nc\" # comment\nE=a#b\r\nF=\nG=x=y\n"
                                 "SET=file\nA=last");
  const auto environment = with_env_file(file, {{"SET", "really"}, {"F", ""}, {"OTHER", "1"}});
  ASSERT_TRUE(environment) << environment.error().message;
  EXPECT_EQ(environment->at("A"), "last");
  EXPECT_EQ(environment->at("B"), "two words");
  EXPECT_EQ(environment->at("C"), "single # $x");
  EXPECT_EQ(environment->at("D"), "a\"b\nc");
  EXPECT_EQ(environment->at("E"), "a#b");
  EXPECT_EQ(environment->at("F"), "");
  EXPECT_EQ(environment->at("G"), "x=y");
  EXPECT_EQ(environment->at("SET"), "really");
  EXPECT_EQ(environment->at("OTHER"), "1");
}

TEST_F(EnvFile, WinsOverVariablesSetToNothing) {
  const auto environment = with_env_file(files_.write(".env", "A=file\n"), {{"A", ""}});
  ASSERT_TRUE(environment);
  EXPECT_EQ(environment->at("A"), "file");
}

TEST_F(EnvFile, NamesBadLinesWithoutShowingThem) {
  const auto file = files_.write(".env", "A=1\nhunter2\n1A=hunter2\nB='hunter2\nC=\"x\" hunter2\n");
  const auto environment = with_env_file(file, {});
  ASSERT_FALSE(environment);
  const Error& error = environment.error();
  ASSERT_EQ(error.fields.size(), 4u);
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(error.fields[i].field, file + ":" + std::to_string(i + 2));
    EXPECT_EQ(error.fields[i].message.find("hunter2"), std::string::npos);
  }
  EXPECT_FALSE(with_env_file(files_.directory() + "/none", {}));
}

}  // namespace
}  // namespace sluice::config
