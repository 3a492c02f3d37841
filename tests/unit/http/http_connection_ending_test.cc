// How connections end: their time is over, their client leaves, or the server drains.
#include <gmock/gmock.h>

#include "unit/http/http_connection_fixture.h"

namespace sluice::http {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

constexpr auto kTick = 1ms;

TEST_F(HttpConnectionTest, DropsAReaderThatTakesNothingForTheWriteTimeout) {
  client_.takes = 1000;
  send(get("/later"));
  answer(0, std::string(1'000'000, 'x'));
  loop_.advance(options_.write_timeout - kTick);
  EXPECT_FALSE(client_.closed);
  client_.takes = 1;
  connection_->on_ready({.writable = true});
  loop_.advance(options_.write_timeout - kTick);
  EXPECT_FALSE(client_.closed) << "a byte is progress";
  loop_.advance(kTick);
  EXPECT_TRUE(client_.closed);
}

TEST_F(HttpConnectionTest, ClosesAnIdleConnectionSilently) {
  loop_.advance(options_.idle_timeout - kTick);
  send(get("/now"));
  const std::string before = client_.received;
  loop_.advance(options_.idle_timeout - kTick);
  EXPECT_FALSE(client_.closed);
  loop_.advance(kTick);
  EXPECT_TRUE(client_.closed);
  EXPECT_EQ(client_.received, before);
}

TEST_F(HttpConnectionTest, TimesOutAHeadThatDribbles) {
  send("GET /now");
  for (auto t = 1s; t < options_.head_timeout; t += 1s) {
    loop_.advance(1s);
    send("x");
  }
  loop_.advance(1s - kTick);
  EXPECT_THAT(client_.received, IsEmpty());
  loop_.advance(kTick);
  EXPECT_THAT(client_.received, AllOf(StartsWith("HTTP/1.1 408 "), HasSubstr("problem+json"),
                                      HasSubstr("Connection: close")));
  EXPECT_TRUE(client_.server_finished);
}

TEST_F(HttpConnectionTest, TimesOutABodyThatDoesNotArrive) {
  send("POST /now HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\n");
  loop_.advance(options_.body_timeout - kTick);
  EXPECT_THAT(client_.received, IsEmpty());
  loop_.advance(kTick);
  EXPECT_THAT(client_.received, StartsWith("HTTP/1.1 408 "));
}

TEST_F(HttpConnectionTest, GivesEveryRequestItsOwnTimeForTheHead) {
  send("GET /no");
  loop_.advance(options_.head_timeout - kTick);
  send("w HTTP/1.1\r\nHost: localhost\r\n\r\nGET /no");
  EXPECT_EQ(answers(), 1u);
  loop_.advance(options_.head_timeout - kTick);
  EXPECT_EQ(count_of(client_.received, " 408 "), 0u);
  loop_.advance(kTick);
  EXPECT_EQ(count_of(client_.received, " 408 "), 1u);
}

TEST_F(HttpConnectionTest, NeverTimesOutARequestThatIsBeingServed) {
  send(get("/later"));
  loop_.advance(1h);
  EXPECT_FALSE(client_.closed);
  answer(0, "at last");
  EXPECT_THAT(client_.received, EndsWith("at last"));
}

TEST_F(HttpConnectionTest, AnswersAHalfClosedClient) {
  send(get("/later"));
  client_finishes();
  EXPECT_FALSE(client_.closed);
  answer(0, "you are still there");
  EXPECT_THAT(client_.received, EndsWith("you are still there"));
  EXPECT_TRUE(client_.closed);
  EXPECT_EQ(gone_, 0);
}

TEST_F(HttpConnectionTest, AnswersAClientThatSentEverythingAndItsEndAtOnce) {
  client_.to_server = get("/now") + get("/now");
  client_finishes();
  EXPECT_EQ(answers(), 2u);
  EXPECT_TRUE(client_.closed);
}

TEST_F(HttpConnectionTest, AsksAHalfClosedClientOnceWhetherItIsStillThere) {
  send(get("/later"));
  client_finishes();
  loop_.advance(100ms - kTick);
  EXPECT_THAT(client_.received, IsEmpty());
  loop_.advance(kTick);
  EXPECT_EQ(client_.received, "HTTP/1.1 100 Continue\r\n\r\n");
  loop_.advance(1min);
  EXPECT_EQ(client_.received, "HTTP/1.1 100 Continue\r\n\r\n");
  EXPECT_EQ(gone_, 0);
  client_resets();
  EXPECT_EQ(gone_, 1);
  EXPECT_TRUE(client_.closed);
  answer(0, "too late");
  EXPECT_THAT(client_.received, Not(HasSubstr("too late")));
}

TEST_F(HttpConnectionTest, AsksNothingOfAnHttp10Client) {
  send("GET /later HTTP/1.0\r\n\r\n");
  client_finishes();
  loop_.advance(1min);
  EXPECT_THAT(client_.received, IsEmpty());
}

TEST_F(HttpConnectionTest, TellsEveryHandlerWhenTheClientHasGone) {
  send(get("/later") + get("/later"));
  client_resets();
  EXPECT_EQ(gone_, 2);
  EXPECT_EQ(busy_, 0);
}

TEST_F(HttpConnectionTest, ClosesWhenAClientLeavesInTheMiddleOfARequest) {
  send("GET /now HT");
  client_finishes();
  EXPECT_TRUE(client_.closed);
  EXPECT_THAT(client_.received, IsEmpty());
}

TEST_F(HttpConnectionTest, CountsAsBusyWhileARequestIsInFlight) {
  EXPECT_EQ(busy_, 0);
  send(get("/later"));
  EXPECT_EQ(busy_, 1);
  answer(0, "x");
  EXPECT_EQ(busy_, 0);
}

TEST_F(HttpConnectionTest, WhatWasReadBeforeADrainIsAnsweredThoughItHadToWait) {
  router_.add(Method::Get, "/much", [](const std::shared_ptr<Exchange>& exchange) {
    Response response;
    response.body.assign(300'000, 'x');
    exchange->respond(std::move(response));
  });
  client_.to_server = get("/much") + get("/now");
  connection_->on_ready({.readable = true});
  ASSERT_EQ(answers(), 1U) << "one turn gives no more";
  context_.draining = true;
  connection_->drain();
  loop_.run_posted();
  EXPECT_EQ(answers(), 2U);
  EXPECT_THAT(client_.received, HasSubstr("Connection: close"));
}

TEST_F(HttpConnectionTest, DrainsAnIdleConnectionAtOnce) {
  send(get("/now"));
  context_.draining = true;
  connection_->drain();
  EXPECT_TRUE(client_.server_finished);
}

TEST_F(HttpConnectionTest, DrainsABusyConnectionAfterItsAnswer) {
  send(get("/later"));
  context_.draining = true;
  connection_->drain();
  EXPECT_FALSE(client_.server_finished);
  answer(0, "x");
  EXPECT_THAT(client_.received, HasSubstr("Connection: close\r\n"));
  EXPECT_TRUE(client_.server_finished);
}

TEST_F(HttpConnectionTest, ServesTheFirstRequestOfANewConnectionWhileDraining) {
  context_.draining = true;
  connection_->drain();
  EXPECT_EQ(busy_, 1) << "its request may be on the way";
  loop_.advance(1s - kTick);
  send(get("/now"));
  EXPECT_EQ(answers(), 1u);
  EXPECT_TRUE(client_.server_finished);
  EXPECT_EQ(busy_, 0);
}

TEST_F(HttpConnectionTest, DoesNotWaitLongForTheFirstRequestWhileDraining) {
  context_.draining = true;
  connection_->drain();
  loop_.advance(1s);
  EXPECT_TRUE(client_.closed);
  EXPECT_EQ(busy_, 0);
}

TEST_F(HttpConnectionTest, TurnsAwayWithAProblemDocument) {
  connection_->abort();
  client_ = ScriptedClient();
  connection_ = std::make_shared<HttpConnection>(
      context_, std::make_unique<ScriptedStream>(client_), "192.0.2.1:1");
  connection_->turn_away();
  EXPECT_THAT(client_.received, AllOf(StartsWith("HTTP/1.1 503 "), HasSubstr("Retry-After: 1\r\n"),
                                      HasSubstr("\"code\":\"overloaded\"")));
  EXPECT_TRUE(client_.server_finished);
}

}  // namespace
}  // namespace sluice::http
