#include "http/traceparent.h"

#include <gtest/gtest.h>

#include <string>

#include "manager/live_call.h"

namespace sluice::http {
namespace {

const std::string kTrace = "4bf92f3577b34da6a3ce929d0e0e4736";
const std::string kGood = "00-" + kTrace + "-00f067aa0ba902b7-01";

TEST(Traceparent, TakesWhatTheStandardAllows) {
  EXPECT_EQ(checked_traceparent(kGood), kGood);
  EXPECT_EQ(manager::trace_id(checked_traceparent(kGood)), kTrace);
  const std::string later = "01" + kGood.substr(2);
  EXPECT_EQ(checked_traceparent(later), later);
  const std::string longer = later + "-more";
  EXPECT_EQ(checked_traceparent(longer), later);
}

TEST(Traceparent, TakesNothingElse) {
  for (const std::string& bad :
       {std::string(), kGood + "-more", kGood.substr(1), kGood.substr(0, 54),
        "ff" + kGood.substr(2), "00-" + std::string(32, '0') + "-00f067aa0ba902b7-01",
        "00-" + kTrace + "-0000000000000000-01",
        std::string("00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01"),
        "00_" + kGood.substr(3), "00-" + kTrace.substr(0, 30) + "*/-00f067aa0ba902b7-01",
        "01" + kGood.substr(2) + "x"}) {
    EXPECT_EQ(checked_traceparent(bad), "") << bad;
  }
  EXPECT_EQ(manager::trace_id(""), "");
}

}  // namespace
}  // namespace sluice::http
