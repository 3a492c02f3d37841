#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/query_service.h"

namespace sluice::gateway {

/// The lists that a schema document has, in this order.
inline constexpr std::array<std::string_view, 5> kSchemaLists{"schemas", "tables", "views",
                                                              "functions", "types"};

/// What of a database's schema is wanted.
struct SchemaFilter {
  static constexpr std::size_t kMostEntries = 10'000;

  std::optional<std::string> schema;
  /// Who names one of these gets what has that name, and no other lists.
  std::optional<std::string> table;  ///< or view
  std::optional<std::string> function;
  std::optional<std::string> type;
  std::vector<std::string> lists;  ///< of `kSchemaLists`
  bool system = false;             ///< pg_catalog and its like too
  std::size_t limit = 1'000;       ///< entries of each list
};

/// Tells what a database holds: schemas, tables, columns, keys, indexes, views, functions, types.
/// One read-only statement, for which PostgreSQL writes the JSON.
class SchemaService {
 public:
  SchemaService(manager::Manager& manager, QueryWatch& watch) : manager_(manager), watch_(watch) {}

  struct Order {
    std::string db_id;
    SchemaFilter filter;
    base::EventLoop& loop;  ///< the request's worker, where `done` runs
    base::TimePoint received_at;
    const manager::Origin* origin = nullptr;  ///< lives until `done`
  };
  /// `done` runs exactly once, possibly before this returns. The handle cancels the statement.
  manager::CallHandle run(Order order, std::function<void(Result<QueryAnswer>)> done);

 private:
  manager::Manager& manager_;
  QueryWatch& watch_;
};

}  // namespace sluice::gateway
