#include "library/collecting_sink.h"

#include <utility>

namespace sluice::library {

RowVerdict CollectingSink::on_row(std::span<const Cell> cells) {
  for (const Cell& cell : cells) bytes_ += static_cast<std::int64_t>(cell.size);
  if (bytes_ > max_bytes_) return RowVerdict::kTooLarge;
  auto& row = result_.rows.emplace_back();
  row.reserve(cells.size());
  for (const Cell& cell : cells) {
    if (cell.is_null()) {
      row.emplace_back();
    } else {
      row.emplace_back(std::in_place, cell.data, cell.size);
    }
  }
  return RowVerdict::kContinue;
}

QueryResult CollectingSink::finish(Completion completion) {
  result_.completion = std::move(completion);
  return std::move(result_);
}

}  // namespace sluice::library
