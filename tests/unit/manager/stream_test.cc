#include <functional>
#include <memory>
#include <vector>

#include "manager_fixture.h"

namespace sluice::manager {
namespace {

/// Asks for a pause after every row.
class PausingSink final : public RowSink {
 public:
  void on_columns(const std::vector<Column>&) override {}
  RowVerdict on_row(std::span<const Cell>) override {
    ++rows;
    return pauses ? RowVerdict::kPause : RowVerdict::kContinue;
  }
  [[nodiscard]] bool may_pause() const override { return allowed; }
  void on_paused(std::function<void()> given) override {
    ++pauses_seen;
    resume = std::move(given);
    if (at_once) resume();
  }

  int rows = 0;
  int pauses_seen = 0;
  bool pauses = true;
  bool allowed = true;
  bool at_once = false;
  std::function<void()> resume;
};

class StreamTest : public ManagerTest {
 protected:
  StreamTest() {
    register_orders();
    orders().statement("SELECT n").always(Answer::with_rows({"n"}, {{"1"}, {"2"}, {"3"}}));
    orders().statement("SLOW").always(Answer::never());
  }

  std::shared_ptr<Answered> stream(const std::string& sql,
                                   std::optional<std::chrono::milliseconds> timeout = {}) {
    Call call;
    call.db_id = "orders";
    call.query = {.sql = sql, .timeout = timeout};
    call.sink = sink;
    return start(std::move(call));
  }
  void resume() {
    sink->resume();
    loop.run_posted();
  }

  std::shared_ptr<PausingSink> sink = std::make_shared<PausingSink>();
};

TEST_F(StreamTest, GivesNoRowWhileItsSinkPauses) {
  const auto answered = stream("SELECT n");
  loop.run_posted();
  EXPECT_EQ(sink->rows, 1);
  loop.advance(10min);
  EXPECT_EQ(sink->rows, 1);
  resume();
  EXPECT_EQ(sink->rows, 2);
  resume();
  EXPECT_EQ(sink->rows, 3);
  EXPECT_FALSE(answered->done());
  resume();
  ASSERT_TRUE(answered->done());
  EXPECT_EQ((*answered->result)->rows, 3);
}

TEST_F(StreamTest, MayBeResumedFromInsideThePause) {
  sink->at_once = true;
  const auto answered = stream("SELECT n");
  loop.run_posted();
  ASSERT_TRUE(answered->done());
  EXPECT_EQ(sink->rows, 3);
}

TEST_F(StreamTest, IgnoresAPauseThatWasNotAnnounced) {
  sink->allowed = false;
  const auto answered = stream("SELECT n");
  loop.run_posted();
  ASSERT_TRUE(answered->done());
  EXPECT_EQ(sink->rows, 3);
  EXPECT_EQ(sink->pauses_seen, 0);
}

TEST_F(StreamTest, ResumingAfterTheEndOrTwiceHasNoEffect) {
  const auto answered = stream("SELECT n");
  loop.run_posted();
  resume();
  const auto late = sink->resume;
  late();
  late();
  loop.run_posted();
  EXPECT_EQ(sink->rows, 3);
  resume();
  ASSERT_TRUE(answered->done());
  late();
  loop.run_posted();
  EXPECT_EQ(orders().live(), 1);
}

TEST_F(StreamTest, PausesAreNotTheDatabasesTime) {
  const auto answered = stream("SELECT n");
  loop.run_posted();
  loop.advance(60s);
  sink->pauses = false;
  resume();
  ASSERT_TRUE(answered->done());
  EXPECT_LT((*answered->result)->timings.database, 1s);
}

TEST_F(StreamTest, IsSeenToWaitForItsReader) {
  const auto phase = [this] {
    std::vector<LiveCall> calls;
    manager.live_calls().list("orders", loop, [&calls](auto found) { calls = std::move(found); });
    loop.run_posted();
    return calls.empty() ? "over" : std::string(to_string(calls.front().phase));
  };
  const auto streams = [this] {
    const StreamStats now = stats().streams;
    return std::pair(now.running, now.paused);
  };
  orders().statement("SELECT n").always(Answer::with_rows({"n"}, {{"1"}, {"2"}}).later(1s));
  const auto answered = stream("SELECT n");
  loop.run_posted();
  EXPECT_EQ(phase(), "running");
  EXPECT_EQ(streams(), std::pair(1, 0));
  loop.advance(1s);
  EXPECT_EQ(phase(), "paused");
  EXPECT_EQ(streams(), std::pair(0, 1));
  sink->pauses = false;
  resume();
  ASSERT_TRUE(answered->done());
  EXPECT_EQ(phase(), "over");
  EXPECT_EQ(streams(), std::pair(0, 0));
  const auto buffered = call("SLOW");
  loop.run_posted();
  EXPECT_EQ(phase(), "running");
  EXPECT_EQ(streams(), std::pair(0, 0)) << "it is no stream";
}

TEST_F(StreamTest, IsCancelledWhilePaused) {
  const auto answered = stream("SELECT n");
  loop.run_posted();
  answered->handle.cancel();
  loop.run_posted();
  ASSERT_TRUE(answered->done());
  EXPECT_EQ(answered->code(), ErrorCode::kCancelled);
  EXPECT_EQ(orders().cancels.calls(), 1);
  resume();
  EXPECT_EQ(sink->rows, 1);
  EXPECT_TRUE(call("SELECT n")->sink);
  loop.run_posted();
  EXPECT_EQ(orders().live(), 1) << "the connection is used again";
}

TEST_F(StreamTest, LosesItsConnectionWhilePaused) {
  const auto answered = stream("SELECT n");
  loop.run_posted();
  orders().lose_all();
  loop.run_posted();
  ASSERT_TRUE(answered->done());
  EXPECT_EQ(answered->code(), ErrorCode::kDatabaseUnavailable);
  resume();
  EXPECT_EQ(sink->rows, 1);
}

TEST_F(StreamTest, MayLastAnHourWhenItNamesNoTime) {
  const auto answered = stream("SELECT n");
  loop.run_posted();
  loop.advance(1h - 101ms);
  EXPECT_EQ(orders().cancels.calls(), 0);
  loop.advance(1ms);
  EXPECT_EQ(orders().cancels.calls(), 1);
  loop.run_posted();
  ASSERT_TRUE(answered->done());
  EXPECT_EQ(answered->code(), ErrorCode::kQueryTimeout);
}

TEST_F(StreamTest, KeepsTheTimeThatItsCallerNames) {
  const auto answered = stream("SELECT n", 2'000ms);
  loop.run_posted();
  loop.advance(1'899ms);
  EXPECT_EQ(orders().cancels.calls(), 0);
  loop.advance(1ms);
  EXPECT_EQ(orders().cancels.calls(), 1);
}

TEST_F(StreamTest, MayNameATimeUpToThatOfStreams) {
  const auto longest = stream("SELECT n", 3'600'000ms);
  const auto longer = stream("SELECT n", 3'600'001ms);
  ASSERT_TRUE(longer->done());
  EXPECT_EQ(longer->code(), ErrorCode::kInvalidRequest);
  EXPECT_EQ(longer->result->error().message,
            "timeout_ms must be from 1 to 3600000 (query.stream_timeout_ms)");
  EXPECT_FALSE(longest->done());
}

TEST_F(StreamTest, FailsWhenTheServerGivesNoRowForAsLongAsACallMayTake) {
  const auto answered = stream("SLOW");
  loop.run_posted();
  loop.advance(30s - 101ms);
  EXPECT_EQ(orders().cancels.calls(), 0);
  loop.advance(1ms);
  EXPECT_EQ(orders().cancels.calls(), 1);
  loop.run_posted();
  ASSERT_TRUE(answered->done());
  EXPECT_EQ(answered->code(), ErrorCode::kQueryTimeout);
  EXPECT_NE(answered->result->error().message.find("30000 ms"), std::string::npos);
}

TEST_F(StreamTest, IsAnsweredInTimeWhenASilentServerDoesNotEvenCancel) {
  orders().cancels.always(Answer::never());
  const auto answered = stream("SLOW");
  loop.run_posted();
  loop.advance(30s - 1ms);
  EXPECT_FALSE(answered->done());
  loop.advance(1ms);
  EXPECT_TRUE(answered->done());
}

TEST_F(StreamTest, AServerMayTakeAWhileToHearOfACancel) {
  orders().cancels.always(Answer::never());
  const auto answered = stream("SELECT n");
  loop.run_posted();
  answered->handle.cancel();
  loop.run_posted();
  EXPECT_TRUE(answered->done());
  loop.advance(5s - 1ms);
  EXPECT_EQ(orders().live(), 1);
  EXPECT_FALSE(orders().connections().front()->broken());
  loop.advance(1ms);
  loop.run_posted();
  EXPECT_TRUE(orders().connections().empty() || orders().connections().front()->number() > 1);
}

TEST_F(StreamTest, WaitsForARowFromTheEndOfThePauseOn) {
  const auto answered = stream("SELECT n");
  loop.run_posted();
  loop.advance(29s);
  sink->resume();
  loop.run_posted();  // the next pause
  loop.advance(29s + 999ms);
  resume();
  loop.advance(5min);
  EXPECT_EQ(orders().cancels.calls(), 0) << "it is paused, not silent";
  EXPECT_FALSE(answered->done());
}

TEST_F(StreamTest, ATrialOfTheBreakerEndsWithTheFirstRow) {
  orders().statement("X").always(Answer::loses_connection());
  for (int i = 0; i < 10; ++i) {
    call("X");
    loop.run_posted();
  }
  loop.advance(3s);
  ASSERT_EQ(stats().breaker.state, BreakerState::kHalfOpen);
  const auto reading = stream("SELECT n");
  loop.run_posted();
  EXPECT_EQ(sink->rows, 1);
  const auto next = call("SELECT 1");  // as long as a trial is under way there is no other
  loop.run_posted();
  ASSERT_TRUE(next->done());
  EXPECT_TRUE(next->result->has_value());
  EXPECT_FALSE(reading->done());
}

}  // namespace
}  // namespace sluice::manager
