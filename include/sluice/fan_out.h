#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sluice/query.h"
#include "sluice/result.h"

namespace sluice {

/// Which databases a fan-out goes to. Exactly one of the three is given.
struct FanOutTargets {
  std::vector<std::string> db_ids;
  std::map<std::string, std::string> selector;  ///< every label must match
  bool all = false;
};

/// The same statement over many databases. Each database is one *leg*; legs run concurrently and
/// are not atomic together.
struct FanOut {
  FanOutTargets targets;
  Query query;  ///< `timeout` holds per leg; legs are read-only unless `write`
  bool write = false;
  std::optional<std::chrono::milliseconds> deadline;  ///< of the whole; legs that are late fail
  int concurrency = 0;                                ///< legs under way at once; 0: all
  int min_successes = 0;  ///< fewer successful legs make the whole a failure
};

/// How one leg ended.
struct Leg {
  std::string db_id;
  Result<QueryResult> result;
  std::chrono::microseconds elapsed{0};
};

struct FanOutResult {
  std::vector<Leg> legs;  ///< in the order of the ids given; sorted by id otherwise
  std::chrono::microseconds elapsed{0};
  bool enough = true;  ///< at least `min_successes` legs succeeded
};

}  // namespace sluice
