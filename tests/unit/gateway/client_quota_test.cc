#include "gateway/client_quota.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "gateway/client_quotas.h"
#include "gateway/in_flight.h"
#include "support/simulated_loop.h"

namespace sluice::gateway {
namespace {

using namespace std::chrono_literals;
using Verdict = ClientQuota::Verdict;

class ClientQuotaTest : public ::testing::Test {
 protected:
  bool may(const config::ClientLimits& limits) {
    const auto decision = quota.enter(limits, now);
    const bool admitted = decision.verdict == Verdict::kAdmitted;
    if (admitted) quota.leave();
    return admitted;
  }
  int admitted_at_once(const config::ClientLimits& limits, int tries) {
    int admitted = 0;
    for (int i = 0; i < tries; ++i) admitted += may(limits) ? 1 : 0;
    return admitted;
  }

  base::TimePoint now{1'000h};
  ClientQuota quota{now};
};

TEST_F(ClientQuotaTest, LetsABurstThroughAndThenTheRate) {
  const config::ClientLimits limits{.requests_per_second = 10, .burst = 5};
  EXPECT_EQ(admitted_at_once(limits, 20), 5);
  now += 99'999us;
  EXPECT_FALSE(may(limits));
  now += 1us;
  EXPECT_TRUE(may(limits));
  EXPECT_FALSE(may(limits));
  now += 1h;
  EXPECT_EQ(admitted_at_once(limits, 20), 5);
}

TEST_F(ClientQuotaTest, WithoutABurstOfItsOwnASecondsWorthMayComeAtOnce) {
  EXPECT_EQ(admitted_at_once({.requests_per_second = 7}, 20), 7);
}

TEST_F(ClientQuotaTest, IsExactForRatesThatDivideNothing) {
  for (const int rate : {1, 3, 7, 333, 99'999}) {
    ClientQuota exact(now);
    const config::ClientLimits limits{.requests_per_second = rate, .burst = 2};
    std::int64_t admitted = 0;
    for (int i = 0; i < 30'000; ++i) {
      const auto decision = exact.enter(limits, now + i * 1ms);
      admitted += decision.verdict == Verdict::kAdmitted ? 1 : 0;
      // Never more than the burst and what time has brought.
      ASSERT_LE(admitted, 2 + std::int64_t{rate} * i / 1'000) << rate << " at " << i;
    }
    EXPECT_GE(admitted, std::min<std::int64_t>(std::int64_t{rate} * 29, 29'000)) << rate;
  }
}

TEST_F(ClientQuotaTest, SaysWhenToComeBackAndMeansIt) {
  const config::ClientLimits limits{.requests_per_second = 3, .burst = 2};
  EXPECT_EQ(quota.enter(limits, now).left, 1);
  EXPECT_EQ(quota.enter(limits, now).left, 0);
  const auto refused = quota.enter(limits, now);
  EXPECT_EQ(refused.verdict, Verdict::kTooFast);
  EXPECT_EQ(refused.retry_after, 333'334us);
  EXPECT_EQ(refused.full_in, 666'667us);
  now += refused.retry_after - 1us;
  EXPECT_FALSE(may(limits));
  now += 1us;
  EXPECT_TRUE(may(limits));
}

TEST_F(ClientQuotaTest, CountsWhatIsUnderWay) {
  const config::ClientLimits limits{.concurrent = 2};
  EXPECT_EQ(quota.enter(limits, now).verdict, Verdict::kAdmitted);
  EXPECT_EQ(quota.enter(limits, now).verdict, Verdict::kAdmitted);
  EXPECT_EQ(quota.enter(limits, now).verdict, Verdict::kTooManyAtOnce);
  quota.leave();
  EXPECT_EQ(quota.enter(limits, now).verdict, Verdict::kAdmitted);
}

TEST_F(ClientQuotaTest, OneThatIsRefusedForBeingTooManyCostsNothing) {
  const config::ClientLimits limits{.requests_per_second = 2, .concurrent = 1};
  EXPECT_EQ(quota.enter(limits, now).verdict, Verdict::kAdmitted);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(quota.enter(limits, now).verdict, Verdict::kTooManyAtOnce);
  quota.leave();
  EXPECT_EQ(quota.enter(limits, now).verdict, Verdict::kAdmitted);
}

TEST_F(ClientQuotaTest, AnotherRateBeginsWithAFullBucket) {
  EXPECT_EQ(admitted_at_once({.requests_per_second = 1}, 5), 1);
  EXPECT_EQ(admitted_at_once({.requests_per_second = 4}, 10), 4);
}

TEST_F(ClientQuotaTest, ThreadsTogetherGetNoMoreThanOne) {
  const config::ClientLimits limits{.requests_per_second = 1'000, .burst = 500};
  std::atomic<int> admitted{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 1'000; ++n) {
        if (quota.enter(limits, now).verdict == Verdict::kAdmitted) ++admitted;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(admitted, 500);
}

TEST(ClientQuotas, TellClientsApartByKeyAndByAddress) {
  testing::SimulatedLoop loop;
  ClientQuotas quotas({&loop});
  const config::ClientLimits limits{.requests_per_second = 1};
  EXPECT_EQ(quotas.of_key("a", loop.now()), quotas.of_key("a", loop.now()));
  EXPECT_NE(quotas.of_key("a", loop.now()), quotas.of_key("b", loop.now()));
  const auto one = quotas.of_address("10.0.0.1", limits, loop.now());
  EXPECT_EQ(quotas.of_address("10.0.0.1", limits, loop.now()), one);
  EXPECT_NE(quotas.of_address("10.0.0.2", limits, loop.now()), one);
  EXPECT_NE(quotas.of_key("10.0.0.1", loop.now()), one);
}

TEST(ClientQuotas, AnIpv6ClientHasItsWholeNetwork) {
  EXPECT_EQ(client_of_address("2001:db8:1:2:3:4:5:6"), client_of_address("2001:db8:1:2::1"));
  EXPECT_NE(client_of_address("2001:db8:1:2::1"), client_of_address("2001:db8:1:3::1"));
  EXPECT_EQ(client_of_address("fe80::1%eth0"), "fe80::/64");
  EXPECT_NE(client_of_address("10.0.0.1"), client_of_address("10.0.0.2"));
}

TEST(ClientQuotas, HaveRoomForSoManyAddressesAndNoMore) {
  testing::SimulatedLoop loop;
  ClientQuotas quotas({&loop});
  const config::ClientLimits limits{.requests_per_second = 1};
  const auto use = [&](int from, int count) {
    for (int i = from; i < from + count; ++i) {
      const auto quota = quotas.of_address(std::to_string(i), limits, loop.now());
      if (quota->enter(limits, loop.now()).verdict == Verdict::kAdmitted) quota->leave();
    }
  };
  const auto most = static_cast<int>(ClientQuotas::kMostAddresses);
  use(0, 3 * most);
  EXPECT_EQ(quotas.addresses(), ClientQuotas::kMostAddresses);
  // Their buckets are full again: they can be told from new ones no longer.
  loop.advance(2s);
  use(5 * most, 1'000);
  EXPECT_LT(quotas.addresses(), ClientQuotas::kMostAddresses);
}

TEST(InFlight, IsNeverMoreThanItMayBeAndEndsAtNothing) {
  InFlight in_flight({.requests = 2, .bytes = 100});
  EXPECT_TRUE(in_flight.add_request());
  EXPECT_TRUE(in_flight.add_request());
  EXPECT_FALSE(in_flight.add_request());
  in_flight.remove_request();
  EXPECT_TRUE(in_flight.add_request());
  {
    ByteCharge first(in_flight);
    EXPECT_TRUE(first.add(60));
    ByteCharge second(in_flight);
    EXPECT_FALSE(second.add(41));
    EXPECT_TRUE(second.add(40));
    first.absorb(std::move(second));
    EXPECT_EQ(first.bytes(), 100);
    ByteCharge third = std::move(first);
    EXPECT_EQ(in_flight.bytes(), 100);
  }
  EXPECT_EQ(in_flight.bytes(), 0);
}

}  // namespace
}  // namespace sluice::gateway
