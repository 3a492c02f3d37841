#include <gtest/gtest.h>

#include <string>

#include "json/requests.h"

namespace sluice::json {
namespace {

using std::chrono::milliseconds;

std::string mistakes_of(const std::string& members) {
  const auto request = decode_fan_out(R"({"sql":"SELECT 1",)" + members + "}");
  if (request) return "no mistake";
  std::string list;
  for (const FieldError& mistake : request.error().fields) {
    list += mistake.field + ": " + mistake.message + "\n";
  }
  return list;
}

TEST(DecodeFanOut, ReadsEveryField) {
  const auto request = decode_fan_out(
      R"({"sql":"SELECT $1","params":[1],"db_ids":["b","a"],"timeout_ms":100,"deadline_ms":500,)"
      R"("min_successes":2,"concurrency":8,"merge":true,"write":true,"max_rows":5,)"
      R"("format":"arrays"})");
  ASSERT_TRUE(request) << request.error().message;
  const FanOut& fan_out = request->fan_out;
  EXPECT_EQ(fan_out.targets.db_ids, (std::vector<std::string>{"b", "a"}));
  EXPECT_FALSE(fan_out.targets.all);
  EXPECT_EQ(fan_out.query.timeout, milliseconds(100));
  EXPECT_EQ(fan_out.query.max_rows, 5);
  EXPECT_EQ(fan_out.query.params.size(), 1U);
  EXPECT_FALSE(fan_out.query.read_only);
  EXPECT_EQ(fan_out.deadline, milliseconds(500));
  EXPECT_EQ(fan_out.min_successes, 2);
  EXPECT_EQ(fan_out.concurrency, 8);
  EXPECT_TRUE(fan_out.write);
  EXPECT_TRUE(request->merge);
  EXPECT_EQ(request->format.rows, ResultFormat::Rows::kArrays);
}

TEST(DecodeFanOut, IsReadOnlyUnlessWriteIsSaid) {
  const auto all = decode_fan_out(R"({"sql":"SELECT 1","all":true})");
  ASSERT_TRUE(all);
  EXPECT_TRUE(all->fan_out.targets.all);
  EXPECT_TRUE(all->fan_out.query.read_only);
  EXPECT_FALSE(all->fan_out.write);
  const auto selector = decode_fan_out(R"({"sql":"SELECT 1","selector":{"region":"eu"}})");
  ASSERT_TRUE(selector);
  EXPECT_EQ(selector->fan_out.targets.selector.at("region"), "eu");
  EXPECT_EQ(mistakes_of(R"("all":true,"write":true,"read_only":true)"),
            "read_only: contradicts \"write\": true\n");
  EXPECT_EQ(mistakes_of(R"("all":true,"write":true,"read_only":false)"), "no mistake");
}

TEST(DecodeFanOut, NeedsExactlyOneWayToNameDatabases) {
  EXPECT_EQ(mistakes_of(R"("all":false)"),
            ": no database is named: give either db_ids, or selector, or \"all\": true\n");
  EXPECT_EQ(mistakes_of(R"("all":true,"db_ids":["a"])"),
            ": databases are named twice: give either db_ids, or selector, or \"all\": true\n");
  EXPECT_EQ(mistakes_of(R"("selector":{"a":"b"},"db_ids":["a"])").rfind(": databases are named", 0),
            0U);
}

TEST(DecodeFanOut, ChecksTheList) {
  EXPECT_EQ(mistakes_of(R"("db_ids":[])"), "db_ids: must name at least one database\n");
  EXPECT_EQ(mistakes_of(R"("db_ids":["a","b","a"])"), "db_ids: names a database twice\n");
  EXPECT_EQ(mistakes_of(R"("db_ids":"a")"), "db_ids: must be a list: […]\n");
  EXPECT_EQ(mistakes_of(R"("db_ids":["a",1])").rfind("db_ids: must be a list of database ids", 0),
            0U);
  EXPECT_EQ(mistakes_of(R"("db_ids":[""])").rfind("db_ids: must be a list of database ids", 0), 0U);
  EXPECT_EQ(mistakes_of(R"("selector":{})").rfind("selector: must name at least one label", 0), 0U);
  EXPECT_EQ(mistakes_of(R"("selector":{"region":["eu"]})"), "selector.region: must be a string\n");
}

TEST(DecodeFanOut, RefusesWhatCannotBe) {
  EXPECT_EQ(mistakes_of(R"("db_ids":["a"],"min_successes":2)"),
            "min_successes: is more than the databases that are named\n");
  EXPECT_EQ(mistakes_of(R"("all":true,"merge":true,"format":"scalar")"),
            "merge: needs rows: use the format objects or arrays\n");
  EXPECT_EQ(mistakes_of(R"("all":true,"deadline_ms":0)").rfind("deadline_ms: must be", 0), 0U);
  EXPECT_EQ(mistakes_of(R"("all":true,"concurrency":-1)").rfind("concurrency: must be", 0), 0U);
  EXPECT_EQ(mistakes_of(R"("all":true,"min_succeses":1)"),
            "min_succeses: unknown field; did you mean \"min_successes\"?\n");
}

}  // namespace
}  // namespace sluice::json
