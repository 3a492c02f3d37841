#pragma once

#include <cstdint>
#include <vector>

#include "sluice/query.h"

namespace sluice::library {

/// Keeps rows in memory, up to a limit.
class CollectingSink final : public RowSink {
 public:
  /// `max_bytes` bounds the text of all cells together.
  explicit CollectingSink(std::int64_t max_bytes) : max_bytes_(max_bytes) {}

  void on_columns(const std::vector<Column>& columns) override { result_.columns = columns; }
  RowVerdict on_row(std::span<const Cell> cells) override;

  /// The rows so far, and how the statement ended. Call once, last.
  [[nodiscard]] QueryResult finish(Completion completion);

 private:
  const std::int64_t max_bytes_;
  std::int64_t bytes_ = 0;
  QueryResult result_;
};

}  // namespace sluice::library
