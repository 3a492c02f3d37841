#include "manager/registry.h"

#include <algorithm>

namespace sluice::manager {

Error unknown_database(std::string_view db_id) {
  return {.code = ErrorCode::kUnknownDatabase,
          .message = "no database is registered as \"" + std::string(db_id) +
                     "\"; connect it first, or check the spelling",
          .db_id = std::string(db_id)};
}

Registry::Registry(const std::vector<base::EventLoop*>& workers) {
  caches_.reserve(workers.size());
  for (const auto* worker : workers) caches_.push_back({worker, 0, {}});
}

DatabasePointer Registry::find(std::string_view db_id, const base::EventLoop* worker) {
  const auto cache = std::find_if(caches_.begin(), caches_.end(),
                                  [worker](const Cache& c) { return c.worker == worker; });
  if (cache == caches_.end()) return find(db_id);
  const auto version = version_.load(std::memory_order_acquire);
  if (cache->version != version) {
    cache->databases.clear();
    cache->version = version;
  }
  if (const auto hit = cache->databases.find(db_id); hit != cache->databases.end()) {
    return hit->second;
  }
  auto database = find(db_id);
  if (database) cache->databases.emplace(db_id, database);
  return database;
}

DatabasePointer Registry::find(std::string_view db_id) const {
  std::lock_guard lock(mutex_);
  const auto found = databases_.find(db_id);
  return found == databases_.end() ? nullptr : found->second;
}

DatabasePointer Registry::find(const Target& target) const {
  std::lock_guard lock(mutex_);
  DatabasePointer first;
  for (const auto& [db_id, database] : databases_) {
    if (!database->target.same_as(target)) continue;
    if (!first || database->registered_at < first->registered_at) first = database;
  }
  return first;
}

std::vector<DatabasePointer> Registry::all() const {
  std::vector<DatabasePointer> all;
  {
    std::lock_guard lock(mutex_);
    all.reserve(databases_.size());
    for (const auto& [db_id, database] : databases_) all.push_back(database);
  }
  std::sort(all.begin(), all.end(),
            [](const auto& a, const auto& b) { return a->db_id < b->db_id; });
  return all;
}

bool Registry::insert(DatabasePointer database) {
  std::lock_guard lock(mutex_);
  std::string db_id = database->db_id;
  changes_.fetch_add(1, std::memory_order_release);
  return databases_.emplace(std::move(db_id), std::move(database)).second;
}

void Registry::replace(DatabasePointer database) {
  std::lock_guard lock(mutex_);
  databases_[database->db_id] = std::move(database);
  version_.fetch_add(1, std::memory_order_release);
  changes_.fetch_add(1, std::memory_order_release);
}

void Registry::remove(std::string_view db_id) {
  std::lock_guard lock(mutex_);
  const auto found = databases_.find(db_id);
  if (found != databases_.end()) databases_.erase(found);
  version_.fetch_add(1, std::memory_order_release);
  changes_.fetch_add(1, std::memory_order_release);
}

}  // namespace sluice::manager
