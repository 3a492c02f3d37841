#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string_view>
#include <utility>

#include "base/duration_counts.h"
#include "base/time.h"
#include "manager/operation.h"
#include "sluice/error.h"
#include "sluice/query.h"
#include "sluice/stats.h"

namespace sluice::manager {

/// What a shard counts of its calls by kind, for monitoring systems: durations by operation and
/// error, rows per statement, bytes. No lock and no search but among a few constants per call; the
/// first call allocates 2 KB, so that idle databases cost nothing. Not thread-safe.
class CallMetrics {
 public:
  /// A call that reached its database and ended; `error` null: well.
  void record(Operation operation, const Error* error, base::Duration took);
  /// A statement that ended well, with so many bytes of answer.
  void record_result(const Completion& completion, std::size_t bytes);

  void merge(const CallMetrics& other);
  void write_to(DatabaseStats& stats) const;

 private:
  /// The word is one of a closed set that lives as long as the program.
  using Failure = std::pair<Operation, std::string_view>;
  struct Counts {
    std::array<base::DurationCounts, kOperations> succeeded;
    std::map<Failure, base::DurationCounts> failed;
    base::RowCounts rows;
    std::int64_t bytes = 0;
    std::int64_t truncated = 0;
  };
  Counts& counts();

  std::unique_ptr<Counts> counts_;  // null until the first call
};

/// What an error is called in metrics: a well-known SQLSTATE, our own word for what the server did
/// not say, or "_OTHER".
[[nodiscard]] std::string_view error_type(const Error& error);

}  // namespace sluice::manager
