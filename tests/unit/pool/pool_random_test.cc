// Thousands of random lives of a pool, checked at every step. SLUICE_SEEDS sets how many, a failing
// seed is named and can be replayed alone with SLUICE_SEED.
#include <map>

#include "support/seeds.h"
#include "unit/pool/pool_bench.h"

namespace sluice::pool {
namespace {

using base::Duration;
using base::TimePoint;

struct Client {
  WaiterId id = 0;
  TimePoint deadline{};
  bool cancelled = false;
  int answers = 0;
  std::optional<Lease> lease;
};

/// What was met in all lives together, so that the test cannot pass by meeting nothing.
struct Met {
  std::map<std::string, std::int64_t> closed;
  std::int64_t timeouts = 0;
  std::int64_t connect_errors = 0;
  std::int64_t waited_and_served = 0;
  std::int64_t refused = 0;
};

class RandomLife {
 public:
  RandomLife(std::uint64_t seed, Met& met) : met_(met), random_(seed), pool_random_(seed + 1) {
    options_.max_size = pick(1, 6);
    options_.max_overflow = chance(30) ? pick(1, 3) : 0;
    options_.min_size = chance(40) ? pick(0, options_.max_size) : 0;
    options_.max_waiters = chance(30) ? pick(1, 5) : 40;
    options_.max_lifetime = seconds(chance(50) ? 0 : pick(5, 100));
    options_.idle_timeout = seconds(chance(50) ? 0 : pick(1, 40));
    options_.keepalive = seconds(chance(50) ? 0 : pick(1, 30));
    options_.pool_idle_timeout = seconds(chance(50) ? 0 : pick(5, 60));
    options_.max_queries = chance(50) ? 0 : pick(1, 20);
    options_.pre_ping = static_cast<PrePing>(pick(0, 2));
    options_.reset = static_cast<ResetPolicy>(pick(0, 2));
    limit_ = options_.max_size + options_.max_overflow;
    pool_ = std::make_unique<Pool>(
        options_, Pool::Dependencies{loop_, database_.connector(loop_), listener_, pool_random_});
    database_.keeps_connect_deadline = chance(80);
  }

  void live(int steps) {
    for (int step = 0; step < steps && !::testing::Test::HasFailure(); ++step) {
      act();
      check();
    }
    end();
  }

 private:
  int pick(int from, int to) { return std::uniform_int_distribution<int>(from, to)(random_); }
  bool chance(int percent) { return pick(1, 100) <= percent; }

  Answer any_answer() {
    const auto after = milliseconds(chance(50) ? 0 : pick(0, 3'000));
    const int sick = sick_ ? 60 : 8;
    if (!chance(sick)) return Answer::ok(after);
    if (chance(30)) return Answer::never();
    if (chance(40)) return Answer::loses_connection(after);
    return Answer::fails(testing::refused_connection(), after);
  }

  void script() {
    database_.connects.always(any_answer());
    database_.pings.always(any_answer());
    database_.resets.always(any_answer());
    database_.closes.always(chance(80) ? Answer::ok() : Answer::never());
  }

  void act() {
    script();
    const int what = pick(1, 100);
    if (what <= 35) return ask();
    if (what <= 55) return give_back();
    if (what <= 60) return cancel();
    if (what <= 63) return lose();
    if (what <= 66) return answer();
    if (what <= 68) return control();
    if (what <= 70) return void(sick_ = !sick_);
    if (what <= 85) return loop_.run_posted();
    loop_.advance(chance(90) ? milliseconds(pick(0, 3'000)) : milliseconds(pick(0, 60'000)));
  }

  void ask() {
    const auto now = loop_.now();
    auto& client = clients_.emplace_back(std::make_unique<Client>());
    Client* self = client.get();
    self->deadline = now + milliseconds(pick(1, 8'000));
    ++asked_;
    const auto id = pool_->acquire(base::Deadline(self->deadline), [this, self](Result<Lease> got) {
      told(*self, std::move(got));
    });
    if (self->answers > 0) {
      ASSERT_EQ(id, 0U) << "an answer from inside the call leaves nobody to cancel";
    } else {
      ASSERT_NE(id, 0U);
      self->id = id;
      queue_.push_back(self);
    }
  }

  void told(Client& client, Result<Lease> got) {
    ++client.answers;
    ++ended_;
    ASSERT_EQ(client.answers, 1) << "a waiter ends exactly once";
    ASSERT_FALSE(client.cancelled) << "a cancelled waiter hears nothing";
    ASSERT_LE(loop_.now(), client.deadline) << "a waiter ends by its deadline";
    if (got) {
      // Whoever was served directly came while nobody waited; a waiter was the first in the queue.
      if (client.id != 0) {
        ASSERT_EQ(queue_.front(), &client) << "waiters are served in order";
        ++met_.waited_and_served;
      } else {
        ASSERT_TRUE(queue_.empty()) << "nobody barges in";
      }
      if (dynamic_cast<FakeConnection&>(got->connection()).broken()) {
        ++lent_broken_;
      }
      client.lease = std::move(*got);
    } else if (client.id == 0) {
      ++met_.refused;
    }
    std::erase(queue_, &client);
    if (got && chance(5)) client.lease.reset();  // dropped inside the callback
  }

  Client* any_holder() {
    std::vector<Client*> holders;
    for (const auto& client : clients_) {
      if (client->lease) holders.push_back(client.get());
    }
    if (holders.empty()) return nullptr;
    return holders[static_cast<std::size_t>(pick(0, static_cast<int>(holders.size()) - 1))];
  }

  void give_back() {
    Client* holder = any_holder();
    if (!holder) return;
    auto& connection = dynamic_cast<FakeConnection&>(holder->lease->connection());
    if (chance(30)) connection.make_dirty();
    if (chance(10)) connection.open_transaction();
    if (chance(5)) connection.lose();
    holder->lease.reset();
  }

  void cancel() {
    if (clients_.empty()) return;
    Client& client =
        *clients_[static_cast<std::size_t>(pick(0, static_cast<int>(clients_.size()) - 1))];
    pool_->cancel(client.id);
    if (client.answers > 0 || client.cancelled || client.id == 0) return;
    client.cancelled = true;
    ++ended_;
    std::erase(queue_, &client);
  }

  void lose() {
    if (chance(30)) return database_.lose_all();
    if (database_.live() > 0) {
      database_.connections()[static_cast<std::size_t>(pick(0, database_.live() - 1))]->lose();
    }
  }

  void answer() {
    for (Script* script : {&database_.connects, &database_.pings, &database_.resets}) {
      if (script->waiting() > 0 && chance(50)) script->answer_oldest(any_kind());
    }
  }
  Answer any_kind() {
    return chance(60) ? Answer::ok() : Answer::fails(testing::refused_connection());
  }

  void control() {
    switch (pick(0, 8)) {
      case 0:
        paused_ = true;
        return pool_->pause();
      case 1:
      case 2:
        paused_ = false;
        return pool_->resume();
      case 3:
        return pool_->renew();
      case 4:
        return pool_->suspend_refill(chance(30));
      case 5:
        return pool_->suspect_idle();
      case 6:
        ++probes_;
        return pool_->probe([this](const Status&) { ++probed_; });
      case 7:
        return pool_->fail_waiters(testing::refused_connection());
      default:
        return resize();
    }
  }

  void resize() {
    options_.max_size = pick(1, 6);
    options_.min_size = std::min(options_.min_size, options_.max_size);
    pool_->configure(options_);
    // What is lent or on its way out may exceed a smaller limit until it is back.
    limit_ = std::max({options_.max_size + options_.max_overflow, pool_->stats().total()});
  }

  void check() {
    const auto stats = pool_->stats();
    limit_ = std::min(limit_, std::max(options_.max_size + options_.max_overflow, stats.total()));
    int held = 0;
    for (const auto& client : clients_) held += client->lease.has_value();
    ASSERT_LE(stats.total(), limit_) << "slots are conserved";
    ASSERT_EQ(stats.used, held) << "each lease has one slot";
    ASSERT_EQ(stats.waiting, static_cast<int>(queue_.size()));
    ASSERT_EQ(asked_, ended_ + stats.waiting) << "nobody is lost";
    ASSERT_EQ(stats.connecting, database_.connecting());
    ASSERT_EQ(stats.total() - stats.connecting, database_.live()) << "no connection leaks";
    ASSERT_EQ(stats.acquired - stats.released, held);
    if (stats.idle > 0 && !paused_) {
      ASSERT_LE(stats.waiting, stats.cleaning) << "who waits beside an idle one waits for a ping";
    }
    check_monotonic(stats);
    std::erase_if(clients_, [](const auto& client) {
      return !client->lease && (client->answers > 0 || client->cancelled);
    });
  }

  void check_monotonic(const PoolStats& stats) {
    std::int64_t closed = 0;
    for (const auto& [reason, count] : stats.connections_closed) {
      ASSERT_GE(count, before_.connections_closed[reason]) << reason;
      closed += count;
    }
    ASSERT_GE(stats.connections_created, before_.connections_created);
    ASSERT_GE(stats.connect_errors, before_.connect_errors);
    ASSERT_GE(stats.acquired, before_.acquired);
    ASSERT_GE(stats.released, before_.released);
    ASSERT_GE(stats.acquire_timeouts, before_.acquire_timeouts);
    ASSERT_EQ(stats.connections_created, database_.opened());
    ASSERT_LE(stats.connections_created - closed, stats.total());
    before_ = stats;
  }

  /// The database recovers: whoever comes must be served. Then everything drains.
  void end() {
    if (::testing::Test::HasFailure()) return;
    sick_ = false;
    for (const auto& client : clients_) client->lease.reset();
    for (Script* script : {&database_.connects, &database_.pings, &database_.resets}) {
      script->always(Answer::ok());
    }
    database_.closes.always(Answer::ok());
    paused_ = false;
    pool_->resume();
    pool_->suspend_refill(false);
    loop_.advance(seconds(30));
    for (const auto& client : clients_) client->lease.reset();
    loop_.advance(seconds(1));
    check();
    std::optional<Result<Lease>> last;
    pool_->acquire(base::Deadline::after(loop_.now(), seconds(5)),
                   [&](Result<Lease> lease) { last = std::move(lease); });
    loop_.advance(seconds(5));
    ASSERT_TRUE(last && *last) << "the pool recovers";
    ASSERT_EQ(probes_, probed_) << "every probe ends";
    last.reset();
    bool drained = false;
    pool_->drain([&] { drained = true; });
    loop_.advance(seconds(10));
    ASSERT_TRUE(drained);
    ASSERT_EQ(database_.live() + database_.connecting(), 0);
    ASSERT_EQ(lent_broken_, 0) << "no connection known to be broken is lent";
    const auto stats = pool_->stats();
    for (const auto& [reason, count] : stats.connections_closed) met_.closed[reason] += count;
    met_.timeouts += stats.acquire_timeouts;
    met_.connect_errors += stats.connect_errors;
    pool_.reset();
    ASSERT_FALSE(loop_.timers().next()) << "no timer is left behind";
  }

  using Script = testing::Script;

  Met& met_;
  base::Random random_;
  base::Random pool_random_;
  SimulatedLoop loop_;
  FakeDatabase database_;
  RecordingListener listener_;
  PoolOptions options_;
  std::unique_ptr<Pool> pool_;
  std::vector<std::unique_ptr<Client>> clients_;
  std::deque<Client*> queue_;
  PoolStats before_;
  int limit_ = 0;
  bool sick_ = false;
  bool paused_ = false;
  int lent_broken_ = 0;
  std::int64_t asked_ = 0;
  std::int64_t ended_ = 0;
  int probes_ = 0;
  int probed_ = 0;
};

TEST(PoolAtRandom, KeepsItsPromisesInEveryLife) {
  const auto seeds = testing::seeds_to_run(2'000);
  Met met;
  for (std::uint64_t seed = seeds.first; seed < seeds.first + seeds.count; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    RandomLife(seed, met).live(250);
    if (HasFailure()) return;
  }
  if (!seeds.usual) return;
  EXPECT_GT(met.timeouts, 100);
  EXPECT_GT(met.connect_errors, 100);
  EXPECT_GT(met.waited_and_served, 1'000);
  EXPECT_GT(met.refused, 100);
  for (const auto* reason : {"idle", "lifetime", "max_queries", "broken", "reset_failed",
                             "ping_failed", "renewed", "surplus", "pool_idle", "drained"}) {
    EXPECT_GT(met.closed[reason], 20) << reason;
  }
}

}  // namespace
}  // namespace sluice::pool
