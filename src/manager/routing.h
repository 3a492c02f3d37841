#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include "base/random.h"
#include "manager/topology.h"
#include "sluice/options.h"

namespace sluice::manager {

/// What a call wants of its host.
struct Wish {
  Route route = Route::kPrimary;
  /// A host that has just failed it; usable again once a later look went well.
  std::optional<std::size_t> avoid;
  base::TimePoint avoid_since{};
};

/// A worker's own knowledge of its hosts' connections.
struct HostLoad {
  int calls = 0;          ///< queued and running
  bool refusing = false;  ///< its breaker lets nothing through
};

/// Which host a call goes to: data in, answer out.
class Routing {
 public:
  using LoadOf = std::function<HostLoad(std::size_t host)>;

  struct Choice {
    std::optional<std::size_t> host;
    bool wait = false;  ///< no host, but there may be one soon: a primary, or a first look
  };

  Routing(const TopologyView& view, const RoutingOptions& options, LoadOf load)
      : view_(view), options_(options), load_(std::move(load)) {}

  [[nodiscard]] Choice choose(const Wish& wish, base::Random& random) const;
  /// Why there is none, in words.
  [[nodiscard]] std::string explain(const Wish& wish) const;

 private:
  [[nodiscard]] bool avoided(std::size_t host, const Wish& wish) const;
  [[nodiscard]] std::optional<std::size_t> primary(const Wish& wish) const;
  /// Why a replica gets no calls; empty: it does.
  [[nodiscard]] std::string unfit(std::size_t host) const;
  [[nodiscard]] std::vector<std::size_t> readable(const Wish& wish) const;
  [[nodiscard]] std::size_t better_of_two(const std::vector<std::size_t>& hosts,
                                          base::Random& random) const;
  [[nodiscard]] double cost(std::size_t host) const;

  const TopologyView& view_;
  const RoutingOptions& options_;
  const LoadOf load_;
};

}  // namespace sluice::manager
