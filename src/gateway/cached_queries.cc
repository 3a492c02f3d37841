#include "gateway/cached_queries.h"

#include <algorithm>
#include <string>
#include <utility>

#include "gateway/buffered_result.h"
#include "json/result_encoder.h"

namespace sluice::gateway {
namespace {

/// Texts one after the other, so that no two lists look the same.
class Key {
 public:
  Key& add(std::string_view part) {
    text_.append(std::to_string(part.size())).append(1, ':').append(part);
    return *this;
  }
  Key& add(std::int64_t number) { return add(std::string_view(std::to_string(number))); }
  [[nodiscard]] security::Digest digest() const { return security::digest_of(text_); }

 private:
  std::string text_;
};

void add_format(Key& key, const json::AnswerFormat& format) {
  const auto& wanted = std::get<json::ResultFormat>(format);
  key.add(static_cast<int>(wanted.rows)).add(wanted.numbers_as_strings);
  key.add(wanted.bytes_as_base64);
}

/// Everything that decides what the result is, and how long its callers wait for it, so that nobody
/// who follows waits longer than they would by themselves.
security::Digest key_of(const QueryService::Order& order, std::string_view role) {
  const Query& query = order.request.query;
  Key key;
  key.add(role).add(order.db_id).add(query.sql);
  key.add(query.timeout ? query.timeout->count() : -1).add(query.max_rows.value_or(-1));
  key.add(query.route ? static_cast<int>(*query.route) : -1);
  add_format(key, order.request.format);
  for (const Param& param : query.params) {
    key.add(static_cast<int>(param.kind)).add(param.type).add(param.text);
  }
  return key.digest();
}

std::chrono::microseconds micros(base::Duration duration) {
  return std::chrono::duration_cast<std::chrono::microseconds>(
      std::max(duration, base::Duration::zero()));
}

}  // namespace

/// One request. Lives on its own worker.
struct CachedQueries::Caller {
  QueryService::Order order;
  const base::TimePoint received_at;
  std::function<void(Result<QueryAnswer>)> done;
  ResultCache::FlightPointer flight = nullptr;
  std::uint64_t follower = 0;  // 0: it leads
  bool stale = false;
  bool left = false;
  bool ended = false;  // what it led
};

std::function<void()> CachedQueries::run(Order order, std::string_view role,
                                         std::function<void(Result<QueryAnswer>)> done) {
  ResultCache::Wish wish;
  wish.database = manager_.find(order.db_id, &order.loop);
  if (!wish.database) {
    done(fail(manager::unknown_database(order.db_id)));
    return [] {};
  }
  wish.key = key_of(order, role);
  wish.ttl = *order.request.cache_ttl;
  const auto received_at = order.received_at;
  const auto caller =
      std::make_shared<Caller>(Caller{std::move(order), received_at, std::move(done)});
  begin(caller, wish);
  return [this, weak = std::weak_ptr(caller)] {
    if (const auto waiting = weak.lock()) leave(*waiting);
  };
}

void CachedQueries::begin(const std::shared_ptr<Caller>& caller, const ResultCache::Wish& wish) {
  auto begun = cache_.begin(wish, caller->order.loop.now(),
                            {&caller->order.loop,
                             [this, caller](const Result<KeptResult>& kept) {
                               if (!kept) return caller->done(fail(kept.error()));
                               caller->done(answer_of(*kept, *caller, CacheUse::How::kShared));
                             },
                             [this, caller] { lead(caller); }});
  caller->stale = begun.stale;
  if (begun.kept) return caller->done(answer_of(*begun.kept, *caller, CacheUse::How::kHit));
  caller->flight = std::move(begun.flight);
  caller->follower = begun.follower;
  if (caller->follower == 0) lead(caller);
}

void CachedQueries::lead(const std::shared_ptr<Caller>& caller) {
  base::EventLoop& loop = caller->order.loop;
  caller->follower = 0;
  if (caller->left) {  // while it was being asked to
    return cache_.finish(caller->flight, fail(Error{.code = ErrorCode::kCancelled}), loop.now());
  }
  const auto running =
      queries_.run(std::move(caller->order), [this, caller, &loop](Result<QueryAnswer> answer) {
        caller->ended = true;
        Result<std::string_view> made = fail(answer ? Error() : answer.error());
        if (answer) {
          made = std::string_view(answer->body).substr(0, answer->stable_bytes);
          answer->cache = CacheUse{caller->stale ? CacheUse::How::kStale : CacheUse::How::kMiss};
        }
        cache_.finish(caller->flight, made, loop.now());
        caller->done(std::move(answer));
      });
  // If it was refused at once, somebody else may lead already.
  if (!caller->ended) cache_.leading(caller->flight, [running] { running.cancel(); });
}

void CachedQueries::leave(Caller& caller) {
  caller.left = true;
  if (caller.flight) cache_.leave(caller.flight, caller.follower);
}

Result<QueryAnswer> CachedQueries::answer_of(const KeptResult& kept, const Caller& caller,
                                             CacheUse::How how) const {
  constexpr std::size_t kFreeBytes = 64 * 1024;
  QueryAnswer answer;
  answer.charge = ByteCharge(in_flight_);
  if (kept.text->size() > kFreeBytes &&
      !answer.charge.add(static_cast<std::int64_t>(kept.text->size()))) {
    return fail(judged({.code = ErrorCode::kResultTooLarge}, true));
  }
  const auto now = caller.order.loop.now();
  answer.cache = CacheUse{how, micros(now - kept.made), kept.ends - now};
  answer.body =
      json::cached_result(*kept.text, micros(now - caller.received_at), answer.cache->age);
  answer.stable_bytes = kept.text->size();
  return answer;
}

}  // namespace sluice::gateway
