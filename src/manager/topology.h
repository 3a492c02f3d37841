#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "manager/host_facts.h"
#include "sluice/observer.h"
#include "sluice/stats.h"

namespace sluice::manager {

/// What is known of one host.
struct HostView {
  std::string name;  ///< "db2:5432"
  HostRole role = HostRole::kUnknown;
  bool up = false;
  bool known = false;      ///< the last look at it went well
  bool seen = false;       ///< somebody has looked at it, well or not
  bool read_only = false;  ///< and yet it is no replica
  /// How far a replica is behind, at most. Empty: not known, or the engine does not tell.
  std::optional<base::Duration> lag;
  bool tells_lag = false;
  base::Duration round_trip{};  ///< smoothed; 0: not known
  base::TimePoint seen_at{};    ///< when the last good look began
  std::string problem;          ///< of the last look, if it failed
};

/// What is known of all hosts of a database. Immutable once published.
struct TopologyView {
  std::vector<HostView> hosts;
  std::optional<std::size_t> primary;  ///< who takes writes
  bool asleep = false;  ///< nobody has looked for long, as nobody has asked: all of this is old

  /// Every host has been looked at.
  [[nodiscard]] bool complete() const;
  /// "db1:5432 is a replica, db2:5432 is down (…)".
  [[nodiscard]] std::string in_words() const;
};

/// Makes of looks at single hosts who is the primary, who a replica, and how far behind. Of hosts
/// that take writes the one on the highest timeline wins, then the one furthest on it; the others
/// are in conflict and get no calls. Once a timeline was followed, no lower one is again. Pure: the
/// time comes from outside.
class Topology {
 public:
  Topology(std::string db_id, const std::vector<std::string>& hosts);

  /// A good look.
  void saw(std::size_t host, const HostFacts& facts, base::TimePoint now);
  /// A failed one. The host keeps its role until it is down, but its lag is not known any more.
  void missed(std::size_t host, const std::string& problem, bool up);

  /// What is known is too old to be used; but no timeline comes back that was overtaken.
  void forget();

  [[nodiscard]] TopologyView view(base::TimePoint now) const;
  /// What has changed since the last time.
  [[nodiscard]] std::vector<HostEvent> take_events();

 private:
  struct State {
    HostView view;
    std::optional<HostFacts> facts;  ///< of the last good look, until it is down
  };
  /// Where the primary was, when.
  struct Milestone {
    base::TimePoint at;
    std::int64_t position;
    std::optional<std::int64_t> clock;
  };

  void judge();
  [[nodiscard]] std::optional<std::size_t> elect() const;
  [[nodiscard]] bool beats(std::size_t a, std::size_t b) const;
  [[nodiscard]] HostRole role_of(std::size_t host) const;
  void remember_primary(base::TimePoint now);
  [[nodiscard]] std::optional<base::Duration> lag_of(const State& host, base::TimePoint now) const;
  [[nodiscard]] std::optional<base::Duration> age_of_replayed(const HostFacts& facts,
                                                              base::TimePoint now) const;
  void tell(std::size_t host, std::string what, std::string explanation);

  const std::string db_id_;
  std::vector<State> hosts_;
  std::optional<std::size_t> primary_;
  std::optional<std::size_t> last_primary_;
  std::int64_t highest_timeline_ = 0;
  std::deque<Milestone> milestones_;
  std::vector<HostEvent> events_;
};

}  // namespace sluice::manager
