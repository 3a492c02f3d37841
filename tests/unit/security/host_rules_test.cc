#include "security/host_rules.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace sluice::security {
namespace {

HostRules rules(const std::vector<std::string>& texts) {
  auto parsed = HostRules::parse(texts);
  EXPECT_TRUE(parsed) << parsed.error().message;
  return parsed.value_or(HostRules{});
}

TEST(HostRules, NoRuleAllowsNothing) {
  for (const char* host : {"", "localhost", "127.0.0.1", "::1", "/run/postgresql"}) {
    EXPECT_FALSE(rules({}).allows(host)) << host;
  }
}

TEST(HostRules, NamesAreComparedWithoutCaseAndWithoutTheLastDot) {
  const HostRules allowed = rules({"Db1.Internal"});
  EXPECT_TRUE(allowed.allows("db1.internal"));
  EXPECT_TRUE(allowed.allows("DB1.INTERNAL."));
  EXPECT_FALSE(allowed.allows("db1.internal.."));
  EXPECT_FALSE(allowed.allows("db1.internal.evil.example"));
  EXPECT_FALSE(allowed.allows("xdb1.internal"));
  EXPECT_FALSE(allowed.allows("db1"));
}

TEST(HostRules, ASuffixAllowsWhatIsBelowItOnly) {
  const HostRules allowed = rules({"*.example.com"});
  EXPECT_TRUE(allowed.allows("a.example.com"));
  EXPECT_TRUE(allowed.allows("a.b.EXAMPLE.com."));
  EXPECT_FALSE(allowed.allows("example.com"));
  EXPECT_FALSE(allowed.allows(".example.com"));
  EXPECT_FALSE(allowed.allows("aexample.com"));
  EXPECT_FALSE(allowed.allows("a.example.com.evil.org"));
}

TEST(HostRules, BlocksEndWhereTheyEnd) {
  const HostRules allowed = rules({"10.1.0.0/16", "192.168.4.0/22", "fd00:1::/33"});
  EXPECT_TRUE(allowed.allows("10.1.0.0"));
  EXPECT_TRUE(allowed.allows("10.1.255.255"));
  EXPECT_FALSE(allowed.allows("10.0.255.255"));
  EXPECT_FALSE(allowed.allows("10.2.0.0"));
  EXPECT_TRUE(allowed.allows("192.168.4.0"));
  EXPECT_TRUE(allowed.allows("192.168.7.255"));
  EXPECT_FALSE(allowed.allows("192.168.3.255"));
  EXPECT_FALSE(allowed.allows("192.168.8.0"));
  EXPECT_TRUE(allowed.allows("fd00:1:7fff::1"));
  EXPECT_FALSE(allowed.allows("fd00:1:8000::1"));
}

TEST(HostRules, WholeAndSingleBlocks) {
  EXPECT_TRUE(rules({"0.0.0.0/0"}).allows("203.0.113.9"));
  EXPECT_FALSE(rules({"0.0.0.0/0"}).allows("2001:db8::1"));
  EXPECT_FALSE(rules({"0.0.0.0/0"}).allows("example.com"));
  EXPECT_TRUE(rules({"::/0"}).allows("2001:db8::1"));
  EXPECT_TRUE(rules({"10.0.0.1/32"}).allows("10.0.0.1"));
  EXPECT_FALSE(rules({"10.0.0.1/32"}).allows("10.0.0.2"));
}

TEST(HostRules, OneAddressHasOneMeaningHoweverItIsWritten) {
  const HostRules allowed = rules({"127.0.0.1", "2001:db8::1"});
  EXPECT_TRUE(allowed.allows("127.0.0.1"));
  EXPECT_TRUE(allowed.allows("::ffff:127.0.0.1"));
  EXPECT_TRUE(allowed.allows("::ffff:7f00:1"));
  EXPECT_TRUE(allowed.allows("2001:DB8:0:0:0:0:0:1"));
  EXPECT_FALSE(allowed.allows("2001:db8::2"));
}

TEST(HostRules, AddressesInDisguiseAreRefusedEvenByTheStar) {
  const HostRules all = rules({"*"});
  for (const char* host : {"127.1", "127.0.1", "0x7f000001", "2130706433", "0177.0.0.1", "0x7f.1",
                           "127.0.0.01", "0"}) {
    EXPECT_FALSE(all.allows(host)) << host;
    EXPECT_FALSE(rules({"localhost", "127.0.0.0/8"}).allows(host)) << host;
  }
}

TEST(HostRules, TextThatIsNoHostIsRefusedEvenByTheStar) {
  const HostRules all = rules({"*"});
  for (const std::string& host :
       {std::string("a,b"), std::string("@abstract"), std::string("a b"), std::string("[::1]"),
        std::string("a\0b", 3), std::string("127.0.0.1\0", 10), std::string("fe80::1%eth0"),
        std::string("a/b"), std::string("a:5432"), std::string("é"), std::string("..", 2),
        std::string(254, 'a'), std::string("-oops")}) {
    EXPECT_FALSE(all.allows(host)) << host;
  }
  EXPECT_TRUE(all.allows("example.com"));
  EXPECT_TRUE(all.allows("203.0.113.9"));
}

TEST(HostRules, NamesAndAddressesDoNotStandForEachOther) {
  EXPECT_FALSE(rules({"localhost"}).allows("127.0.0.1"));
  EXPECT_FALSE(rules({"127.0.0.0/8", "::1"}).allows("localhost"));
}

TEST(HostRules, SocketsAreAllowedByDirectoryOnly) {
  const HostRules allowed = rules({"/run/postgresql/"});
  EXPECT_TRUE(allowed.allows("/run/postgresql"));
  EXPECT_TRUE(allowed.allows("/run/postgresql/"));
  EXPECT_TRUE(allowed.allows("/run/postgresql/a"));
  EXPECT_FALSE(allowed.allows("/run/postgresql2"));
  EXPECT_FALSE(allowed.allows("/run"));
  EXPECT_FALSE(allowed.allows("/run/postgresql/../secret"));
  EXPECT_FALSE(allowed.allows(std::string("/run/postgresql\0/x", 18)));
  EXPECT_FALSE(rules({"*"}).allows("/run/postgresql")) << "the star is the network";
  EXPECT_TRUE(rules({"/"}).allows("/anything"));
}

TEST(HostRules, RulesThatMakeNoSenseAreNamedAllAtOnce) {
  const auto parsed = HostRules::parse({"localhost", "10.0.0.1/8", "10.0.0.0/33", "::/129", "a b",
                                        "", "127.1", "*.10", "a/8", "10.0.0.0/", "/a/../b", "a*"});
  ASSERT_FALSE(parsed);
  EXPECT_EQ(parsed.error().code, ErrorCode::kInvalidRequest);
  ASSERT_EQ(parsed.error().fields.size(), 11u);
  EXPECT_EQ(parsed.error().fields[0].message,
            "'10.0.0.1/8' has bits set after its first 8; write the block's first address, or "
            "leave out the /8");
}

}  // namespace
}  // namespace sluice::security
