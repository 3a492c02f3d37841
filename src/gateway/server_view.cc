#include "gateway/server_view.h"

#include <memory>
#include <utility>

#include "json/result_encoder.h"

namespace sluice::gateway {
namespace {

constexpr std::chrono::seconds kFreshFor{10};
constexpr std::size_t kMostCached = 1'000;
constexpr std::int64_t kMaxBytes = 64 * 1024;

/// One row, one json value: PostgreSQL writes the document itself.
constexpr const char* kStatement =
    "SELECT pg_catalog.json_build_object('connections', count(*),"
    " 'active', count(*) FILTER (WHERE state = 'active'),"
    " 'idle', count(*) FILTER (WHERE state = 'idle'),"
    " 'idle_in_transaction', count(*) FILTER (WHERE state LIKE 'idle in transaction%'),"
    " 'max_connections', pg_catalog.current_setting('max_connections')::int,"
    " 'database_size_bytes', pg_catalog.pg_database_size(pg_catalog.current_database()))"
    " FROM pg_catalog.pg_stat_activity WHERE datname = pg_catalog.current_database()";

}  // namespace

void ServerView::fetch(std::string db_id, base::EventLoop& loop,
                       std::function<void(Result<std::string>)> done) {
  {
    std::unique_lock lock(mutex_);
    const auto cached = cache_.find(db_id);
    if (cached != cache_.end() && loop.now() - cached->second.at < kFreshFor) {
      auto json = cached->second.json;
      lock.unlock();
      return done(std::move(json));
    }
  }
  json::ResultFormat format;
  format.rows = json::ResultFormat::Rows::kScalar;
  auto encoder = std::make_shared<json::ResultEncoder>(format, kMaxBytes);
  manager::Call call;
  call.db_id = db_id;
  call.query.sql = kStatement;
  call.query.read_only = true;
  call.sink = encoder;
  call.reply_to = &loop;
  call.done = [this, encoder, db_id, &loop, done = std::move(done)](Result<Completion> result) {
    if (!result) return done(fail(std::move(result.error())));
    auto json = encoder->take_rows();
    {
      std::lock_guard lock(mutex_);
      if (cache_.size() >= kMostCached) cache_.clear();
      cache_[db_id] = {json, loop.now()};
    }
    done(std::move(json));
  };
  manager_.execute(std::move(call));
}

}  // namespace sluice::gateway
