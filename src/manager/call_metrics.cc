#include "manager/call_metrics.h"

#include <algorithm>
#include <string>

namespace sluice::manager {
namespace {

// Those that somebody looks for; the rest would only make more series. Sorted.
constexpr std::array<std::string_view, 30> kKnownSqlstates{
    "08003", "08006", "0A000", "22001", "22003", "22007", "22012", "22P02", "23502", "23503",
    "23505", "23514", "25006", "28000", "28P01", "3D000", "40001", "40P01", "42501", "42601",
    "42703", "42883", "42P01", "53100", "53200", "53300", "55P03", "57014", "57P01", "57P03"};
static_assert(std::is_sorted(kKnownSqlstates.begin(), kKnownSqlstates.end()));

// These are there from the beginning, so that a rate sees the first call, too.
constexpr std::array<Operation, 5> kExpected{Operation::kSelect, Operation::kInsert,
                                             Operation::kUpdate, Operation::kDelete,
                                             Operation::kOther};

bool is_expected(Operation operation) {
  return std::find(kExpected.begin(), kExpected.end(), operation) != kExpected.end();
}

}  // namespace

std::string_view error_type(const Error& error) {
  const std::string_view sqlstate = error.sqlstate();
  if (sqlstate.empty()) return to_string(error.code);
  const auto found = std::lower_bound(kKnownSqlstates.begin(), kKnownSqlstates.end(), sqlstate);
  return found != kKnownSqlstates.end() && *found == sqlstate ? *found : "_OTHER";
}

CallMetrics::Counts& CallMetrics::counts() {
  if (!counts_) counts_ = std::make_unique<Counts>();
  return *counts_;
}

void CallMetrics::record(Operation operation, const Error* error, base::Duration took) {
  Counts& all = counts();
  if (!error) return all.succeeded[static_cast<std::size_t>(operation)].record(took);
  all.failed[{operation, error_type(*error)}].record(took);
}

void CallMetrics::record_result(const Completion& completion, std::size_t bytes) {
  Counts& all = counts();
  all.rows.record(completion.rows);
  all.bytes += static_cast<std::int64_t>(bytes);
  if (completion.truncated) ++all.truncated;
}

void CallMetrics::merge(const CallMetrics& other) {
  if (!other.counts_) return;
  Counts& mine = counts();
  const Counts& theirs = *other.counts_;
  for (std::size_t i = 0; i < kOperations; ++i) mine.succeeded[i].merge(theirs.succeeded[i]);
  for (const auto& [failure, durations] : theirs.failed) mine.failed[failure].merge(durations);
  mine.rows.merge(theirs.rows);
  mine.bytes += theirs.bytes;
  mine.truncated += theirs.truncated;
}

void CallMetrics::write_to(DatabaseStats& stats) const {
  static const Counts kNone;
  const Counts& all = counts_ ? *counts_ : kNone;
  for (std::size_t i = 0; i < kOperations; ++i) {
    const auto operation = static_cast<Operation>(i);
    Histogram duration = all.succeeded[i].histogram();
    if (duration.count == 0 && !is_expected(operation)) continue;
    stats.operations.push_back({std::string(to_string(operation)), {}, std::move(duration)});
  }
  for (const auto& [failure, durations] : all.failed) {
    stats.operations.push_back({std::string(to_string(failure.first)), std::string(failure.second),
                                durations.histogram()});
  }
  stats.row_histogram = all.rows.histogram();
  stats.response_bytes = all.bytes;
  stats.truncated = all.truncated;
}

}  // namespace sluice::manager
