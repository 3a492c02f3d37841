#include "postgres/statement_cache.h"

#include <algorithm>
#include <utility>

namespace sluice::postgres {

bool worth_keeping(std::string_view sql) {
  constexpr std::size_t kLongest = 64 * 1024;
  if (sql.size() > kLongest) return false;
  const auto comment = sql.ends_with("*/") ? sql.rfind("/*") : std::string_view::npos;
  return comment == std::string_view::npos ||
         sql.find("traceparent='", comment) == std::string_view::npos;
}

PreparedPtr StatementCache::find(std::string_view sql, const std::vector<TypeOid>& forced_types) {
  if (!recent_.empty()) {  // the same again is the usual case
    const auto& last = recent_.front();
    if (last->sql == sql && last->forced_types == forced_types) return last;
  }
  const auto [first, last] = by_key_.equal_range(sql);
  for (auto entry = first; entry != last; ++entry) {
    if ((*entry->second)->forced_types != forced_types) continue;
    recent_.splice(recent_.begin(), recent_, entry->second);
    return recent_.front();
  }
  return nullptr;
}

void StatementCache::insert(PreparedPtr statement) {
  while (!recent_.empty() && recent_.size() >= capacity_) {
    const PreparedPtr oldest = recent_.back();
    erase(*oldest);
  }
  recent_.push_front(std::move(statement));
  by_key_.emplace(recent_.front()->sql, recent_.begin());
}

void StatementCache::erase(const PreparedStatement& statement) {
  const auto [first, last] = by_key_.equal_range(statement.sql);
  const auto entry = std::find_if(
      first, last, [&](const auto& candidate) { return candidate.second->get() == &statement; });
  if (entry == last) return;
  evicted_.push_back(statement.name);
  const PreparedPtr kept = *entry->second;  // the key of the map points into it
  const auto place = entry->second;
  by_key_.erase(entry);
  recent_.erase(place);
}

void StatementCache::clear() {
  by_key_.clear();
  recent_.clear();
  evicted_.clear();
}

std::string StatementCache::new_name() { return "sluice_" + std::to_string(++names_); }

std::vector<std::string> StatementCache::take_evicted() { return std::exchange(evicted_, {}); }

}  // namespace sluice::postgres
