#include "pool/service_time.h"

#include <gtest/gtest.h>

namespace sluice::pool {
namespace {

using base::Duration;
using base::TimePoint;
using std::chrono::milliseconds;
using std::chrono::seconds;

const TimePoint kStart{std::chrono::hours(1)};

TEST(ServiceTimes, AreUnknownUntilEnoughWasSeen) {
  ServiceTime service;
  for (int i = 0; i < ServiceTime::kFewestCalls - 1; ++i) {
    service.record(milliseconds(5), 1, kStart);
  }
  EXPECT_EQ(service.mean(kStart), Duration::zero());
  service.record(milliseconds(5), 1, kStart);
  EXPECT_EQ(service.mean(kStart), milliseconds(5));
}

TEST(ServiceTimes, AreSharedByThoseOfABatch) {
  ServiceTime service;
  service.record(milliseconds(16), 16, kStart);
  EXPECT_EQ(service.mean(kStart), milliseconds(1));
}

TEST(ServiceTimes, CleaningIsPartOfThem) {
  ServiceTime service;
  for (int i = 0; i < 8; ++i) service.record(milliseconds(4), 0, kStart);
  service.record(milliseconds(32), 16, kStart);
  EXPECT_EQ(service.mean(kStart), milliseconds(4));
}

TEST(ServiceTimes, OneSlowCallAmongThousandsWeighsNoMoreThanItShould) {
  ServiceTime service;
  service.record(milliseconds(16), 16, kStart);
  for (int i = 0; i < 9'999; ++i) service.record(milliseconds(1), 1, kStart);
  service.record(seconds(10), 1, kStart + seconds(1));
  EXPECT_GT(service.mean(kStart + seconds(1)), milliseconds(1));
  EXPECT_LT(service.mean(kStart + seconds(1)), milliseconds(2)) << "and not the half of it";
}

TEST(ServiceTimes, AreForgottenAfterTenSeconds) {
  ServiceTime service;
  service.record(seconds(16), 16, kStart);
  EXPECT_EQ(service.mean(kStart + seconds(10) - Duration(1)), seconds(1));
  EXPECT_EQ(service.mean(kStart + seconds(10)), Duration::zero());
  service.record(milliseconds(16), 16, kStart + seconds(11));
  EXPECT_EQ(service.mean(kStart + seconds(11)), milliseconds(1)) << "what was is no part of it";
}

}  // namespace
}  // namespace sluice::pool
