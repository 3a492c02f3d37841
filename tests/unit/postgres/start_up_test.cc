#include "postgres/start_up.h"

#include <gtest/gtest.h>

#include <map>

namespace sluice::postgres {
namespace {

std::map<std::string, std::string> read(const ConnectParameters& parameters) {
  std::map<std::string, std::string> read;
  for (int i = 0; parameters.keywords()[i]; ++i)
    EXPECT_TRUE(read.emplace(parameters.keywords()[i], parameters.values()[i]).second)
        << parameters.keywords()[i] << " twice";
  return read;
}

TEST(StartUp, OptionsAreEscaped) {
  EXPECT_EQ(start_up_options({}), "");
  EXPECT_EQ(start_up_options({{"a", "1"}, {"b", "x y\\z"}}), "-c a=1 -c b=x\\ y\\\\z");
  EXPECT_EQ(start_up_options({{"a", "1 -c evil=on"}}), "-c a=1\\ -c\\ evil=on");
}

TEST(StartUp, TheStatementTimeoutFollowsTheQuerysUnlessSet) {
  DatabaseOptions options;
  options.query.timeout = std::chrono::seconds(7);
  EXPECT_EQ(session_timeout(options), std::chrono::seconds(7));
  options.session.statement_timeout = std::chrono::milliseconds(0);
  EXPECT_EQ(session_timeout(options), std::chrono::seconds(0));
}

TEST(StartUp, LibpqFindsNoCredentialsOfItsOwn) {
  Target target;
  target.user = "u";
  target.database = "d";
  const auto given = read(ConnectParameters(target, {}, {}, "10.0.0.1"));
  EXPECT_EQ(given.at("hostaddr"), "10.0.0.1");
  EXPECT_NE(given.at("password"), "") << "an empty one makes libpq look for PGPASSWORD";
  EXPECT_EQ(given.at("gssencmode"), "disable");
  for (const char* file : {"passfile", "sslcert", "sslkey", "sslcrl", "sslrootcert"})
    EXPECT_EQ(given.at(file), "/dev/null/none") << file;
}

TEST(StartUp, AVerifiedServerIsCheckedAgainstTheSystemsAuthoritiesUnlessOthersAreGiven) {
  Target target;
  target.ssl = SslMode::kVerifyFull;
  EXPECT_NE(read(ConnectParameters(target, {}, {}, "")).at("sslrootcert").find("/"),
            std::string::npos);
  target.ssl_root_cert = "/my/ca.pem";
  EXPECT_EQ(read(ConnectParameters(target, {}, {}, "")).at("sslrootcert"), "/my/ca.pem");
  EXPECT_EQ(read(ConnectParameters(target, {}, {}, "")).count("hostaddr"), 0U);
}

TEST(StartUp, WhatTheServerRefusesIsLeftOut) {
  DatabaseOptions options;
  const auto has = [&](const ServerQuirks& quirks) {
    return start_up_options(session_settings(options, quirks)).find("check_interval") !=
           std::string::npos;
  };
  EXPECT_TRUE(has({}));
  EXPECT_FALSE(has({.refuses_check_interval = true}));
  const auto given = read(ConnectParameters({}, options, {.refuses_options = true}, ""));
  EXPECT_EQ(given.at("options"), "");
}

}  // namespace
}  // namespace sluice::postgres
