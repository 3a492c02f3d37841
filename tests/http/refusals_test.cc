// What makes no sense is refused rather than passed over: headers and parameters.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "http/scripted_gateway.h"

namespace sluice::http {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kKey = "Idempotency-Key: a\r\n";
constexpr const char* kCondition = "If-None-Match: \"a\"\r\n";
constexpr const char* kQuery = R"({"sql": "SELECT 1"})";

std::string post(const std::string& target, const std::string& body,
                 const std::string& headers = "") {
  return "POST " + target + " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n" +
         headers + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

class RefusalsTest : public ::testing::Test {
 protected:
  RefusalsTest() {
    ask(post("/databases/connect", R"({"host": "127.0.0.1", "database": "echo", "user": "u",
                                       "password": "p", "db_id": "d"})"));
  }
  TestClient::Answer ask(const std::string& request) {
    EXPECT_TRUE(client.send(request));
    auto answer = client.read_answer();
    EXPECT_TRUE(answer);
    return answer ? *answer : TestClient::Answer();
  }
  void expect_refused(const std::string& request, const std::string& why) {
    const auto answer = ask(request);
    EXPECT_EQ(answer.status, 422) << request;
    EXPECT_THAT(answer.body, HasSubstr(why)) << request;
  }

  ScriptedGateway gateway;
  TestClient client = gateway.connect();
};

TEST_F(RefusalsTest, AnEmptyIdempotencyKeyIsNone) {
  for (const char* empty : {"Idempotency-Key:\r\n", "Idempotency-Key: \r\n"}) {
    expect_refused(post("/query/d", kQuery, empty), "1 to 255");
    expect_refused(post("/transaction/d", R"({"statements": [{"sql": "SELECT 1"}]})", empty),
                   "1 to 255");
  }
}

TEST_F(RefusalsTest, OneIdempotencyKeyIsEnough) {
  expect_refused(post("/query/d", kQuery, "Idempotency-Key: a\r\nIdempotency-Key: b\r\n"),
                 "only once");
}

TEST_F(RefusalsTest, HeadersThatMeanNothingAreNotPassedOver) {
  const char* transaction = R"({"statements": [{"sql": "SELECT 1"}]})";
  const char* fan_out = R"({"sql": "SELECT 1", "db_ids": ["d"]})";
  expect_refused(post("/transaction/d", transaction, kCondition), "If-None-Match");
  expect_refused(post("/query", fan_out, kCondition), "If-None-Match");
  expect_refused(post("/query", fan_out, kKey), "Idempotency-Key");
  expect_refused(post("/query/d/explain", kQuery, kCondition), "If-None-Match");
  expect_refused(post("/query/d/explain", kQuery, kKey), "Idempotency-Key");
}

TEST_F(RefusalsTest, UnknownAndRepeatedParametersAreNotPassedOver) {
  expect_refused(post("/admin/reload?dryrun=true", ""), "the known ones here are dry_run");
  expect_refused(post("/query/d?read_only=true", kQuery), "there are none here");
  expect_refused(get_request("/databases/d/schema?limit=1&limit=2"), "is given twice");
  expect_refused(get_request("/health?detail=true"), "the known ones here are probe");
}

TEST_F(RefusalsTest, ToolsMayAppendParametersToWhatTheyWatch) {
  for (const char* path : {"/metrics?x=1", "/livez?x=1", "/readyz?x=1&x=2", "/health/ping?x",
                           "/docs?x", "/admin?x", "/openapi.json?x"}) {
    EXPECT_EQ(ask(get_request(path)).status, 200) << path;
  }
}

}  // namespace
}  // namespace sluice::http
