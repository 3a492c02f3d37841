#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/event_loop.h"
#include "manager/database.h"
#include "sluice/result.h"

namespace sluice::manager {

using DatabasePointer = std::shared_ptr<const Database>;

/// Lets a map with string keys be searched with a string_view, without a copy.
struct StringHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const {
    return std::hash<std::string_view>{}(text);
  }
};
using DatabaseMap = std::unordered_map<std::string, DatabasePointer, StringHash, std::equal_to<>>;

/// Which databases exist. Thread-safe. Workers look databases up without a lock: each has a cache
/// of its own, which is emptied when anything was replaced or removed since; additions need no such
/// signal, because only found databases are cached.
class Registry {
 public:
  explicit Registry(const std::vector<base::EventLoop*>& workers);

  /// Null when there is none. `worker` is the calling worker's loop, or null on any other thread.
  [[nodiscard]] DatabasePointer find(std::string_view db_id, const base::EventLoop* worker);
  [[nodiscard]] DatabasePointer find(std::string_view db_id) const;
  /// The one that was registered first for this target; null when there is none.
  [[nodiscard]] DatabasePointer find(const Target& target) const;
  [[nodiscard]] std::vector<DatabasePointer> all() const;  ///< sorted by id
  /// Grows with everything that makes `all` answer differently.
  [[nodiscard]] std::uint64_t changes() const { return changes_.load(std::memory_order_acquire); }

  /// False when the id is taken.
  [[nodiscard]] bool insert(DatabasePointer database);
  void replace(DatabasePointer database);
  void remove(std::string_view db_id);

 private:
  struct Cache {
    const base::EventLoop* worker;
    std::uint64_t version = 0;
    DatabaseMap databases;
  };

  mutable std::mutex mutex_;
  DatabaseMap databases_;
  std::atomic<std::uint64_t> version_{0};  // counts replacements and removals
  std::atomic<std::uint64_t> changes_{0};  // and additions too
  std::vector<Cache> caches_;              // one per worker, touched by it alone
};

/// No database is registered under this id.
[[nodiscard]] Error unknown_database(std::string_view db_id);

}  // namespace sluice::manager
