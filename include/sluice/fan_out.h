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
  std::vector<std::string> db_ids;              ///< these, in this order
  std::map<std::string, std::string> selector;  ///< every label must match
  bool all = false;                             ///< every registered database
};

/// The same statement over many databases. Each database is one *leg*; legs run concurrently and
/// are not atomic together.
struct FanOut {
  FanOutTargets targets;  ///< where to
  Query query;  ///< `timeout` holds per leg, `stop` for all; legs are read-only unless `write`
  bool write = false;  ///< legs may write; each is a transaction of its own
  std::optional<std::chrono::milliseconds> deadline;  ///< of the whole; legs that are late fail
  int concurrency = 0;                                ///< legs under way at once; 0: all
  int min_successes = 0;  ///< fewer successful legs make the whole a failure
};

/// How one leg ended.
struct Leg {
  std::string db_id;                     ///< which database
  Result<QueryResult> result;            ///< its rows, or why there are none
  std::chrono::microseconds elapsed{0};  ///< from its start to its end
};

/// How a fan-out ended. A fan-out whose targets are wrong has one leg without a `db_id`.
struct FanOutResult {
  std::vector<Leg> legs;                 ///< in the order of the ids given; sorted by id otherwise
  std::chrono::microseconds elapsed{0};  ///< of the whole
  bool enough = true;                    ///< at least `min_successes` legs succeeded
};

}  // namespace sluice
