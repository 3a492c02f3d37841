#include "manager_fixture.h"

namespace sluice::manager {
namespace {

/// A manager that is closed by the test, in the middle of something.
class CloseTest : public ManagerTest {
 protected:
  void close(base::Duration patience) {
    manager.close(patience, [this] {
      closed_ = true;
      live_at_close_ = orders().live() + orders().connecting();
    });
    loop.run_posted();
  }

  bool closed_ = false;
  int live_at_close_ = -1;
};

TEST_F(CloseTest, GivesUpATrialAndAnswersItsCaller) {
  orders().connects.always(Answer::never());
  const auto connected = std::make_shared<std::optional<Result<Connected>>>();
  manager.connect({target(), {}, "orders", true, [connected](Result<Connected> result) {
                     *connected = std::move(result);
                   }});
  loop.advance(1s);
  EXPECT_EQ(orders().connecting(), 1);
  close(0s);
  ASSERT_TRUE(connected->has_value());
  EXPECT_EQ((*connected)->error().code, ErrorCode::kDraining);
  EXPECT_TRUE(closed_);
  EXPECT_EQ(live_at_close_, 0);
}

TEST_F(CloseTest, WaitsUntilTheConnectionOfATrialIsClosed) {
  orders().closes.always(Answer::ok(1s));
  const auto connected = connect({target(), {}, "orders", true, {}});
  ASSERT_TRUE(connected && *connected);
  EXPECT_EQ(orders().live(), 1);
  close(0s);
  EXPECT_FALSE(closed_);
  loop.advance(1s);
  EXPECT_TRUE(closed_);
  EXPECT_EQ(live_at_close_, 0);
}

TEST_F(CloseTest, RefusesAConnectThatWaitsForAnother) {
  orders().connects.always(Answer::never());
  std::vector<ErrorCode> codes;
  for (const auto* password : {"one", "other"}) {
    auto given = target();
    given.password = Secret(password);
    manager.connect({given, {}, "orders", true, [&codes](const Result<Connected>& result) {
                       codes.push_back(result.error().code);
                     }});
  }
  loop.advance(1s);
  close(0s);
  EXPECT_EQ(codes, (std::vector{ErrorCode::kDraining, ErrorCode::kDraining}));
  EXPECT_TRUE(closed_);
}

TEST_F(CloseTest, HurriesADatabaseThatIsBeingDisconnected) {
  register_orders();
  orders().statement("SLOW").always(Answer::never());
  const auto running = call("SLOW", 60s);
  loop.run_posted();
  bool disconnected = false;
  manager.disconnect("orders", 60s, [&disconnected](Status) { disconnected = true; });
  loop.advance(1s);
  close(2s);
  loop.advance(1'999ms);
  EXPECT_FALSE(running->done());
  EXPECT_FALSE(closed_);
  loop.advance(1ms);
  ASSERT_TRUE(running->done());
  EXPECT_EQ(running->code(), ErrorCode::kDraining);
  loop.run_posted();
  EXPECT_TRUE(disconnected);
  EXPECT_TRUE(closed_);
  EXPECT_EQ(live_at_close_, 0);
}

TEST_F(CloseTest, NeverGivesADisconnectMoreTime) {
  register_orders();
  orders().statement("SLOW").always(Answer::never());
  const auto running = call("SLOW", 60s);
  loop.run_posted();
  manager.disconnect("orders", 1s, [](const Status&) {});
  loop.run_posted();
  close(30s);
  loop.advance(1s);
  EXPECT_TRUE(running->done());
  EXPECT_TRUE(closed_);
}

TEST(CloseOnWorkers, WaitsForAProbeThatAnotherWorkerHasNotBegun) {
  constexpr auto kOneOfTwo = testing::SimulatedLoop::Role::kOneOfSeveral;
  testing::SimulatedLoop control(kOneOfTwo);
  testing::SimulatedLoop other(kOneOfTwo);
  testing::FakeConnectorFactory factory;
  RecordingObserver observer;
  Manager manager({{&control, &other}, factory, observer, 7, [&control] { return control.now(); }});
  manager.connect({[] {
                     Target target;
                     target.database = "orders";
                     target.user = "app";
                     return target;
                   }(),
                   {},
                   "orders",
                   false,
                   [](const Result<Connected>& connected) { EXPECT_TRUE(connected); }});
  const auto turn = [](testing::SimulatedLoop& loop) {
    while (loop.has_tasks()) loop.run_one_task();
    loop.fire_due(loop.now() + 100ms);
  };
  turn(control);
  bool probed = false;
  manager.probe("orders", [&probed](const Result<TrialReport>&) { probed = true; });
  bool closed = false;
  manager.close(0s, [&closed] { closed = true; });
  turn(control);
  turn(control);
  EXPECT_FALSE(closed) << "the probe is still on its way";
  for (int i = 0; i < 10; ++i) {
    turn(control);
    turn(other);
  }
  EXPECT_TRUE(probed);
  EXPECT_TRUE(closed);
}

}  // namespace
}  // namespace sluice::manager
