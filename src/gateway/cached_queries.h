#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include "gateway/query_service.h"
#include "gateway/result_cache.h"

namespace sluice::gateway {

/// Runs single statements for callers who are content with a result that is not quite new
/// (`cache_ttl_ms`).
class CachedQueries {
 public:
  CachedQueries(manager::Manager& manager, QueryService& queries, ResultCache& cache,
                InFlight& in_flight)
      : manager_(manager), queries_(queries), cache_(cache), in_flight_(in_flight) {}

  /// `role`: what the caller may do; nobody gets what was made for another role. `done` runs once,
  /// possibly before this returns. The function is for when the caller has no more use for it.
  std::function<void()> run(QueryService::Order order, std::string_view role,
                            std::function<void(Result<QueryAnswer>)> done);

 private:
  using Order = QueryService::Order;
  struct Caller;
  void begin(const std::shared_ptr<Caller>& caller, const ResultCache::Wish& wish);
  void lead(const std::shared_ptr<Caller>& caller);
  void leave(Caller& caller);
  [[nodiscard]] Result<QueryAnswer> answer_of(const KeptResult& kept, const Caller& caller,
                                              CacheUse::How how) const;

  manager::Manager& manager_;
  QueryService& queries_;
  ResultCache& cache_;
  InFlight& in_flight_;
};

}  // namespace sluice::gateway
