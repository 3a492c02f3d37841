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
/// of all successful legs stand in one list, "rows", and "count" says how many. Takes the rows out
/// of the encoders.
[[nodiscard]] std::string fan_out_document(std::vector<LegOutcome>& legs, bool merge,
                                           std::chrono::microseconds elapsed);

}  // namespace sluice::json
