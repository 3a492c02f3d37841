#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/time.h"

namespace sluice::gateway {

/// How a statement has done at a database.
struct StatementFigures {
  std::string db_id;
  std::string sql;  ///< as `displayed_sql` shows it: statements that look the same are one
  std::int64_t calls = 0;
  std::int64_t errors = 0;  ///< of the calls
  std::int64_t rows = 0;
  std::chrono::microseconds total{0};
  std::chrono::microseconds max{0};
  base::TimePoint last_used{};
};

/// How one call ended.
struct StatementRun {
  bool failed = false;
  std::int64_t rows = 0;
  std::chrono::microseconds took{0};
  base::TimePoint at{};
};

/// What one worker knows of the statements it has seen. Bounded: the least valuable go when it is
/// full, those that were called seldom, briefly and long ago. A known text costs a hash of it and
/// two searches for a number; literals are not kept. Not thread-safe.
class StatementTable {
 public:
  static constexpr std::size_t kCapacity = 500;

  explicit StatementTable(std::size_t capacity = kCapacity) : capacity_(capacity) {}

  /// Finds a statement's place, or makes one. What it gives is for `record`.
  [[nodiscard]] std::uint64_t find(std::string_view db_id, std::string_view sql);
  /// The statement's figures now; null if it had to go meanwhile.
  const StatementFigures* record(std::uint64_t statement, const StatementRun& run);
  /// Those that were called.
  [[nodiscard]] std::vector<StatementFigures> figures() const;

 private:
  struct Entry {
    StatementFigures figures;
    double value = 1;
  };
  std::uint64_t add(std::string_view db_id, std::string_view sql);
  void make_room();

  const std::size_t capacity_;
  std::unordered_map<std::uint64_t, std::uint64_t> by_text_;  // hash of what was sent → of its look
  std::unordered_map<std::uint64_t, Entry> by_look_;
};

}  // namespace sluice::gateway
