// Clients that ask for far more than a database can do, and one that asks for little: under fair
// shares it is neither refused nor made to wait longer than its turn takes to come, whatever the
// pool does besides.
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "base/random.h"
#include "manager/manager.h"
#include "simulation/event.h"
#include "support/fake_connection.h"
#include "support/sanitized.h"
#include "support/seeds.h"
#include "support/simulated_loop.h"

namespace sluice::simulation {
namespace {

using std::chrono::seconds;

/// All that is drawn for one crowd.
struct Crowd {
  std::vector<int> greedy;  ///< how many calls each of these clients always has under way
  milliseconds service{};   ///< of every statement
  milliseconds pause{};     ///< of the modest client, between an answer and its next call
  DatabaseOptions options;

  /// Each client before it has one turn, and with the least that a pool may lend two end at a time;
  /// then its own turn, one that had just begun, and a connect.
  [[nodiscard]] base::Duration longest_wait() const {
    const auto others = static_cast<int>(greedy.size());
    return (others + 3) * base::Duration(service) / std::min(2, options.pool.max_size) + service;
  }
};

Crowd draw(std::uint64_t seed) {
  base::Random random(seed);
  const auto pick = [&random](int from, int to) {
    return std::uniform_int_distribution<int>(from, to)(random);
  };
  Crowd crowd;
  for (int i = pick(1, 4); i > 0; --i) crowd.greedy.push_back(pick(5, 40));
  crowd.service = milliseconds(pick(2, 40));
  crowd.pause = milliseconds(pick(0, 100));
  PoolOptions& pool = crowd.options.pool;
  pool.max_size = pick(1, 6);
  pool.max_overflow = pick(0, 1);
  pool.max_waiters = pick(0, 1) * pick(8, 30);
  pool.pipeline_depth = 1;
  pool.acquire_timeout = seconds(600);
  pool.adaptive_limit = static_cast<AdaptiveLimit>(pick(0, 2));
  pool.sizing = static_cast<PoolSizing>(pick(0, 1));
  crowd.options.query.max_timeout = seconds(600);
  return crowd;
}

class CrowdedDatabase : private Observer {
 public:
  explicit CrowdedDatabase(const Crowd& crowd)
      : crowd_(crowd), manager_({{&loop_}, factory_, *this, 7, [this] { return loop_.now(); }}) {
    Target target;
    target.database = target.host = "crowded";
    target.user = "app";
    factory_.database("crowded").executes.always(testing::Answer::ok(crowd.service));
    manager_.connect({target, crowd.options, "crowded", false, [](const Result<Connected>&) {}});
    loop_.run_posted();
    for (std::size_t client = 0; client < crowd.greedy.size(); ++client) {
      names_.push_back("greedy " + std::to_string(client));
    }
    for (std::size_t client = 0; client < names_.size(); ++client) {
      origins_.push_back({.actor = names_[client]});
    }
  }
  ~CrowdedDatabase() override {
    ends_ = true;
    manager_.close({}, [] {});
    loop_.advance(seconds(10));
  }

  /// What the modest client had to say, if anything.
  std::string live(base::Duration span) {
    for (std::size_t client = 0; client < origins_.size(); ++client) {
      for (int i = 0; i < crowd_.greedy[client]; ++i) ask_greedily(client);
    }
    const auto until = loop_.now() + span;
    while (loop_.now() < until && complaint_.empty()) ask_modestly();
    return complaint_;
  }

 private:
  /// For ever; after a refusal it comes again a little later.
  void ask_greedily(std::size_t client) {
    ask(origins_[client], [this, client](const Result<Completion>& result) {
      if (ends_) return;
      if (result) return ask_greedily(client);
      retries_.push_back(client);
    });
  }

  void ask_modestly() {
    const auto asked = loop_.now();
    answered_.reset();
    ask(modest_, [this](const Result<Completion>& result) {
      answered_ = loop_.now();
      if (!result && !ends_) complaint_ = "it was refused: " + result.error().message;
    });
    const auto latest = asked + crowd_.service + crowd_.longest_wait();
    while (!answered_ && loop_.now() <= latest) come_again(milliseconds(10));
    const auto waited = answered_.value_or(loop_.now()) - asked - crowd_.service;
    if (waited > crowd_.longest_wait() && complaint_.empty()) {
      complaint_ = "it waited " + in_ms(waited) + ", and at most " + in_ms(crowd_.longest_wait()) +
                   " is fair";
    }
    come_again(crowd_.pause);
  }

  void come_again(base::Duration after) {
    for (const std::size_t client : std::exchange(retries_, {})) ask_greedily(client);
    loop_.advance(after);
  }

  void ask(const manager::Origin& origin, std::function<void(const Result<Completion>&)> done) {
    manager::Call call;
    call.db_id = "crowded";
    call.query.sql = "work";
    call.query.timeout = milliseconds(600'000);
    call.reply_to = &loop_;
    call.origin = &origin;
    call.done = std::move(done);
    manager_.execute(std::move(call));
    loop_.run_posted();
  }

  static std::string in_ms(base::Duration span) {
    return std::to_string(std::chrono::duration_cast<milliseconds>(span).count()) + " ms";
  }

  const Crowd crowd_;
  testing::SimulatedLoop loop_;
  testing::FakeConnectorFactory factory_;
  manager::Manager manager_;
  std::vector<std::string> names_;
  std::vector<manager::Origin> origins_;
  const manager::Origin modest_{.actor = "modest"};
  std::vector<std::size_t> retries_;
  std::optional<base::TimePoint> answered_;  // the modest client's last call
  std::string complaint_;
  bool ends_ = false;
};

TEST(CrowdSimulation, AModestClientIsServedInItsTurn) {
  const auto seeds = testing::seeds_to_run(testing::kSanitized ? 10 : 40);
  for (std::uint64_t seed = seeds.first; seed < seeds.first + seeds.count; ++seed) {
    const Crowd crowd = draw(seed);
    CrowdedDatabase database(crowd);
    const std::string complaint = database.live(seconds(3));
    ASSERT_EQ(complaint, "") << "seed " << seed << ": " << crowd.greedy.size()
                             << " others, statements of " << crowd.service.count() << " ms"
                             << different_settings(crowd.options);
  }
}

}  // namespace
}  // namespace sluice::simulation
