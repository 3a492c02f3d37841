#include "http/site_policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http/syntax.h"

namespace sluice::http {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

SitePolicy bound_to(std::string host, std::vector<std::string> allowed = {}) {
  return SitePolicy(
      {.bound_host = std::move(host), .allowed_hosts = std::move(allowed), .cors_origins = {}});
}

TEST(SitePolicy, AnswersOnlyToLoopbackNamesWhenBoundToLoopback) {
  const SitePolicy policy = bound_to("127.0.0.1");
  for (const char* host :
       {"127.0.0.1", "127.0.0.1:8080", "localhost", "LOCALHOST:1", "[::1]:80", "127.1.2.3", ""}) {
    EXPECT_TRUE(policy.is_our_host(host)) << host;
  }
  for (const char* host : {"evil.example", "evil.example:8080", "127.0.0.1.evil.example",
                           "localhost.evil.example", "192.168.1.1", "[::2]"}) {
    EXPECT_FALSE(policy.is_our_host(host)) << host;
  }
}

TEST(SitePolicy, AnswersToAnyNameWhenBoundToTheWorldOrAUnixSocket) {
  EXPECT_TRUE(bound_to("0.0.0.0").is_our_host("anything.example"));
  EXPECT_TRUE(bound_to("[::]").is_our_host("anything.example"));
  EXPECT_TRUE(bound_to("").is_our_host("anything.example"));
}

TEST(SitePolicy, AnswersToAllowedNames) {
  const SitePolicy policy = bound_to("0.0.0.0", {"db.example", "*.wild.example", "port.example:1"});
  EXPECT_TRUE(policy.is_our_host("DB.example:8080"));
  EXPECT_TRUE(policy.is_our_host("a.wild.example"));
  EXPECT_TRUE(policy.is_our_host("port.example:1"));
  EXPECT_TRUE(policy.is_our_host("localhost"));
  EXPECT_FALSE(policy.is_our_host("wild.example"));
  EXPECT_FALSE(policy.is_our_host("awild.example"));
  EXPECT_FALSE(policy.is_our_host("port.example:2"));
  EXPECT_FALSE(policy.is_our_host("other.example"));
}

TEST(SitePolicy, LetsOnlyItsOwnAndListedPagesChangeThings) {
  const SitePolicy policy(
      {.bound_host = "127.0.0.1", .allowed_hosts = {}, .cors_origins = {"https://app.example"}});
  EXPECT_TRUE(policy.may_change_things("", "localhost:8080"));
  EXPECT_TRUE(policy.may_change_things("http://localhost:8080", "localhost:8080"));
  EXPECT_TRUE(policy.may_change_things("https://app.example", "localhost:8080"));
  EXPECT_FALSE(policy.may_change_things("http://localhost:9999", "localhost:8080"));
  EXPECT_FALSE(policy.may_change_things("http://app.example", "localhost:8080"));
  EXPECT_FALSE(policy.may_change_things("null", "localhost:8080"));
}

TEST(SitePolicy, SendsNoCorsHeadersUnlessConfigured) {
  EXPECT_THAT(bound_to("127.0.0.1").cors_headers("https://app.example"), IsEmpty());
  const SitePolicy policy(
      {.bound_host = "127.0.0.1", .allowed_hosts = {}, .cors_origins = {"https://app.example"}});
  EXPECT_THAT(policy.cors_headers("https://app.example"),
              HasSubstr("Access-Control-Allow-Origin: https://app.example\r\n"));
  EXPECT_EQ(policy.cors_headers("https://evil.example"), "Vary: Origin\r\n");
  EXPECT_EQ(policy.cors_headers(""), "Vary: Origin\r\n");
}

TEST(Syntax, DecodesQueries) {
  const auto query = parsed_query("a=1&b=x+y%26&a=2&&flag&=empty&c==");
  ASSERT_TRUE(query);
  EXPECT_EQ(*query,
            (std::multimap<std::string, std::string>{
                {"", "empty"}, {"a", "1"}, {"a", "2"}, {"b", "x y&"}, {"c", "="}, {"flag", ""}}));
  EXPECT_FALSE(parsed_query("a=%"));
  EXPECT_FALSE(parsed_query("%4=b"));
  EXPECT_FALSE(parsed_query("a=%00"));
}

TEST(Syntax, DecodesOnlyWholeEscapes) {
  EXPECT_EQ(percent_decoded("%41%2f%c3%A4"), "A/\xc3\xa4");
  for (const char* broken : {"%", "%4", "a%zz", "%00", "%-1", "%+1"}) {
    EXPECT_FALSE(percent_decoded(broken)) << broken;
  }
}

}  // namespace
}  // namespace sluice::http
