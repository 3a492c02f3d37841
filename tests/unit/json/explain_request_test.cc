#include <gtest/gtest.h>

#include "json/requests.h"

namespace sluice::json {
namespace {

TEST(DecodeExplain, ReadsEveryField) {
  const auto request = decode_explain(
      R"({"sql":"SELECT $1","params":[1],"timeout_ms":2000,"read_only":true,"analyze":true,)"
      R"("buffers":true,"verbose":true,"format":"text","route":"replica"})");
  ASSERT_TRUE(request) << request.error().message;
  EXPECT_EQ(request->query.sql, "SELECT $1");
  EXPECT_EQ(request->query.params.size(), 1u);
  EXPECT_TRUE(request->query.read_only);
  EXPECT_EQ(request->query.route, Route::kReplica);
  EXPECT_TRUE(request->analyze && request->buffers && request->verbose && request->as_text);
}

TEST(DecodeExplain, OnlyPlansUnlessToldOtherwise) {
  const auto request = decode_explain(R"({"sql":"SELECT 1","max_rows":3,"numbers":"string"})");
  ASSERT_TRUE(request) << request.error().message;
  EXPECT_FALSE(request->analyze || request->buffers || request->verbose || request->as_text);
  EXPECT_FALSE(request->query.max_rows) << "it would cut the plan";
}

TEST(DecodeExplain, TellsEveryMistake) {
  const auto request = decode_explain(R"({"format":"xml","analyse":true})");
  ASSERT_FALSE(request);
  ASSERT_EQ(request.error().fields.size(), 3u);
  EXPECT_EQ(request.error().fields[0].field, "sql");
  EXPECT_EQ(request.error().fields[1].field, "format");
  EXPECT_EQ(request.error().fields[2].field, "analyse");
}

}  // namespace
}  // namespace sluice::json
