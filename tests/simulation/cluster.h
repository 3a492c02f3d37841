#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/random.h"
#include "base/time.h"
#include "sluice/target.h"
#include "support/fake_connection.h"

namespace sluice::simulation {

/// The servers of one database as streaming replication has them: one that takes writes, and others
/// that receive each write before it is acknowledged and show it when they have replayed it.
/// Statements named "w…" are writes; the rest are reads. What a server does is up to its caller: it
/// may die, stop answering, fall behind, be promoted, and come back believing that it is still the
/// primary. Counts how often each write was executed, and where.
class Cluster {
 public:
  /// Told of every write at the moment it takes effect.
  using Executed = std::function<void(const std::string& write, bool by_the_primary)>;
  struct Dependencies {
    testing::FakeConnectorFactory& connectors;
    base::Random& random;
    std::function<base::TimePoint()> now;
    Executed executed;
  };
  Cluster(std::string name, int servers, Dependencies dependencies);

  [[nodiscard]] int size() const { return static_cast<int>(servers_.size()); }
  /// All of them, in order.
  [[nodiscard]] Target target() const;
  /// Where monitors of that host connect to, so that they are told from its pools.
  [[nodiscard]] static std::string monitored(const std::string& host) { return host + " monitor"; }
  [[nodiscard]] testing::FakeDatabase& sessions(int server) const { return *at(server).sessions; }

  void kill(int server);
  /// One that was primary when it died comes back as such, unless `rewound`.
  void revive(int server, bool rewound);
  /// It answers nothing any more; `cut`: only the gateway cannot reach it.
  void freeze(int server, bool cut);
  /// What has hung is answered.
  void thaw(int server);
  /// If it lacks nothing that was acknowledged. The old primary steps down if it can be told.
  void promote(int server);
  /// A primary that was overtaken follows the new one.
  void rewind(int server);
  void lag(int server, bool lags);
  void slow(int server, bool slow);
  void lose_connections(int server);
  /// Everybody runs, and answers what has hung.
  void wake();
  /// Then, everybody is well, and follows the primary.
  void heal();

  [[nodiscard]] int primary() const { return primary_; }
  /// Grows with each promotion.
  [[nodiscard]] std::int64_t timeline() const { return timeline_; }
  [[nodiscard]] base::TimePoint promoted_at() const { return promoted_at_; }
  /// It believes that it is the primary.
  [[nodiscard]] bool is_rogue(int server) const { return server != primary_ && at(server).primary; }
  /// On the line of servers that counts, as opposed to that of an old primary.
  [[nodiscard]] bool keeps(const std::string& write) const;
  [[nodiscard]] bool has_rogue() const;
  /// Writes that were sent to a host that was no primary.
  [[nodiscard]] int refused_writes() const { return refused_writes_; }

 private:
  struct Entry {
    std::string write;
    base::TimePoint at;
  };
  struct Server {
    std::string name;
    testing::FakeDatabase* sessions;
    testing::FakeDatabase* monitor;
    bool alive = true;
    bool frozen = false;
    bool cut = false;  ///< frozen, but only for the gateway
    bool primary = false;
    bool lags = false;
    bool slow = false;
    std::int64_t timeline = 1;
    std::vector<Entry> log;
    std::size_t replayed = 0;
  };

  [[nodiscard]] Server& at(int server) { return servers_[static_cast<std::size_t>(server)]; }
  [[nodiscard]] const Server& at(int server) const {
    return servers_[static_cast<std::size_t>(server)];
  }
  [[nodiscard]] static bool runs(const Server& server) {
    return server.alive && (!server.frozen || server.cut);
  }
  void behave(Server& server);
  void follow(Server& server);
  void begins(Server& server, const Query& query);
  void ended(Server& server, testing::FakeConnection& connection, const std::string& sql,
             const testing::Answer* answer);
  void commit(Server& server, const std::string& write);
  [[nodiscard]] testing::Answer facts(const Server& server) const;
  [[nodiscard]] std::chrono::milliseconds delay(const Server& server);
  [[nodiscard]] int pick(int from, int to);

  const std::string name_;
  Dependencies dependencies_;
  std::vector<Server> servers_;
  int refused_writes_ = 0;
  int primary_ = 0;  // whose writes count
  std::int64_t timeline_ = 1;
  base::TimePoint promoted_at_{};                                            // the last one
  std::map<const testing::FakeConnection*, std::vector<std::string>> open_;  // of transactions
};

}  // namespace sluice::simulation
