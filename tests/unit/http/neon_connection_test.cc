#include "http/neon_connection.h"

#include <gtest/gtest.h>

#include "http/etag.h"

namespace sluice::http {
namespace {

TEST(NeonConnection, ItsPathIsADatabaseAndItsPasswordAKey) {
  struct Case {
    const char* text;
    const char* db_id;
    const char* key;
  };
  const Case kTable[] = {
      {"postgresql://app:key@host/orders", "orders", "key"},
      {"postgres://app:key@host:5432/orders?sslmode=require&application_name=x/y@z", "orders",
       "key"},
      {"postgresql://app:p%40s%2Fs%3A@host/or%64ers", "orders", "p@s/s:"},
      {"postgresql://app:a@b/c@host/orders", "orders", "a@b/c"},
      {"postgresql://app:a:b@host/orders#x", "orders", "a:b"},
      {"postgresql://app@host/orders", "orders", ""},
      {"postgresql://app:@host/orders", "orders", ""},
      {"postgresql://host/orders", "orders", ""},
      {"postgresql:///orders", "orders", ""},
      {"postgresql://app:key@[::1]:5432/orders", "orders", "key"},
  };
  for (const Case& each : kTable) {
    const auto connection = parse_neon_connection(each.text);
    ASSERT_TRUE(connection) << each.text;
    EXPECT_EQ(connection->db_id, each.db_id) << each.text;
    EXPECT_EQ(connection->key, each.key) << each.text;
  }
}

TEST(NeonConnection, RefusesWhatNamesNoDatabase) {
  for (const char* text :
       {"", "orders", "mysql://app:key@host/orders", "postgresql:/app/orders", "://host/orders",
        "postgresql://app:key@host", "postgresql://app:key@host/", "postgresql://app:key@host?x=/y",
        "postgresql://app:%@host/orders", "postgresql://app:key@host/%zz",
        "postgresql://app:key@host/%00"}) {
    EXPECT_FALSE(parse_neon_connection(text)) << text;
  }
}

TEST(ETag, IsTheSameForTheSameTextAlone) {
  const auto tag = etag_of("a");
  EXPECT_EQ(tag, etag_of("a"));
  EXPECT_NE(tag, etag_of("b"));
  EXPECT_EQ(tag.size(), 36U);
  EXPECT_TRUE(tag.starts_with("W/\"") && tag.ends_with('"')) << tag;
}

TEST(ETag, IsLookedForInAList) {
  EXPECT_TRUE(etag_matches("\"a\"", "\"a\""));
  EXPECT_TRUE(etag_matches("*", "\"a\""));
  EXPECT_TRUE(etag_matches("\"b\" , W/\"a\"", "\"a\""));
  EXPECT_FALSE(etag_matches("", "\"a\""));
  EXPECT_FALSE(etag_matches("a", "\"a\""));
  EXPECT_FALSE(etag_matches("\"b\", \"aa\"", "\"a\""));
}

TEST(ETag, OfTheSameAsGzipIsAnotherButMatchesToo) {
  EXPECT_EQ(gzip_etag("W/\"a\""), "W/\"a-gzip\"");
  for (const char* etag : {"\"a\"", "W/\"a\"", "\"a-gzip\"", "W/\"a-gzip\""}) {
    EXPECT_TRUE(etag_matches(etag, "W/\"a\"")) << etag;
  }
  EXPECT_FALSE(etag_matches("W/\"b-gzip\"", "W/\"a\""));
  EXPECT_FALSE(etag_matches("W/\"-gzip\"", "W/\"a\""));
}

}  // namespace
}  // namespace sluice::http
