#include <gtest/gtest.h>

#include "json/requests.h"

namespace sluice::json {
namespace {

using namespace std::chrono_literals;

TEST(DecodeSession, ReadsEveryField) {
  const auto request =
      decode_session(R"({"timeout_ms":1,"idle_timeout_ms":2000,"max_duration_ms":60000})");
  ASSERT_TRUE(request) << request.error().message;
  EXPECT_EQ(request->timeout, 1ms);
  EXPECT_EQ(request->idle_timeout, 2'000ms);
  EXPECT_EQ(request->max_duration, 60'000ms);
}

TEST(DecodeSession, NothingIsAskedForUnlessSaid) {
  for (const char* body : {"", "{}", R"({"idle_timeout_ms":null})"}) {
    const auto request = decode_session(body);
    ASSERT_TRUE(request) << request.error().message;
    EXPECT_FALSE(request->timeout || request->idle_timeout || request->max_duration);
  }
}

TEST(DecodeSession, TellsEveryMistake) {
  const auto request = decode_session(R"({"idle_timeout_ms":0,"max_duration_ms":"1","sql":"x"})");
  ASSERT_FALSE(request);
  EXPECT_EQ(request.error().fields.size(), 3u);
}

}  // namespace
}  // namespace sluice::json
