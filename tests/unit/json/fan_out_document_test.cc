#include "json/fan_out_document.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace sluice::json {
namespace {

constexpr std::chrono::microseconds kElapsed{1500};

LegOutcome success(const std::string& db_id, bool truncated) {
  Completion completion;
  completion.rows = 2;
  completion.truncated = truncated;
  return {db_id, std::make_shared<ResultEncoder>(ResultFormat{}, 1 << 20, db_id),
          std::move(completion), kElapsed};
}

LegOutcome failure(const std::string& db_id) {
  Error error;
  error.code = ErrorCode::kUnknownDatabase;
  error.message = "there is no such database";
  return {db_id, nullptr, fail(std::move(error)), kElapsed};
}

TEST(FanOutLines, EndOfMergedRowsNamesTheLegsThatWereCut) {
  std::vector<LegOutcome> legs;
  legs.push_back(success("whole", false));
  legs.push_back(success("cut", true));
  legs.push_back(failure("gone"));
  EXPECT_EQ(
      merged_end_line({.status = 207, .successes = 2, .failures = 1, .elapsed = kElapsed}, legs),
      "{\"end\":{\"status\":207,\"successes\":2,\"failures\":1,"
      "\"truncated\":[{\"db_id\":\"cut\",\"count\":2,\"affected\":null,\"truncated\":true,"
      "\"committed\":false,\"elapsed_ms\":1.5}],\"elapsed_ms\":1.5}}\n");
}

TEST(FanOutLines, EndOfMergedRowsSaysThatNoneWasCut) {
  std::vector<LegOutcome> legs;
  legs.push_back(success("whole", false));
  EXPECT_EQ(merged_end_line({.successes = 1, .elapsed = kElapsed}, legs),
            "{\"end\":{\"status\":200,\"successes\":1,\"failures\":0,\"truncated\":[],"
            "\"elapsed_ms\":1.5}}\n");
}

TEST(FanOutLines, EndOfLegsLeavesThatToTheLegs) {
  EXPECT_EQ(end_line({.successes = 1, .elapsed = kElapsed}),
            "{\"end\":{\"status\":200,\"successes\":1,\"failures\":0,\"elapsed_ms\":1.5}}\n");
}

/// A row, too, may have a member "error": only a row has "db_id" outermost.
TEST(FanOutLines, AFailureAmongRowsIsNotTakenForOne) {
  LegOutcome gone = failure("gone");
  const std::string line = merged_failure_line(gone);
  EXPECT_TRUE(line.starts_with("{\"failure\":{\"db_id\":\"gone\",\"error\":{\"code\":")) << line;
  EXPECT_TRUE(line.ends_with(",\"elapsed_ms\":1.5}}\n")) << line;
}

TEST(FanOutLines, AFailedLegStandsAsInFailures) {
  LegOutcome gone = failure("gone");
  const std::string line = leg_line(gone);
  EXPECT_TRUE(line.starts_with("{\"db_id\":\"gone\",\"error\":{\"code\":")) << line;
}

}  // namespace
}  // namespace sluice::json
