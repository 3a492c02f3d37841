#include "gateway/sql_display.h"

#include <gtest/gtest.h>

#include "base/utf8.h"

namespace sluice::gateway {
namespace {

TEST(DisplayedSql, ShowsNoLiteral) {
  EXPECT_EQ(displayed_sql("SELECT * FROM t WHERE a = 'it''s a secret' AND b = -1.5e3"),
            "SELECT * FROM t WHERE a = ? AND b = -?");
  EXPECT_EQ(displayed_sql("ALTER ROLE app PASSWORD E'se\\'cret'"), "ALTER ROLE app PASSWORD ?");
  EXPECT_EQ(displayed_sql("SELECT $body$ secret $body$, U&'secret', b'01', $1"),
            "SELECT ?, ?, ?, $1");
}

TEST(DisplayedSql, ShowsNothingOfALiteralThatDoesNotEnd) {
  EXPECT_EQ(displayed_sql("SELECT 'secret"), "SELECT ?");
  EXPECT_EQ(displayed_sql("SELECT $x$secret"), "SELECT ?");
}

TEST(DisplayedSql, LeavesNamesAsTheyAre) {
  EXPECT_EQ(displayed_sql(R"(SELECT "a ""b""", t1.c2 FROM "T")"),
            R"(SELECT "a ""b""", t1.c2 FROM "T")");
}

TEST(DisplayedSql, DropsCommentsAndSpareBlanks) {
  EXPECT_EQ(displayed_sql("  SELECT\n\t1 -- secret\n FROM t /* secret /* too */ */ WHERE(a)  "),
            "SELECT ? FROM t WHERE(a)");
}

TEST(DisplayedSql, IsCutAtTwoThousandBytesButNotWithinACharacter) {
  std::string sql = "SELECT ";
  while (sql.size() < 3'000) sql += "größe,";
  const auto shown = displayed_sql(sql);
  EXPECT_LE(shown.size(), 2'000u);
  EXPECT_GT(shown.size(), 1'990u);
  EXPECT_TRUE(base::is_utf8(shown));
  EXPECT_TRUE(shown.ends_with("…"));
}

TEST(DisplayedSql, OfNothingIsNothing) { EXPECT_EQ(displayed_sql(""), ""); }

}  // namespace
}  // namespace sluice::gateway
