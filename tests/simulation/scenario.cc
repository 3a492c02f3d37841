#include "simulation/scenario.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/random.h"

namespace sluice::simulation {
namespace {

struct Weighted {
  What what;
  int weight;
};

constexpr std::array kMix = {
    Weighted{What::kQuery, 300},       Weighted{What::kTransaction, 40},
    Weighted{What::kFanOut, 25},       Weighted{What::kCancel, 60},
    Weighted{What::kStream, 60},       Weighted{What::kGoOn, 40},
    Weighted{What::kOpenSession, 30},  Weighted{What::kUseSession, 100},
    Weighted{What::kEndSession, 6},    Weighted{What::kDrain, 6},
    Weighted{What::kLend, 30},         Weighted{What::kGiveBack, 40},
    Weighted{What::kConnect, 20},      Weighted{What::kDisconnect, 12},
    Weighted{What::kConfigure, 20},    Weighted{What::kPause, 8},
    Weighted{What::kResume, 14},       Weighted{What::kReconnect, 8},
    Weighted{What::kForceBreaker, 12}, Weighted{What::kStats, 10},
    Weighted{What::kHealth, 6},        Weighted{What::kClose, 1},
    Weighted{What::kMood, 80},         Weighted{What::kLoseConnections, 20},
    Weighted{What::kAnswerLate, 20},   Weighted{What::kTurns, 120},
    Weighted{What::kAdvance, 150},     Weighted{What::kToTimer, 40},
    Weighted{What::kNearTimer, 25},
};

class Author {
 public:
  explicit Author(std::uint64_t seed) : random_(seed) { scenario_.seed = seed; }

  Scenario write() {
    scenario_.workers = pick(1, 4);
    scenario_.databases = pick(2, 4);
    scenario_.ending = chance(60) ? Ending::kRecovery : Ending::kClose;
    scenario_.close_patience = milliseconds(chance(50) ? 0 : pick(1, 4'000));
    for (int i = 0; i < scenario_.databases; ++i) {
      shards_.push_back(chance(70) ? 1 : pick(1, 3));
      resets_.push_back(static_cast<ResetPolicy>(pick(0, 2)));
      fair_.push_back(chance(70));
      sheds_.push_back(i != kSteady && chance(30));
    }
    add(of_database(What::kConnect, kSteady));
    for (int i = 1; i < scenario_.databases; ++i) {
      if (chance(90)) add(of_database(What::kConnect, i));
    }
    const int count = chance(20) ? pick(10, 40) : pick(40, 160);
    for (int i = 0; i < count; ++i) add(any());
    scenario_.max_connections = chance(40) ? pick(1, 8) : 0;
    return std::move(scenario_);
  }

 private:
  int pick(int from, int to) { return std::uniform_int_distribution<int>(from, to)(random_); }
  bool chance(int percent) { return pick(1, 100) <= percent; }
  milliseconds ms(int from, int to) { return milliseconds(pick(from, to)); }
  /// Often none at all.
  milliseconds ms_or_none(int from, int to) { return chance(50) ? milliseconds(0) : ms(from, to); }

  void add(Event event) {
    event.draw = random_();
    scenario_.events.push_back(std::move(event));
  }

  What any_kind() {
    int sum = 0;
    for (const auto& each : kMix) sum += each.weight;
    int at = pick(1, sum);
    for (const auto& each : kMix) {
      at -= each.weight;
      if (at <= 0) return each.what;
    }
    return What::kTurns;
  }

  Event any() {
    const What what = any_kind();
    if (what <= What::kGiveBack) return by_caller(what);
    if (what <= What::kClose) return of_database(what, any_database(what));
    if (what <= What::kAnswerLate) return of_database(what, pick(1, scenario_.databases - 1));
    return of_time(what);
  }

  /// Only callers and changes of settings concern the steady one.
  int any_database(What what) {
    const bool gentle = what == What::kConfigure || what == What::kConnect;
    return pick(gentle ? 0 : 1, scenario_.databases - 1);
  }

  Event by_caller(What what) {
    Event event{.what = what};
    event.id = static_cast<int>(scenario_.events.size());
    event.from = pick(kOutside, scenario_.workers - 1);
    event.database = pick(what == What::kLend ? 1 : 0, scenario_.databases - 1);
    event.time = ms(event.database == kSteady ? 1'000 : 10, 4'000);
    event.count = pick(1, 3);
    if (what == What::kFanOut) {
      event.from = pick(0, scenario_.workers - 1);
      event.count = pick(0, 3);
      event.time = ms(1'000, 4'000);
    }
    if (what == What::kQuery) event.flag = chance(15);
    if (what == What::kQuery) event.client = pick(0, 3);
    const bool keeps = what == What::kStream || what == What::kOpenSession;
    if (keeps) event.database = pick(1, scenario_.databases - 1);
    if (what == What::kStream) event.flag = chance(30);
    if (what == What::kUseSession) event.of = earlier(what);
    const bool of_earlier = what == What::kCancel || what == What::kGoOn || what == What::kGiveBack;
    if (of_earlier) event.id = earlier(what);
    if (what == What::kGiveBack) event.flag = chance(20);
    return event;
  }

  /// An event that this one may refer to; the last ones are the most likely to be under way.
  int earlier(What what) {
    std::vector<int> ids;
    for (const auto& event : scenario_.events) {
      if (may_concern(what, event.what)) ids.push_back(event.id);
    }
    if (ids.empty()) return 0;
    const int back = std::min(static_cast<int>(ids.size()), chance(70) ? 4 : 40);
    return ids[ids.size() - static_cast<std::size_t>(pick(1, back))];
  }

  static bool may_concern(What what, What earlier) {
    switch (what) {
      case What::kCancel:
        return earlier <= What::kFanOut;
      case What::kGoOn:
        return earlier == What::kStream;
      case What::kUseSession:
      case What::kEndSession:
        return earlier == What::kOpenSession;
      default:
        return earlier == What::kLend;
    }
  }

  Event of_database(What what, int database) {
    Event event{.what = what, .database = database};
    event.id = static_cast<int>(scenario_.events.size());
    if (what == What::kEndSession) event.id = earlier(what);
    event.time = ms_or_none(1, 4'000);
    event.flag = chance(70);
    event.mood = chance(35) ? Mood::kHealthy : static_cast<Mood>(pick(1, 11));
    event.count = chance(60) ? pick(1, 2) : 0;
    if (what == What::kForceBreaker) event.breaker = any_override();
    if (what == What::kConnect || what == What::kConfigure) event.options = options(database);
    return event;
  }

  BreakerState any_override() {
    constexpr std::array kStates = {BreakerState::kClosed, BreakerState::kForcedOpen,
                                    BreakerState::kForcedClosed, BreakerState::kObserveOnly};
    return kStates[static_cast<std::size_t>(pick(0, 3))];
  }

  Event of_time(What what) {
    Event event{.what = what, .count = pick(1, 12)};
    event.time = ms(0, chance(60) ? 50 : 2'500);
    if (what == What::kAdvance && chance(8)) event.time = ms(0, 90'000);
    return event;
  }

  DatabaseOptions options(int database) {
    DatabaseOptions options;
    set_pool(options.pool, database);
    set_breaker(options.breaker);
    options.query.timeout = ms(1'000, 4'000);
    options.session.application_name = "life" + std::to_string(pick(1, 2));
    return options;
  }

  void set_pool(PoolOptions& pool, int database) {
    const bool steady = database == kSteady;
    const auto index = static_cast<std::size_t>(database);
    pool.shards = shards_[index];
    pool.max_size = pool.shards * pick(steady ? 2 : 1, 3);
    pool.max_overflow = chance(30) ? pick(1, 3) : 0;
    pool.min_size = chance(40) ? pick(0, pool.max_size) : 0;
    pool.max_waiters = chance(30) && !steady ? pick(1, 6) : 0;
    pool.acquire_timeout = ms(steady ? 3'000 : 50, 4'000);
    pool.connect_timeout = ms(steady ? 1'000 : 50, 2'000);
    pool.max_lifetime = ms_or_none(3'000, 90'000);
    pool.idle_timeout = ms_or_none(500, 40'000);
    pool.keepalive = ms_or_none(500, 30'000);
    pool.pool_idle_timeout = ms_or_none(3'000, 60'000);
    pool.max_queries = chance(50) ? 0 : pick(1, 20);
    pool.pre_ping = static_cast<PrePing>(pick(0, 2));
    pool.reset = resets_[index];
    pool.pipeline_depth = chance(50) ? pick(2, 5) : 1;
    pool.fair_shares = fair_[index];
    pool.shedding = sheds_[index] ? Shedding::kCodel : Shedding::kOff;
    pool.adaptive_limit = static_cast<AdaptiveLimit>(pick(0, 2));
    pool.sizing = chance(30) ? PoolSizing::kDynamic : PoolSizing::kFixed;
  }

  void set_breaker(BreakerOptions& breaker) {
    breaker.window = ms(1'000, 10'000);
    breaker.minimum_calls = pick(1, 10);
    breaker.consecutive_connect_failures = pick(1, 5);
    breaker.open_for = ms(50, 1'000);
    breaker.max_open_for = ms(1'000, 5'000);
    breaker.slow = ms(300, 1'000);
    breaker.half_open_successes = pick(1, 6);
  }

  base::Random random_;
  Scenario scenario_;
  std::vector<int> shards_;
  std::vector<ResetPolicy> resets_;
  std::vector<bool> fair_;  // as the next: who waits in which order does not change on the way
  std::vector<bool> sheds_;
};

}  // namespace

Scenario make_scenario(std::uint64_t seed) { return Author(seed).write(); }

std::string to_string(const Scenario& scenario) {
  std::string text = std::to_string(scenario.workers) + " workers; db0 is always well";
  if (scenario.max_connections > 0)
    text += "; at most " + std::to_string(scenario.max_connections) + " connections";
  text += "\n";
  int line = 0;
  for (const Event& event : scenario.events) {
    text += "  " + std::to_string(++line) + ". " + to_string(event) + "\n";
  }
  return text + (scenario.ending == Ending::kRecovery
                     ? "  then all databases get well, and all ends\n"
                     : "  then the manager is closed, patience " +
                           std::to_string(scenario.close_patience.count()) + " ms\n");
}

}  // namespace sluice::simulation
