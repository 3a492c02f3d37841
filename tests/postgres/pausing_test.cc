// Sinks that ask for pauses: what is read meanwhile, how it goes on, and how it ends.
#include <gtest/gtest.h>

#include <cstddef>

#include "postgres/session_driver.h"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;

/// Counts rows, and pauses when told to.
class PausingSink final : public RowSink {
 public:
  void on_columns(const std::vector<Column>&) override {}
  RowVerdict on_row(std::span<const Cell> cells) override {
    ++rows;
    bytes_seen += cells[0].size;
    return rows == pause_at ? RowVerdict::kPause : RowVerdict::kContinue;
  }
  void on_lull() override { ++lulls; }
  [[nodiscard]] bool may_pause() const override { return true; }

  int lulls = 0;
  std::int64_t rows = 0;
  std::int64_t pause_at = 1;
  std::size_t bytes_seen = 0;
};

class Pausing : public OpenConnectionTest {
 protected:
  void start(const std::string& sql, pool::ExecuteOptions options = {}) {
    driver.loop.refresh_now();
    connection->execute(statement(sql), options, sink,
                        [this](Result<Completion> done) { completion.emplace(std::move(done)); });
  }
  bool paused() {
    return driver.turn_until([this] { return sink.rows == sink.pause_at; });
  }
  void resume() {
    driver.loop.refresh_now();
    connection->resume();
  }
  bool ended() {
    return driver.turn_until([this] { return completion.has_value(); }, 30s);
  }
  /// What the server says of this connection's session.
  std::string server_waits_for() {
    return driver.value(*watcher,
                        "SELECT coalesce(wait_event, state) FROM pg_stat_activity"
                        " WHERE query LIKE '%paused_stream%' AND pid <> pg_backend_pid()");
  }

  static constexpr const char* kLarge =
      "SELECT repeat('x', 1000), 'paused_stream' FROM generate_series(1, 100000)";

  PausingSink sink;
  std::optional<Result<Completion>> completion;
  std::unique_ptr<pool::Connection> watcher = driver.open();
};

TEST_F(Pausing, GivesNoMoreUntilItIsResumed) {
  start("SELECT generate_series(1, 1000)");
  ASSERT_TRUE(paused());
  driver.turn_for(50ms);
  EXPECT_EQ(sink.rows, 1);
  EXPECT_FALSE(completion);
  sink.pause_at = 500;
  resume();
  ASSERT_TRUE(paused());
  driver.turn_for(50ms);
  EXPECT_EQ(sink.rows, 500);
  resume();
  ASSERT_TRUE(ended());
  ASSERT_TRUE(*completion) << completion->error().message;
  EXPECT_EQ((*completion)->rows, 1000);
  EXPECT_FALSE(connection->needs_reset(ResetPolicy::kDirty));
  EXPECT_EQ(value("SELECT 2"), "2");
}

TEST_F(Pausing, TellsOfALullBeforeTheNextRowIsThere) {
  sink.pause_at = -1;
  driver.value(*watcher, "SELECT pg_advisory_lock(1)::text");
  // The server itself collects 8 KiB before it sends anything.
  start(
      "SELECT repeat('x', 1000) FROM generate_series(1, 100)"
      " UNION ALL SELECT 'y' FROM pg_advisory_xact_lock(1)");
  ASSERT_TRUE(driver.turn_until([this] { return sink.lulls > 0; }));
  EXPECT_GT(sink.rows, 0);
  EXPECT_LT(sink.rows, 101);
  EXPECT_FALSE(completion);
  driver.value(*watcher, "SELECT pg_advisory_unlock(1)");
  ASSERT_TRUE(ended());
  EXPECT_EQ(sink.rows, 101);
  EXPECT_LT(sink.lulls, 101);
}

TEST_F(Pausing, StopsTheServer) {
  start(kLarge);
  ASSERT_TRUE(paused());
  EXPECT_TRUE(driver.turn_until([this] { return server_waits_for() == "ClientWrite"; }));
  EXPECT_EQ(sink.rows, 1);
  sink.pause_at = -1;
  resume();
  ASSERT_TRUE(ended());
  ASSERT_TRUE(*completion) << completion->error().message;
  EXPECT_EQ(sink.rows, 100'000);
  EXPECT_EQ(sink.bytes_seen, 100'000'000U);
}

TEST_F(Pausing, PausesAStatementThatIsKnownToBeSmall) {
  sink.pause_at = -1;
  for (int round = 0; round < 3; ++round) {
    completion.reset();
    sink.rows = 0;
    start("SELECT generate_series(1, 10)");
    ASSERT_TRUE(ended());
  }
  completion.reset();
  sink.rows = 0;
  sink.pause_at = 4;
  start("SELECT generate_series(1, 10)");
  ASSERT_TRUE(paused());
  driver.turn_for(50ms);
  EXPECT_EQ(sink.rows, 4);
  resume();
  ASSERT_TRUE(ended());
  EXPECT_EQ(sink.rows, 10);
}

TEST_F(Pausing, ACancelEndsAPauseAndTheConnectionIsUsedAgain) {
  start(kLarge);
  ASSERT_TRUE(paused());
  ASSERT_TRUE(driver.turn_until([this] { return server_waits_for() == "ClientWrite"; }));
  connection->cancel();
  ASSERT_TRUE(ended());
  ASSERT_FALSE(*completion);
  EXPECT_EQ(completion->error().code, ErrorCode::kCancelled);
  EXPECT_EQ(completion->error().outcome, Outcome::kRolledBack);
  EXPECT_EQ(sink.rows, 1) << "what still came is thrown away";
  resume();
  ASSERT_TRUE(driver.reset(*connection));
  EXPECT_EQ(value("SELECT 2"), "2");
}

TEST_F(Pausing, ACancelThatComesTooLateStillSaysThatRowsAreMissing) {
  start("SELECT generate_series(1, 3)");
  ASSERT_TRUE(paused());
  driver.turn_for(50ms);  // the server has long finished
  connection->cancel();
  ASSERT_TRUE(ended());
  ASSERT_FALSE(*completion);
  EXPECT_EQ(completion->error().code, ErrorCode::kCancelled);
  ASSERT_TRUE(driver.reset(*connection));
  EXPECT_EQ(value("SELECT 2"), "2");
}

TEST_F(Pausing, TheTimeLimitHoldsWhilePaused) {
  start(kLarge, {.timeout = 300ms});
  ASSERT_TRUE(paused());
  driver.turn_for(500ms);
  EXPECT_FALSE(completion);
  sink.pause_at = -1;
  resume();
  ASSERT_TRUE(ended());
  ASSERT_FALSE(*completion);
  EXPECT_EQ(completion->error().code, ErrorCode::kQueryTimeout);
  EXPECT_EQ(value("SELECT 2"), "2");
}

TEST_F(Pausing, AServerThatDiesMeanwhileIsNoticedOnResuming) {
  start(kLarge);
  ASSERT_TRUE(paused());
  ASSERT_TRUE(driver.run(*watcher,
                         "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE "
                         "'%paused_stream%' AND pid <> pg_backend_pid()"));
  sink.pause_at = -1;
  resume();
  ASSERT_TRUE(ended());
  ASSERT_FALSE(*completion);
  EXPECT_EQ(completion->error().code, ErrorCode::kDatabaseUnavailable);
}

class StreamedWrite : public Pausing {
 protected:
  StreamedWrite() { driver.value(*watcher, "CREATE TABLE written (text text)"); }
  ~StreamedWrite() override { driver.value(*watcher, "DROP TABLE written"); }
  std::string rows() { return driver.value(*watcher, "SELECT count(*) FROM written"); }

  static constexpr const char* kWrite =
      "INSERT INTO written SELECT repeat('x', 1000) FROM generate_series(1, 30000) RETURNING text";
};

TEST_F(StreamedWrite, IsCommittedWhenItsRowsWereTaken) {
  start(kWrite);
  ASSERT_TRUE(paused());
  EXPECT_EQ(rows(), "0");
  sink.pause_at = -1;
  resume();
  ASSERT_TRUE(ended());
  ASSERT_TRUE(*completion) << completion->error().message;
  EXPECT_EQ((*completion)->affected, 30'000);
  EXPECT_EQ(rows(), "30000");
}

TEST_F(StreamedWrite, IsUndoneWhenItIsCancelledThoughTheServerHasRunItToItsEnd) {
  for (const bool paused_meanwhile : {true, false}) {
    sink.rows = 0;
    completion.reset();
    start(kWrite);
    ASSERT_TRUE(paused());
    if (!paused_meanwhile) {
      sink.pause_at = -1;
      resume();
    }
    connection->cancel();
    ASSERT_TRUE(ended());
    ASSERT_FALSE(*completion);
    EXPECT_EQ(completion->error().code, ErrorCode::kCancelled);
    EXPECT_EQ(completion->error().outcome, Outcome::kRolledBack);
    EXPECT_EQ(rows(), "0");
    ASSERT_TRUE(driver.reset(*connection, ResetPolicy::kDirty));
    EXPECT_EQ(value("SELECT 2"), "2");
    sink.pause_at = 1;
  }
}

TEST_F(StreamedWrite, IsUndoneWhenItsConnectionIsLost) {
  start(kWrite);
  ASSERT_TRUE(paused());
  connection->abandon();
  ASSERT_TRUE(ended());
  EXPECT_EQ(completion->error().outcome, Outcome::kRolledBack);
  EXPECT_EQ(rows(), "0");
}

TEST_F(StreamedWrite, ThatBreaksARuleAtItsEndIsAnError) {
  driver.value(
      *watcher,
      "ALTER TABLE written ADD CONSTRAINT once UNIQUE (text) DEFERRABLE INITIALLY DEFERRED");
  sink.pause_at = -1;
  start("INSERT INTO written SELECT 'x' FROM generate_series(1, 2) RETURNING text");
  ASSERT_TRUE(ended());
  ASSERT_FALSE(*completion);
  EXPECT_EQ(completion->error().sqlstate(), "23505");
  EXPECT_EQ(rows(), "0");
  ASSERT_TRUE(driver.reset(*connection, ResetPolicy::kDirty));
  EXPECT_EQ(value("SELECT 2"), "2");
}

TEST_F(Pausing, AnAbandonedOneEndsAtOnce) {
  start(kLarge);
  ASSERT_TRUE(paused());
  connection->abandon();
  ASSERT_TRUE(ended());
  ASSERT_FALSE(*completion);
  EXPECT_TRUE(connection->broken());
}

}  // namespace
}  // namespace sluice::test
