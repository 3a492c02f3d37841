#include "sluice/target.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace sluice {
namespace {

struct Good {
  std::string url;
  std::string display;
  std::string password;
};

TEST(Target, ReadsUrls) {
  const std::vector<Good> table{
      {"postgresql://app:secret@db1:6432/orders", "app@db1:6432/orders", "secret"},
      {"postgres://app@db1/orders", "app@db1:5432/orders", ""},
      {"postgresql://app:s@db1:/orders", "app@db1:5432/orders", "s"},
      {"postgresql://app@/orders", "app@127.0.0.1:5432/orders", ""},
      {"postgresql:///orders?user=app&password=x%26y&host=db2&port=1", "app@db2:1/orders", "x&y"},
      {"postgresql://app:a%40b%3A%2F%3f@db1/my%20db", "app@db1:5432/my db", "a@b:/?"},
      {"postgresql://app:a@b#c@db1/d", "app@db1:5432/d", "a@b#c"},
      {"postgresql://app:a:b@db1/d", "app@db1:5432/d", "a:b"},
      {"postgresql://app:%31@[::1]:6432/d", "app@[::1]:6432/d", "1"},
      {"postgresql://app@[fe80::1%25eth0]/d", "app@[fe80::1%eth0]:5432/d", ""},
      {"postgresql://app@/d?host=/run/postgresql", "app@/run/postgresql:5432/d", ""},
      {"postgresql://app@%2Frun%2Fpostgresql:5433/d", "app@/run/postgresql:5433/d", ""},
      {"postgresql://app@db1?dbname=d", "app@db1:5432/d", ""},
      {"postgresql://app@db1/d?application_name=x@y&connect_timeout=1", "app@db1:5432/d", ""},
      {"postgresql://m%C3%BCller@db1/d?", "müller@db1:5432/d", ""},
  };
  for (const Good& row : table) {
    const auto target = Target::parse(row.url);
    ASSERT_TRUE(target) << row.url << ": " << target.error().message;
    EXPECT_EQ(target->display(), row.display) << row.url;
    EXPECT_EQ(target->password.reveal(), row.password) << row.url;
  }
}

TEST(Target, StoresAnIpv6AddressWithoutBrackets) {
  EXPECT_EQ(Target::parse("postgresql://app@[2001:db8::2]/d")->host, "2001:db8::2");
}

TEST(Target, ReadsSslSettings) {
  const auto target =
      Target::parse("postgresql://app@db1/d?sslmode=verify-full&sslrootcert=/etc/ca.pem");
  ASSERT_TRUE(target);
  EXPECT_EQ(target->ssl, SslMode::kVerifyFull);
  EXPECT_EQ(target->ssl_root_cert, "/etc/ca.pem");
  EXPECT_EQ(Target::parse("postgresql://app@db1/d")->ssl, SslMode::kPrefer);
}

TEST(Target, ReadsSeveralHostsAsLibpqWritesThem) {
  const std::vector<Good> table{
      {"postgresql://app:s@a:1,b:2/d", "app@a:1,b:2/d", "s"},
      {"postgresql://app@a,b:2,[::1]:3/d", "app@a:5432,b:2,[::1]:3/d", ""},
      {"postgresql://app:x,y@a,b/d?target_session_attrs=read-write&load_balance_hosts=random",
       "app@a:5432,b:5432/d", "x,y"},
      {"postgresql://app@/d?host=a,b&port=6000", "app@a:6000,b:6000/d", ""},
      {"postgresql://app@/d?port=1,2&host=a,b", "app@a:1,b:2/d", ""},
      {"postgresql://app@%2Frun%2Fx:1,b/d", "app@/run/x:1,b:5432/d", ""},
  };
  for (const Good& row : table) {
    const auto target = Target::parse(row.url);
    ASSERT_TRUE(target) << row.url << ": " << target.error().message;
    EXPECT_EQ(target->display(), row.display) << row.url;
    EXPECT_EQ(target->password.reveal(), row.password) << row.url;
  }
}

TEST(Target, SeveralHostsAreTheSameInAnyOrder) {
  const auto one = *Target::parse("postgresql://app@a:1,B:2/d");
  const auto other = *Target::parse("postgresql://app@b:2,a:1/d");
  EXPECT_TRUE(one.same_as(other));
  EXPECT_EQ(one.default_db_id(), other.default_db_id());
  for (const char* url : {"postgresql://app@a:1/d", "postgresql://app@a:1,b:3/d",
                          "postgresql://app@a:1,b:2,c:3/d", "postgresql://app@a:1,b:2/e"}) {
    EXPECT_FALSE(one.same_as(*Target::parse(url))) << url;
    EXPECT_NE(one.default_db_id(), Target::parse(url)->default_db_id()) << url;
  }
}

TEST(Target, IsOneHostOfSeveral) {
  const auto target = *Target::parse("postgresql://app:secret@a:1,b:2/d?sslmode=require");
  ASSERT_EQ(target.hosts().size(), 2u);
  const Target one = target.at(target.hosts()[1]);
  EXPECT_EQ(one.display(), "app@b:2/d");
  EXPECT_EQ(one.password.reveal(), "secret");
  EXPECT_EQ(one.ssl, SslMode::kRequire);
}

struct Bad {
  std::string url;
  std::string says;
};

TEST(Target, SaysWhatIsWrongAndNeverThePassword) {
  const std::vector<Bad> table{
      {"", "postgresql://"},
      {"mysql://app:hunter2@db1/d", "postgresql://"},
      {"postgresql://app:hunter2@db1:70000/d", "port"},
      {"postgresql://app:hunter2@db1:0/d", "port"},
      {"postgresql://app:hunter2@db1:5432x/d", "port"},
      {"postgresql://app:hunter2@db1:-1/d", "port"},
      {"postgresql://app:hunter2/d", "port"},
      {"postgresql://app:hunt/er2@db1/d", "%2F"},
      {"postgresql://app:hunt?er2@db1/d", "port"},
      {"postgresql://app:123?hunter2=1@db1/d", "%3F"},
      {"postgresql://app:hunter2%@db1/d", "%25"},
      {"postgresql://app:hunter2%4@db1/d", "%25"},
      {"postgresql://app:hunter2%zz@db1/d", "%25"},
      {"postgresql://app:hunter2%00@db1/d", "NUL"},
      {"postgresql://app:hunter2%ff@db1/d", "UTF-8"},
      {"postgresql://app:hunter2@d b/d", "host"},
      {"postgresql://app:hunter2@[::1/d", "']'"},
      {"postgresql://app:hunter2@[::1]x/d", "']'"},
      {"postgresql://app:hunter2@[db1]/d", "IPv6"},
      {"postgresql://app:hunter2@::1/d", "brackets"},
      {"postgresql://app:hunter2@/d?host=@abstract", "abstract"},
      {"postgresql://app:hunter2@db1/d/e", "%2F"},
      {"postgresql://app:hunter2@db1/d?options=-c%20x", "parameter options"},
      {"postgresql://app:hunter2@db1/d?service=x", "parameter service"},
      {"postgresql://app:hunter2@db1/d?sslkey=/x", "parameter sslkey"},
      {"postgresql://app:hunter2@db1/d?sslmode=yes", "verify-full"},
      {"postgresql://app:hunter2@db1/d?sslmode", "name=value"},
      {"postgresql://app:hunter2@db1/d?port=hunter2", "port"},
      {"postgresql://:hunter2@db1/d", "no user"},
      {"postgresql://app:hunter2@db1", "no database"},
      {"postgresql://app:hunter2@db1/", "no database"},
  };
  for (const Bad& row : table) {
    const auto target = Target::parse(row.url);
    ASSERT_FALSE(target) << row.url;
    const Error& error = target.error();
    EXPECT_EQ(error.code, ErrorCode::kInvalidRequest) << row.url;
    EXPECT_NE(error.message.find(row.says), std::string::npos) << row.url << ": " << error.message;
    EXPECT_EQ(error.message.find("hunt"), std::string::npos) << error.message;
    ASSERT_EQ(error.fields.size(), 1U);
    EXPECT_EQ(error.fields[0].field, "url");
    EXPECT_EQ(error.fields[0].message.find("hunt"), std::string::npos);
  }
}

Target orders() {
  Target target;
  target.host = "db1";
  target.database = "orders";
  target.user = "app";
  return target;
}

TEST(Target, DefaultIdIsTheSameForEver) {
  // Fixed values: ids are stored by clients and in catalogs. The hash is FNV-1a over
  // "db1\0005432\0orders\0app", computed by hand with another program.
  EXPECT_EQ(orders().default_db_id(), "orders-93614310");
}

TEST(Target, DefaultIdTellsTargetsApartAndIgnoresTheRest) {
  Target other = orders();
  other.password = Secret("x");
  other.ssl = SslMode::kRequire;
  other.host = "DB1";
  EXPECT_EQ(other.default_db_id(), orders().default_db_id());
  EXPECT_TRUE(other.same_as(orders()));
  for (const auto& change : std::vector<void (*)(Target&)>{
           [](Target& t) { t.host = "db2"; }, [](Target& t) { t.port = 5433; },
           [](Target& t) { t.database = "order"; }, [](Target& t) { t.user = "App"; }}) {
    Target changed = orders();
    change(changed);
    EXPECT_NE(changed.default_db_id(), orders().default_db_id());
    EXPECT_FALSE(changed.same_as(orders()));
  }
}

TEST(Target, DefaultIdsAreValidIdsWhateverTheDatabaseIsCalled) {
  for (const std::string& name :
       {std::string("orders"), std::string("Sales (EU)"), std::string("___"), std::string("müller"),
        std::string("connect"), std::string(), std::string(200, 'x'), std::string("-a-"),
        std::string(39, 'x') + "-y", std::string("a\nb")}) {
    Target target = orders();
    target.database = name;
    EXPECT_TRUE(check_db_id(target.default_db_id())) << target.default_db_id();
  }
  Target sales = orders();
  sales.database = "Sales (EU)";
  EXPECT_TRUE(sales.default_db_id().starts_with("sales-eu-")) << sales.default_db_id();
}

TEST(Target, DisplayIsOneLine) {
  Target target = orders();
  target.database = "a\nb";
  EXPECT_EQ(target.display(), "app@db1:5432/a?b");
}

TEST(DbId, AcceptsWhatFitsIntoUrlsAndLabels) {
  for (const std::string& id : {std::string("a"), std::string("0"), std::string("orders-eu_1.b"),
                                std::string(63, 'x'), std::string("connected")}) {
    EXPECT_TRUE(check_db_id(id)) << id;
  }
  for (const std::string& id :
       {std::string(), std::string(64, 'x'), std::string("-a"), std::string(".a"),
        std::string("_a"), std::string("Orders"), std::string("a/b"), std::string("a b"),
        std::string("ä"), std::string("connect"), std::string("a\0", 2)}) {
    const auto status = check_db_id(id);
    ASSERT_FALSE(status) << id;
    EXPECT_EQ(status.error().fields[0].field, "db_id");
  }
}

TEST(SslMode, HasAWordForEachModeAndListsThem) {
  for (const auto mode : {SslMode::kDisable, SslMode::kAllow, SslMode::kPrefer, SslMode::kRequire,
                          SslMode::kVerifyCa, SslMode::kVerifyFull}) {
    EXPECT_EQ(parse_ssl_mode(to_string(mode)), mode);
  }
  const auto wrong = parse_ssl_mode("on");
  ASSERT_FALSE(wrong);
  EXPECT_NE(wrong.error().message.find("verify-ca"), std::string::npos);
}

}  // namespace
}  // namespace sluice
