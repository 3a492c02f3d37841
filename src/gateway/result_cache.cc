#include "gateway/result_cache.h"

#include <algorithm>

namespace sluice::gateway {
namespace {

/// Of the maps around one entry.
constexpr std::size_t kOverhead = 384;
/// No single result may push out that many others.
constexpr std::size_t kLargestShare = 16;

std::size_t size_of(const KeptResult& kept) { return kept.text->size() + kOverhead; }

/// Whether the same would befall everybody who asks the same.
bool is_everybodys(const Error& error) {
  return error.code == ErrorCode::kSqlError || error.code == ErrorCode::kInvalidRequest ||
         error.code == ErrorCode::kResultTooLarge;
}

}  // namespace

/// A query that is under way, and who wants its result.
class ResultCache::Flight {
 public:
  explicit Flight(Wish wanted_result) : wish(std::move(wanted_result)) {}

  struct Waiting {
    std::uint64_t number;
    Follower follower;
  };
  const Wish wish;
  bool led = true;     // the leader's client waits
  bool wanted = true;  // the result may be kept
  std::uint64_t last_number = 0;
  std::vector<Waiting> waiting;
  std::function<void()> cancel;
};

ResultCache::Begun ResultCache::begin(const Wish& wish, base::TimePoint now, Follower follower) {
  std::lock_guard lock(mutex_);
  Begun begun;
  begun.kept = find(wish, now, begun);
  if (begun.kept) return ++counts_.hits, begun;
  const auto found = flights_.find(wish.key);
  const bool joins = found != flights_.end() && found->second->wish.database == wish.database;
  if (joins) {
    ++counts_.shared;
    begun.flight = found->second;
    begun.follower = ++begun.flight->last_number;
    begun.flight->waiting.push_back({begun.follower, std::move(follower)});
    return begun;
  }
  ++counts_.misses;
  begun.flight = std::make_shared<Flight>(wish);
  flights_[wish.key] = begun.flight;
  return begun;
}

std::optional<KeptResult> ResultCache::find(const Wish& wish, base::TimePoint now, Begun& begun) {
  forget_ended(now);
  const auto entry = entries_.find(wish.key);
  if (entry == entries_.end()) return std::nullopt;
  if (entry->second.database.lock() != wish.database) return drop(entry), std::nullopt;
  begun.stale = now - entry->second.kept.made >= wish.ttl;
  return begun.stale ? std::nullopt : std::optional(entry->second.kept);
}

bool ResultCache::is_under_way(const FlightPointer& flight) const {
  const auto found = flights_.find(flight->wish.key);
  return found != flights_.end() && found->second == flight;
}

void ResultCache::leading(const FlightPointer& flight, std::function<void()> cancel) {
  std::lock_guard lock(mutex_);
  flight->cancel = std::move(cancel);
}

void ResultCache::finish(const FlightPointer& flight, const Result<std::string_view>& result,
                         base::TimePoint now) {
  std::vector<Flight::Waiting> waiting;
  Result<KeptResult> told = fail(Error());
  {
    std::lock_guard lock(mutex_);
    flight->cancel = nullptr;
    if (!result && !is_everybodys(result.error()) && !flight->waiting.empty()) {
      auto next = std::move(flight->waiting.front().follower);
      flight->waiting.erase(flight->waiting.begin());
      flight->led = true;
      next.loop->post(std::move(next.lead));
      return;
    }
    waiting.swap(flight->waiting);
    if (result) {
      told = KeptResult{std::make_shared<const std::string>(*result), now, now + flight->wish.ttl};
      if (flight->wanted) keep(*flight, *told, now);
    } else {
      told = fail(result.error());
    }
    if (is_under_way(flight)) flights_.erase(flight->wish.key);
  }
  for (auto& each : waiting) {
    each.follower.loop->post([told, follow = std::move(each.follower.follow)] { follow(told); });
  }
}

void ResultCache::leave(const FlightPointer& flight, std::uint64_t follower) {
  std::function<void()> cancel;
  Follower gone;  // what it owns is given up without the lock
  {
    std::lock_guard lock(mutex_);
    if (follower == 0) flight->led = false;
    const auto place = std::ranges::find(flight->waiting, follower, &Flight::Waiting::number);
    if (place != flight->waiting.end()) {
      gone = std::move(place->follower);
      flight->waiting.erase(place);
    }
    if (flight->led || !flight->waiting.empty()) return;
    if (is_under_way(flight)) flights_.erase(flight->wish.key);
    cancel = std::exchange(flight->cancel, nullptr);
  }
  if (cancel) cancel();
}

void ResultCache::keep(const Flight& flight, const KeptResult& kept, base::TimePoint now) {
  const std::size_t bytes = size_of(kept);
  if (bytes > max_bytes_ / kLargestShare) return;
  forget_ended(now);
  if (const auto old = entries_.find(flight.wish.key); old != entries_.end()) drop(old);
  if (!make_room(bytes)) return;
  entries_[flight.wish.key] = {kept, flight.wish.database};
  by_end_.emplace(kept.ends, flight.wish.key);
  bytes_ += bytes;
}

void ResultCache::drop(Entries::iterator entry) {
  bytes_ -= size_of(entry->second.kept);
  by_end_.erase({entry->second.kept.ends, entry->first});
  entries_.erase(entry);
}

void ResultCache::forget_ended(base::TimePoint now) {
  while (!by_end_.empty() && by_end_.begin()->first <= now) {
    drop(entries_.find(by_end_.begin()->second));
  }
}

bool ResultCache::make_room(std::size_t bytes) {
  while (bytes_ + bytes > max_bytes_ && !by_end_.empty()) {
    drop(entries_.find(by_end_.begin()->second));
  }
  return bytes_ + bytes <= max_bytes_;
}

void ResultCache::forget(std::string_view db_id) {
  std::lock_guard lock(mutex_);
  for (auto entry = entries_.begin(); entry != entries_.end();) {
    const auto next = std::next(entry);
    const auto database = entry->second.database.lock();
    if (!database || database->db_id == db_id) drop(entry);
    entry = next;
  }
  std::erase_if(flights_, [db_id](const auto& each) {
    const bool concerned = each.second->wish.database->db_id == db_id;
    if (concerned) each.second->wanted = false;
    return concerned;
  });
}

metrics::CacheFacts ResultCache::facts() const {
  std::lock_guard lock(mutex_);
  metrics::CacheFacts facts = counts_;
  facts.bytes = static_cast<std::int64_t>(bytes_);
  facts.max_bytes = static_cast<std::int64_t>(max_bytes_);
  facts.entries = static_cast<std::int64_t>(entries_.size());
  return facts;
}

}  // namespace sluice::gateway
