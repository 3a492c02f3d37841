#include "gateway/snapshots.h"

#include "json/document.h"
#include "unit/manager/manager_fixture.h"

namespace sluice::gateway {
namespace {

using namespace std::chrono_literals;
using testing::Answer;

/// Snapshots over a manager with scripted databases, on one simulated loop.
class SnapshotsTest : public manager::ManagerTest {
 protected:
  SnapshotsTest() : snapshots(std::make_unique<Snapshots>(manager, loop, draining)) {
    loop.run_posted();
  }
  ~SnapshotsTest() override {
    loop.run_posted();
    snapshots.reset();
  }

  /// An answer, once it has come.
  struct Told {
    std::string text;
    std::optional<base::TimePoint> at;

    [[nodiscard]] bool has(std::string_view part) const {
      return text.find(part) != std::string::npos;
    }
    [[nodiscard]] std::int64_t sequence() const {
      const auto begin = text.find("\"sequence\":") + 11;
      return std::stoll(text.substr(begin));
    }
  };

  std::shared_ptr<Told> ask(std::optional<std::int64_t> since = {}, base::Duration wait = {}) {
    auto told = std::make_shared<Told>();
    snapshots->ask({since, wait, loop, [this, told](const Snapshots::Document& document) {
                      EXPECT_FALSE(told->at) << "answered twice";
                      told->text = "{" + *document;
                      told->at = loop.now();
                      EXPECT_TRUE(json::Document::parse(told->text)) << told->text;
                    }});
    loop.run_posted();
    return told;
  }

  std::atomic<bool> draining{false};
  std::unique_ptr<Snapshots> snapshots;
};

TEST_F(SnapshotsTest, TheFirstAnswerHasEverythingAndComesAtOnce) {
  register_orders();
  loop.advance(2s);
  const auto told = ask({}, 10s);
  ASSERT_TRUE(told->at);
  EXPECT_TRUE(told->has(R"("db_id":"orders")"));
  EXPECT_TRUE(told->has(R"("text":"The database is healthy")"));
  EXPECT_TRUE(told->has(R"("history":)"));
  EXPECT_TRUE(told->has(R"("counts":{"registered":1,"watched":1,"with_history":0})"));
}

TEST_F(SnapshotsTest, WhoHasTheNewestWaitsForTheNextSecond) {
  const auto first = ask();
  loop.advance(300ms);
  const auto second = ask(first->sequence(), 10s);
  EXPECT_FALSE(second->at);
  loop.advance(699ms);
  EXPECT_FALSE(second->at);
  loop.advance(1ms);
  ASSERT_TRUE(second->at);
  EXPECT_EQ(second->sequence(), 1000);
  EXPECT_TRUE(second->has(R"("total_points":[[1,)"));
}

TEST_F(SnapshotsTest, NobodyWaitsLongerThanHeAskedFor) {
  const auto first = ask();
  loop.advance(100ms);
  const auto patient = ask(first->sequence(), 500ms);
  const auto impatient = ask(first->sequence(), 200ms);
  const auto started = loop.now();
  loop.advance(900ms);
  EXPECT_EQ(impatient->at.value() - started, 200ms);
  EXPECT_EQ(patient->at.value() - started, 500ms);
  EXPECT_EQ(impatient->sequence(), first->sequence());
}

TEST_F(SnapshotsTest, AChangeIsToldAtOnce) {
  const auto first = ask();
  loop.advance(300ms);
  const auto waiting = ask(first->sequence(), 10s);
  EXPECT_FALSE(waiting->at);
  snapshots->note_change();
  loop.run_posted();
  ASSERT_TRUE(waiting->at);
  EXPECT_EQ(waiting->sequence(), 300);
  EXPECT_TRUE(waiting->has(R"("total_points":[])")) << "the second is not over";
}

TEST_F(SnapshotsTest, AChangeInTheMiddleOfALookIsToldAtOnce) {
  register_orders();
  loop.advance(1s);
  snapshots->note_change();
  loop.run_one_task();  // begins to look
  manager.control(
      "orders", [](manager::Shard& shard) { shard.pause(); }, [](const Status&) {});
  snapshots->note_change();
  loop.run_posted();
  EXPECT_TRUE(ask()->has(R"("state":"paused")"));
}

TEST_F(SnapshotsTest, WhileDrainingNobodyIsKept) {
  const auto first = ask();
  draining = true;
  EXPECT_TRUE(ask(first->sequence(), 10s)->at);
  loop.advance(1s);
  EXPECT_TRUE(ask()->has("Shutting down"));
}

TEST_F(SnapshotsTest, CallsBecomeRatesInTheSecondTheyEnd) {
  register_orders();
  loop.advance(1s);
  const auto before = ask();
  for (int i = 0; i < 5; ++i) call("SELECT 1");
  loop.advance(1s);
  const auto told = ask(before->sequence());
  EXPECT_TRUE(told->has(R"("points":{"orders":[[2,5,0,0,0,0,)")) << told->text;
  EXPECT_TRUE(told->has(R"(,"closed"]]})")) << told->text;
  loop.advance(1s);
  EXPECT_TRUE(ask(told->sequence())->has(R"("points":{"orders":[[3,0,0,0,0,0,)"));
}

TEST_F(SnapshotsTest, WhoMissedAFewSecondsGetsThemAll) {
  const auto before = ask();
  loop.advance(3s);
  const auto told = ask(before->sequence());
  EXPECT_TRUE(told->has(R"("total_points":[[1,)"));
  EXPECT_TRUE(told->has(R"(],[2,)"));
  EXPECT_TRUE(told->has(R"(],[3,)"));
}

TEST_F(SnapshotsTest, WhoIsTooOldOrFromAnotherLifeGetsEverything) {
  loop.advance(2s);
  EXPECT_TRUE(ask(99'000)->has(R"("history":)"));
  EXPECT_FALSE(ask(1'000)->has(R"("history":)"));
  loop.advance(901s);
  EXPECT_TRUE(ask(1'000)->has(R"("history":)"));
}

TEST_F(SnapshotsTest, ADatabaseThatIsGoneIsForgotten) {
  register_orders();
  call("SELECT 1");
  loop.advance(1s);
  EXPECT_TRUE(ask()->has(R"("with_history":1)"));
  manager.disconnect("orders", 0s, [](const Status&) {});
  loop.advance(2s);
  EXPECT_TRUE(ask()->has(R"("counts":{"registered":0,"watched":0,"with_history":0})"));
}

TEST_F(SnapshotsTest, ManyDatabasesAreLookedAtUpToABoundThatIsTold) {
  for (int i = 0; i < 1'010; ++i) {
    const auto name = "db" + std::to_string(i);
    connect({target(name), {}, name, false, {}});
  }
  loop.advance(1s);
  EXPECT_TRUE(ask()->has(R"("counts":{"registered":1010,"watched":1000,"with_history":0})"));
}

TEST_F(SnapshotsTest, OneDatabasesHistoryHasTheColumnsOfItsCharts) {
  register_orders();
  call("SELECT 1");
  loop.advance(2s);
  std::string text;
  snapshots->history_of("orders", loop,
                        [&text](const Snapshots::Document& document) { text = "{" + *document; });
  loop.run_posted();
  EXPECT_TRUE(json::Document::parse(text)) << text;
  EXPECT_NE(text.find(R"("seconds":{"first":1,"ok":[1,0],)"), std::string::npos) << text;
  EXPECT_NE(text.find(R"("minutes":{"first":0,"ok":[0.5],)"), std::string::npos) << text;
}

}  // namespace
}  // namespace sluice::gateway
