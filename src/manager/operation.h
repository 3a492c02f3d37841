#pragma once

#include <cstddef>
#include <string_view>

namespace sluice::manager {

/// What a statement begins with, of a closed list, so that it can be a label of a metric.
enum class Operation { kSelect, kInsert, kUpdate, kDelete, kMerge, kWith, kCall, kBatch, kOther };
inline constexpr std::size_t kOperations = 9;

/// By the first word alone: some nanoseconds, for every call. Never kBatch, which is a transaction.
[[nodiscard]] Operation operation_of(std::string_view sql);
/// "SELECT", …, "BATCH", "_OTHER".
[[nodiscard]] std::string_view to_string(Operation operation);

}  // namespace sluice::manager
