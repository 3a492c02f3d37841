#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "json/result_encoder.h"
#include "sluice/query.h"
#include "sluice/result.h"

namespace sluice::json {

/// How one leg of a fan-out ended.
struct LegOutcome {
  std::string db_id;
  std::shared_ptr<ResultEncoder> encoder;  ///< has the rows; null if the leg never began
  Result<Completion> result;
  std::chrono::microseconds elapsed{0};
};

/// The answer to POST /query: {"successes":[…],"failures":[…],"elapsed_ms"}. With `merge` the rows
/// of all successful legs stand in one list, "rows", after their "columns" (see MergedRows), and
/// "count" says how many. Takes the rows out of the encoders.
[[nodiscard]] std::string fan_out_document(std::vector<LegOutcome>& legs, bool merge,
                                           std::chrono::microseconds elapsed);

/// How a fan-out ended whose legs were given on one by one.
struct FanOutEnd {
  int status = 200;  ///< what it would have been, had it been known
  int successes = 0;
  int failures = 0;
  std::chrono::microseconds elapsed{0};
};
/// One leg as a line: as in "successes" or "failures". Takes the rows out of the encoder.
[[nodiscard]] std::string leg_line(LegOutcome& leg);
/// The rows of a leg, each as a line.
[[nodiscard]] std::string row_lines(LegOutcome& leg);
/// A failed leg among the rows of others: {"failure":{…}}. A row always has a "db_id" outermost,
/// and may have columns of any name beside it, "error" and "failure" included.
[[nodiscard]] std::string merged_failure_line(const LegOutcome& leg);
/// The last line: {"end":{"status","successes","failures","elapsed_ms"}}.
[[nodiscard]] std::string end_line(const FanOutEnd& end);
/// The same after rows, which cannot tell that there were more: with "truncated", the legs that
/// were cut, as they would stand in "successes".
[[nodiscard]] std::string merged_end_line(const FanOutEnd& end, std::vector<LegOutcome>& legs);

}  // namespace sluice::json
