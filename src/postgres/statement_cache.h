#pragma once

#include <cstddef>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/time.h"
#include "postgres/statement_kind.h"
#include "postgres/types.h"
#include "sluice/query.h"

namespace sluice::postgres {

/// A statement that the server has parsed, and what it told about it.
struct PreparedStatement {
  std::string sql;
  std::vector<TypeOid> forced_types;  ///< what the caller forced; 0 where inferred. Often empty
  std::string name;                   ///< on the server; empty: the unnamed statement
  StatementTraits traits;
  std::vector<TypeOid> parameter_types;
  std::vector<Column> columns;
  bool has_result = false;
  bool duplicate_names = false;  ///< two columns have one name
  /// How long it takes when it runs alone, later runs counting more. Learned as it is used.
  mutable std::optional<base::Duration> usual_duration;
  /// The least that it took lately: what it takes when nothing else keeps the server busy.
  mutable base::Duration quickest{};
  mutable base::TimePoint quickest_at{};
  /// It looks like a read, but the server says that it writes: through a view, say.
  mutable bool writes_all_the_same = false;
  /// How much text its results have lately had at most. Likewise.
  mutable std::optional<std::int64_t> usual_bytes;
};

using PreparedPtr = std::shared_ptr<const PreparedStatement>;

/// Whether the text may well be sent again. Long ones rarely are, and the server keeps them too;
/// one that names its trace in a comment at the end (sqlcommenter) never is.
[[nodiscard]] bool worth_keeping(std::string_view sql);

/// The named prepared statements of one connection; the least recently used goes first. Not
/// thread-safe. It only keeps books: whoever inserts sends what `evicted` says to the server.
class StatementCache {
 public:
  explicit StatementCache(std::size_t capacity) : capacity_(capacity) {}

  [[nodiscard]] std::size_t capacity() const { return capacity_; }
  [[nodiscard]] std::size_t size() const { return by_key_.size(); }

  /// Null when it is not there. Makes it the most recently used.
  [[nodiscard]] PreparedPtr find(std::string_view sql, const std::vector<TypeOid>& forced_types);
  void insert(PreparedPtr statement);
  void erase(const PreparedStatement& statement);
  /// What may be on the server under that name is to be deallocated.
  void evict(std::string name) { evicted_.push_back(std::move(name)); }
  /// The server has forgotten them all.
  void clear();

  /// A name that was never used on this connection.
  [[nodiscard]] std::string new_name();
  /// Names on the server that are to be deallocated; the caller takes them over.
  [[nodiscard]] std::vector<std::string> take_evicted();
  [[nodiscard]] bool has_evicted() const { return !evicted_.empty(); }

 private:
  using Recent = std::list<PreparedPtr>;

  const std::size_t capacity_;
  Recent recent_;                                                       // most recently used first
  std::unordered_multimap<std::string_view, Recent::iterator> by_key_;  // key: the entry's sql
  std::vector<std::string> evicted_;
  std::size_t names_ = 0;
};

}  // namespace sluice::postgres
