#include "app/bench/load.h"

#include <gtest/gtest.h>

#include <thread>

#include "app/bench/steps.h"
#include "app/bench/threshold.h"

namespace sluice::app::bench {
namespace {

using std::chrono::milliseconds;

/// Answers after a while; every hundredth answer is a refusal when asked for.
class SlowGateway : public client::Gateway {
 public:
  SlowGateway(milliseconds time, int status) : time_(time), status_(status) {}

  client::Outcome<client::Reply> ask(const client::Request&) override {
    std::this_thread::sleep_for(time_);
    if (status_ == 200) return client::Reply{200, "{}", "auth;dur=0.5, queue;dur=1, db;dur=2.5"};
    return client::Reply{status_, R"({"code":"queue_full","detail":"too many"})", ""};
  }

 private:
  milliseconds time_;
  int status_;
};

OpenGateway slow(milliseconds time, int status = 200) {
  return [=](const auto*) { return std::make_unique<SlowGateway>(time, status); };
}

const std::atomic<bool> kGoOn{false};
const OnTick kSilent = [](auto, auto) {};

TEST(Load, SendsExactlyAsManyAsAsked) {
  const Measured measured =
      run_load({.users = 7, .requests = 100}, slow(milliseconds(1)), kGoOn, kSilent);
  EXPECT_EQ(measured.total(), 100);
  EXPECT_EQ(measured.succeeded, 100);
  EXPECT_EQ(measured.latencies.count(), 100);
  EXPECT_GE(measured.latencies.min(), milliseconds(1));
  EXPECT_EQ(measured.staged, 100);
  EXPECT_NEAR(measured.stage_ms[3], 250, 0.001);
}

TEST(Load, EndsAfterItsDuration) {
  const Measured measured =
      run_load({.users = 2, .duration = milliseconds(60)}, slow(milliseconds(5)), kGoOn, kSilent);
  EXPECT_GE(measured.total(), 2);
  EXPECT_LE(measured.total(), 26);
}

TEST(Load, EndsWhenItIsStopped) {
  const std::atomic<bool> stop{true};
  const Measured measured =
      run_load({.users = 2, .requests = 1'000'000}, slow(milliseconds(1)), stop, kSilent);
  EXPECT_LT(measured.total(), 1'000'000);
}

// One user, 200 requests a second, 20 ms each: it falls behind, and what waits to be sent counts.
TEST(Load, WithARateTimesCountFromWhenTheyWereDue) {
  const Measured measured =
      run_load({.users = 1, .requests = 20, .rate = 200}, slow(milliseconds(20)), kGoOn, kSilent);
  EXPECT_EQ(measured.total(), 20);
  EXPECT_GE(measured.latencies.max(),
            milliseconds(290));  // the last: due after 95 ms, sent after 380
}

TEST(Load, FailuresAreCountedByCode) {
  const Measured measured =
      run_load({.users = 2, .requests = 10}, slow(milliseconds(0), 503), kGoOn, kSilent);
  EXPECT_EQ(measured.succeeded, 0);
  EXPECT_EQ(measured.failures.at("queue_full"), 10);
  EXPECT_EQ(measured.first_failure, "too many (queue_full)");
}

TEST(Thresholds, AreRead) {
  const auto threshold = parse_threshold("p99.9<=1s");
  ASSERT_TRUE(threshold);
  EXPECT_EQ(threshold->measure, "p99.9");
  EXPECT_EQ(threshold->comparison, "<=");
  EXPECT_EQ(threshold->bound, 1000);
  EXPECT_EQ(parse_threshold("errors<1%")->bound, 1);
  EXPECT_EQ(parse_threshold("rate>1000")->bound, 1000);
  for (const char* text : {"", "p99", "p99<20", "p0<1s", "p101<1s", "errors<x", "speed>1", "p99=1s",
                           "rate>", "p99<1s "}) {
    EXPECT_FALSE(parse_threshold(text)) << text;
  }
}

TEST(Thresholds, AreJudged) {
  Measured measured;
  measured.succeeded = 99;
  measured.failures["x"] = 1;
  measured.elapsed = std::chrono::seconds(1);
  for (int i = 1; i <= 100; ++i) measured.latencies.add(milliseconds(i));
  const auto met = [&](const char* text) {
    return judge(*parse_threshold(text), measured, measured.latencies).met;
  };
  EXPECT_TRUE(met("p50<52ms"));
  EXPECT_FALSE(met("p50<49ms"));
  EXPECT_TRUE(met("max<=100ms"));
  EXPECT_FALSE(met("max<100ms"));
  EXPECT_TRUE(met("errors<=1%"));
  EXPECT_FALSE(met("errors<1%"));
  EXPECT_TRUE(met("success>98.9"));
  EXPECT_TRUE(met("rate>98"));
  EXPECT_FALSE(met("rate>99"));
}

TEST(Thresholds, WithoutAnAnswerNothingWasFastEnough) {
  const Measured nothing;
  EXPECT_FALSE(judge(*parse_threshold("p99<1s"), nothing, nothing.latencies).met);
}

Step step(int size, int succeeded) {
  Measured measured;
  measured.succeeded = succeeded;
  measured.elapsed = std::chrono::seconds(1);
  measured.latencies.add(milliseconds(1));
  return {size, make_report(std::move(measured), {}, {})};
}

TEST(Sweep, TheBestSizeIsTheSmallestThatIsNearlyTheFastest) {
  const std::vector<Step> steps{step(2, 500), step(4, 960), step(8, 1000), step(16, 990)};
  ASSERT_NE(best_size(steps), nullptr);
  EXPECT_EQ(best_size(steps)->size, 4);
  EXPECT_EQ(best_size({}), nullptr);
  EXPECT_EQ(best_size({step(1, 0)}), nullptr);
}

}  // namespace
}  // namespace sluice::app::bench
