// What stands between a request and its database: pool, breaker, latency histogram.

#include <chrono>
#include <memory>
#include <utility>

#include "base/histogram.h"
#include "base/random.h"
#include "breaker/breaker.h"
#include "micro.h"
#include "pool/pool.h"
#include "support/fake_connection.h"
#include "support/simulated_loop.h"

namespace sluice {
namespace {

using std::chrono::microseconds;
using std::chrono::seconds;

class DeafListener final : public pool::PoolListener {
 public:
  void on_connect(base::Duration, const Error*) override {}
  void on_ping(base::Duration, const Error*) override {}
  void on_event(PoolEvent, std::string_view) override {}
};

/// A pool of fake connections, all of them open.
class WarmPool {
 public:
  explicit WarmPool(int size) {
    PoolOptions options;
    options.max_size = size;
    options.max_queries = 0;
    pool_ = std::make_unique<pool::Pool>(
        options, pool::Pool::Dependencies{loop_, database_.connector(loop_), listener_, random_});
    std::vector<pool::Lease> leases(static_cast<std::size_t>(size));
    for (pool::Lease& lease : leases) take(lease);
    loop_.run_posted();
  }

  void take(pool::Lease& into) {
    pool_->acquire(base::Deadline::after(loop_.now(), seconds(5)),
                   [&into](Result<pool::Lease> lease) {
                     if (lease) into = std::move(*lease);
                   });
  }
  void run() { loop_.run_posted(); }

 private:
  testing::SimulatedLoop loop_;
  testing::FakeDatabase database_;
  DeafListener listener_;
  base::Random random_{1};
  std::unique_ptr<pool::Pool> pool_;
};

void pool_acquire_and_release(benchmark::State& state) {
  WarmPool pool(10);
  for (auto _ : state) {
    pool::Lease lease;
    pool.take(lease);
    if (!lease) return state.SkipWithError("no connection was idle");
  }
}
SLUICE_MICRO(pool_acquire_and_release);

/// A caller who has to wait gets the connection from the one before.
void pool_hand_over(benchmark::State& state) {
  WarmPool pool(1);
  pool::Lease held;
  pool.take(held);
  for (auto _ : state) {
    pool::Lease next;
    pool.take(next);
    held.release();
    if (!next) return state.SkipWithError("the waiter was not served");
    held = std::move(next);
  }
}
SLUICE_MICRO(pool_hand_over);

void breaker_permit(benchmark::State& state) {
  base::Random random{1};
  base::TimePoint now{std::chrono::hours(100)};
  breaker::Breaker breaker({}, random, now);
  for (auto _ : state) {
    now += microseconds(20);
    auto permit = breaker.acquire(now);
    if (!permit) return state.SkipWithError(permit.error().message.c_str());
    permit->settle(nullptr, now);
  }
}
SLUICE_MICRO(breaker_permit);

void histogram_record(benchmark::State& state) {
  base::LatencyRecorder recorder;
  base::TimePoint now{std::chrono::hours(100)};
  microseconds latency{1};
  for (auto _ : state) {
    now += microseconds(20);
    latency = microseconds(1 + (latency.count() * 7919) % 100'003);
    recorder.record(latency, now);
  }
  benchmark::DoNotOptimize(recorder);
}
SLUICE_MICRO(histogram_record);

}  // namespace
}  // namespace sluice
