// Answers whose body comes in pieces: framing, order, back-pressure, slow and absent readers.
#include <gmock/gmock.h>

#include <random>

#include "unit/http/streaming_fixture.h"

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
constexpr std::size_t kUnlimited = 1'000'000'000;

TEST_F(StreamingTest, SendsEachPieceAtOnceAsAChunk) {
  send(get());
  begin();
  EXPECT_TRUE(exchange().write("one"));
  EXPECT_THAT(client_.received,
              AllOf(StartsWith("HTTP/1.1 200 OK\r\n"), HasSubstr("Transfer-Encoding: chunked\r\n"),
                    Not(HasSubstr("Content-Length")), Not(HasSubstr("Connection:")),
                    EndsWith("\r\n\r\n3\r\none\r\n")));
  EXPECT_TRUE(exchange().write(std::string(26, 'x')));
  EXPECT_THAT(client_.received, EndsWith("1a\r\n" + std::string(26, 'x') + "\r\n"));
  EXPECT_TRUE(logged_.empty());
  exchange().finish();
  EXPECT_THAT(client_.received, EndsWith("\r\n0\r\n\r\n"));
  ASSERT_EQ(logged_.size(), 1U);
  EXPECT_EQ(logged_[0].bytes, 29U);
  EXPECT_FALSE(logged_[0].incomplete);
  EXPECT_EQ(busy_, 0);
}

TEST_F(StreamingTest, TakesTheNextRequestAfterwards) {
  send(get());
  begin();
  exchange().write("one");
  exchange().finish();
  send(get());
  begin(1);
  exchange(1).finish();
  EXPECT_EQ(logged_.size(), 2U);
  EXPECT_FALSE(client_.closed);
}

TEST_F(StreamingTest, AnEmptyPieceDoesNotEndTheBody) {
  send(get());
  begin();
  exchange().write("");
  EXPECT_THAT(client_.received, EndsWith("\r\n\r\n"));
  exchange().write("x");
  exchange().finish();
  EXPECT_EQ(body(), "x");
}

TEST_F(StreamingTest, AnswersHttp10UntilTheConnectionCloses) {
  send(get("Connection: keep-alive\r\n", 0));
  begin();
  exchange().write("one");
  EXPECT_THAT(client_.received,
              AllOf(HasSubstr("Connection: close\r\n"), Not(HasSubstr("Transfer-Encoding")),
                    EndsWith("\r\n\r\none")));
  EXPECT_FALSE(client_.server_finished);
  exchange().finish();
  EXPECT_TRUE(client_.server_finished);
  EXPECT_FALSE(client_.spoiled);
}

TEST_F(StreamingTest, LeavesABodyThatIsBrokenOffWithoutItsEnd) {
  send(get());
  begin();
  exchange().write("one");
  exchange().break_off();
  EXPECT_EQ(body(), "one…");
  EXPECT_TRUE(client_.server_finished);
  ASSERT_EQ(logged_.size(), 1U);
  EXPECT_TRUE(logged_[0].incomplete);
  EXPECT_EQ(gone_, 0);
}

TEST_F(StreamingTest, SendsWhatWasWrittenBeforeItBreaksOff) {
  client_.takes = 10;
  send(get());
  begin();
  exchange().write("the last words");
  exchange().break_off();
  EXPECT_FALSE(client_.server_finished);
  client_takes(kUnlimited);
  EXPECT_EQ(body(), "the last words…");
  EXPECT_TRUE(client_.server_finished);
}

TEST_F(StreamingTest, ResetsAnHttp10ConnectionThatIsBrokenOff) {
  send(get("", 0));
  begin();
  exchange().write("one");
  exchange().break_off();
  EXPECT_TRUE(client_.spoiled) << "a plain end would look like success";
  EXPECT_TRUE(client_.closed);
}

TEST_F(StreamingTest, ResetsAnHttp10ConnectionThatEndsBeforeItsBodyIsOut) {
  const auto aborted = [this] { connection_->abort(); };
  const auto given_up = [this] { loop_.advance(options_.write_timeout); };
  const auto given_up_at_the_end = [&] { exchange().finish(), given_up(); };
  for (const std::function<void()>& end :
       {std::function<void()>(aborted), {given_up}, {given_up_at_the_end}}) {
    open();
    client_.takes = 200;
    send(get("", 0));
    begin();
    exchange().write(std::string(1000, 'x'));
    end();
    EXPECT_TRUE(client_.closed && client_.spoiled) << "it would pass for all there is";
  }
}

TEST_F(StreamingTest, ABodyThatIsDroppedIsBrokenOff) {
  send(get());
  begin();
  exchange().write("one");
  waiting_.clear();
  loop_.run_posted();
  EXPECT_EQ(body(), "one…");
  EXPECT_TRUE(client_.server_finished);
}

TEST_F(StreamingTest, KeepsTheOrderOfPipelinedRequests) {
  send(get() + get() + get());
  ASSERT_EQ(waiting_.size(), 3U);
  begin(1);
  exchange(1).write("second");
  Response third;
  third.body = "third";
  exchange(2).respond(std::move(third));
  EXPECT_THAT(client_.received, IsEmpty());
  begin(0);
  exchange(0).write("first");
  EXPECT_THAT(client_.received, Not(HasSubstr("second")));
  exchange(0).finish();
  EXPECT_THAT(client_.received, AllOf(HasSubstr("second"), Not(HasSubstr("third"))));
  exchange(1).write("and its end");
  exchange(1).finish();
  EXPECT_THAT(client_.received, EndsWith("third"));
  EXPECT_LT(client_.received.find("first"), client_.received.find("second"));
}

TEST_F(StreamingTest, APostBehindAStreamWaitsForItsEnd) {
  send(get() +
       "POST /later HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
       "Content-Length: 2\r\n\r\n{}");
  begin();
  exchange().write("one");
  EXPECT_EQ(waiting_.size(), 1U);
  exchange().finish();
  EXPECT_EQ(waiting_.size(), 2U);
}

TEST_F(StreamingTest, WhoeverIsBehindABrokenOffStreamIsNotAnswered) {
  send(get() + get());
  begin();
  exchange().break_off();
  EXPECT_EQ(gone_, 1) << "the second one is told";
  begin(1);
  exchange(1).write("x");
  exchange(1).finish();
  EXPECT_THAT(client_.received, Not(HasSubstr("x\r\n")));
}

TEST_F(StreamingTest, SendsOnlyTheHeadForHead) {
  send("HEAD /later HTTP/1.1\r\nHost: localhost\r\n\r\n");
  begin();
  EXPECT_TRUE(exchange().write("one"));
  exchange().finish();
  EXPECT_THAT(client_.received,
              AllOf(HasSubstr("Transfer-Encoding: chunked"), EndsWith("\r\n\r\n")));
  EXPECT_THAT(body_of(client_.received), IsEmpty());
}

TEST_F(StreamingTest, SaysCloseWhenTheServerDrains) {
  context_.draining = true;
  send(get());
  begin();
  exchange().write("one");
  EXPECT_THAT(client_.received, HasSubstr("Connection: close\r\n"));
  exchange().finish();
  EXPECT_TRUE(client_.server_finished);
}

// --- back-pressure -----------------------------------------------------------------------------

TEST_F(StreamingTest, AsksForAPauseAndTellsWhenThereIsRoom) {
  int drained = 0;
  client_.takes = 1000;
  send(get());
  begin();
  exchange().on_drained([&drained] { ++drained; });
  int pieces = 1;
  while (exchange().write(std::string(16 * 1024, 'x'))) ++pieces;
  EXPECT_EQ(pieces, 17) << "at most 256 KiB wait";
  client_takes(100'000);
  EXPECT_EQ(drained, 0);
  client_takes(200'000);
  EXPECT_EQ(drained, 1);
  client_takes(kUnlimited);
  EXPECT_EQ(drained, 1);
  exchange().finish();
  EXPECT_EQ(body(), std::string(pieces * 16 * 1024, 'x'));
}

TEST_F(StreamingTest, TellsOfRoomThoughMoreIsWrittenInBetween) {
  int drained = 0;
  client_.takes = 1000;
  send(get());
  begin();
  exchange().on_drained([&drained] { ++drained; });
  while (exchange().write(std::string(16 * 1024, 'x'))) {
  }
  client_takes(100'000);
  EXPECT_FALSE(exchange().write("what was on its way already")) << "room comes when it is told";
  EXPECT_EQ(drained, 0);
  client_takes(kUnlimited);
  EXPECT_EQ(drained, 1);
  EXPECT_TRUE(exchange().write("more"));
}

TEST_F(StreamingTest, GoesOnHoweverTheClientTakesIt) {
  constexpr int kPieces = 100;
  constexpr int kOnTheirWay = 4;  // are written although the body is full
  const std::string piece(32 * 1024, 'x');
  for (unsigned seed = 0; seed < 100; ++seed) {
    std::mt19937 random(seed);
    open();
    send(get());
    begin();
    bool full = false;
    int unasked = 0;
    exchange().on_drained([&] { full = false, unasked = 0; });
    for (int written = 0; written < kPieces;) {
      client_takes(random() % 60'000 + 1);
      ASSERT_FALSE(full && client_.takes > 0) << "all is taken, and nobody was told; seed " << seed;
      if (full && unasked == kOnTheirWay) continue;
      unasked += full;
      ++written;
      full |= !exchange().write(piece);
    }
    connection_->abort();
  }
}

TEST_F(StreamingTest, ABodyThatWaitsForItsTurnAsksForAPauseToo) {
  int drained = 0;
  send(get() + get());
  begin(1);
  exchange(1).on_drained([&drained] { ++drained; });
  while (exchange(1).write(std::string(16 * 1024, 'x'))) {
  }
  EXPECT_EQ(drained, 0);
  begin(0);
  exchange(0).finish();
  EXPECT_EQ(drained, 1);
}

TEST_F(StreamingTest, TellsWhenTheClientLeaves) {
  client_.takes = 10;
  send(get());
  begin();
  exchange().write("a piece");
  client_.broken = true;
  connection_->on_ready({.readable = true, .peer_finished = true, .broken = true});
  EXPECT_EQ(gone_, 1);
  EXPECT_EQ(exchange().departure(), Departure::kLeft);
  EXPECT_TRUE(exchange().write("more")) << "nobody waits for a client that has left";
  exchange().finish();
  ASSERT_EQ(logged_.size(), 1U);
  EXPECT_TRUE(logged_[0].incomplete);
  EXPECT_EQ(logged_[0].status, 200);
}

TEST_F(StreamingTest, AHalfClosedClientGetsNoInterimAnswerInsideItsBody) {
  send(get());
  begin();
  exchange().write("one");
  client_.finished = true;
  connection_->on_ready({.readable = true, .peer_finished = true});
  loop_.advance(1s);
  exchange().finish();
  EXPECT_EQ(body(), "one");
}

// --- slow readers ------------------------------------------------------------------------------

class SlowReaderTest : public StreamingTest {
 protected:
  /// A client that has stopped reading, and half a megabyte for it.
  void stuff() {
    client_.takes = 100;
    send(get());
    begin();
    exchange().write(std::string(500'000, 'x'));
  }
};

TEST_F(SlowReaderTest, IsDroppedAfterTheTimeWithoutProgress) {
  stuff();
  loop_.advance(options_.write_timeout - kTick);
  EXPECT_EQ(gone_, 0);
  EXPECT_EQ(exchange().departure(), Departure::kNone);
  EXPECT_FALSE(client_.closed);
  loop_.advance(kTick);
  EXPECT_EQ(gone_, 1);
  EXPECT_EQ(exchange().departure(), Departure::kGivenUp);
  EXPECT_TRUE(client_.closed);
}

TEST_F(SlowReaderTest, IsDroppedWhenItStopsHoweverMuchItTookBefore) {
  stuff();
  client_takes(100'000);
  loop_.advance(options_.write_timeout - kTick);
  EXPECT_FALSE(client_.closed);
  loop_.advance(kTick);
  EXPECT_TRUE(client_.closed);
}

TEST_F(SlowReaderTest, IsDroppedWhenItStopsThoughItMayReadAsSlowlyAsItLikes) {
  options_.min_read_bytes_per_second = 0;
  open();
  stuff();
  loop_.advance(options_.write_timeout - kTick);
  EXPECT_FALSE(client_.closed);
  loop_.advance(kTick);
  EXPECT_TRUE(client_.closed);
}

TEST_F(SlowReaderTest, IsGivenItsTimeAnewByEveryByteThatItTakes) {
  stuff();
  for (int i = 0; i < 3; ++i) {
    loop_.advance(options_.write_timeout - kTick);
    client_takes(1000);
  }
  EXPECT_FALSE(client_.closed);
  loop_.advance(options_.write_timeout);
  EXPECT_TRUE(client_.closed);
}

TEST_F(SlowReaderTest, IsTriedOnceMoreBeforeItIsDropped) {
  stuff();
  loop_.advance(options_.write_timeout - kTick);
  client_.takes = 5000;  // the poller has not told, as there is too little room
  loop_.advance(kTick);
  EXPECT_FALSE(client_.closed);
  EXPECT_GT(client_.received.size(), 5000U);
}

TEST_F(SlowReaderTest, IsDroppedWhenItTakesTooLittleOnAverage) {
  stuff();
  client_takes(599);  // a minute at 10 bytes a second is 600
  loop_.advance(20s);
  for (int i = 0; i < 3; ++i) {
    client_takes(0);
    loop_.advance(9s);
  }
  EXPECT_TRUE(client_.closed) << "it stopped for 30 s";
}

TEST_F(SlowReaderTest, IsKeptAsLongAsItTakesEnough) {
  stuff();
  for (int i = 0; i < 60; ++i) {
    client_takes(10 * 10 + 1);
    loop_.advance(10s);
  }
  EXPECT_FALSE(client_.closed) << "ten minutes at a little more than the least";
}

TEST_F(SlowReaderTest, IsDroppedWhenItDribblesLessThanTheLeast) {
  stuff();
  auto waited = 0s;
  while (!client_.closed && waited < 10min) {
    client_takes(10 * 10 - 10);
    loop_.advance(10s);
    waited += 10s;
  }
  EXPECT_EQ(waited, 60s);
  EXPECT_EQ(gone_, 1);
}

}  // namespace
}  // namespace sluice::http
