#include "manager/registrar.h"

#include "manager_fixture.h"

namespace sluice::manager {
namespace {

class RegistrarTest : public ManagerTest {};

TEST_F(RegistrarTest, RegistersADatabaseThatAnswers) {
  const auto connected = connect({target(), {}, "", true, {}});
  ASSERT_TRUE(connected && *connected);
  EXPECT_TRUE((*connected)->created);
  EXPECT_EQ((*connected)->db_id, target().default_db_id());
  EXPECT_EQ((*connected)->server_version, "15.8");
  EXPECT_EQ(observer.databases, std::vector<std::string>{target().default_db_id() + " connected"});
}

TEST_F(RegistrarTest, RegistersNothingWhenTheTrialFails) {
  orders().connects.always(Answer::fails(testing::rejected_credentials()));
  const auto connected = connect({target(), {}, "orders", true, {}});
  ASSERT_TRUE(connected && !*connected);
  EXPECT_EQ(connected->error().code, ErrorCode::kConnectionRejected);
  EXPECT_EQ(manager.find("orders", nullptr), nullptr);
  EXPECT_TRUE(observer.databases.empty());
  EXPECT_TRUE(observer.transitions.empty());
}

TEST_F(RegistrarTest, TheTrialEndsAtTheConnectTimeout) {
  orders().connects.always(Answer::never());
  std::optional<Result<Connected>> result;
  manager.connect({target(), {}, "orders", true, [&result](Result<Connected> connected) {
                     result = std::move(connected);
                   }});
  loop.advance(4'999ms);
  EXPECT_FALSE(result.has_value());
  loop.advance(1ms);
  loop.run_posted();
  ASSERT_TRUE(result && !*result);
  EXPECT_EQ(result->error().code, ErrorCode::kConnectTimeout);
}

TEST_F(RegistrarTest, ConnectingAgainFindsTheDatabase) {
  register_orders();
  const auto again = connect({target(), {}, "orders", true, {}});
  ASSERT_TRUE(again && *again);
  EXPECT_FALSE((*again)->created);
  EXPECT_TRUE((*again)->updated.empty());
}

TEST_F(RegistrarTest, ATargetThatIsRegisteredUnderAChosenIdKeepsIt) {
  register_orders();
  const auto again = connect({target(), {}, "", true, {}});
  ASSERT_TRUE(again && *again);
  EXPECT_EQ((*again)->db_id, "orders");
  EXPECT_FALSE((*again)->created);
}

TEST_F(RegistrarTest, ConnectingAgainTestsThePasswordAndChangesNothingWhenItIsWrong) {
  register_orders();
  orders().connects.next(Answer::fails(testing::rejected_credentials()));
  auto wrong = target();
  wrong.password = Secret("wrong");
  const auto again = connect({wrong, {}, "orders", true, {}});
  ASSERT_TRUE(again && !*again);
  EXPECT_EQ(manager.find("orders", nullptr)->target.password.reveal(), "right");
}

TEST_F(RegistrarTest, ConnectingAgainAppliesChangedSettingsAndPassword) {
  register_orders();
  call("SELECT 1");
  loop.run_posted();
  auto changed = target();
  changed.password = Secret("new");
  DatabaseOptions options;
  options.pool.max_size = 3;
  const auto again = connect({changed, options, "orders", true, {}});
  ASSERT_TRUE(again && *again);
  EXPECT_EQ((*again)->updated, (std::vector<std::string>{"pool.max_size", "password"}));
  EXPECT_EQ(stats().options.pool.max_size, 3);
  EXPECT_EQ(manager.find("orders", nullptr)->target.password.reveal(), "new");
  EXPECT_EQ(stats().pool.connections_closed["renewed"], 1);
}

TEST_F(RegistrarTest, AnIdOfAnotherTargetIsTaken) {
  register_orders();
  const auto other = connect({target("users"), {}, "orders", true, {}});
  ASSERT_TRUE(other && !*other);
  EXPECT_EQ(other->error().code, ErrorCode::kDatabaseIdTaken);
}

TEST_F(RegistrarTest, ConcurrentConnectsShareOneTrial) {
  std::vector<Result<Connected>> results;
  for (int i = 0; i < 5; ++i) {
    manager.connect({target(), {}, "orders", true, [&results](Result<Connected> connected) {
                       results.push_back(std::move(connected));
                     }});
  }
  loop.run_posted();
  ASSERT_EQ(results.size(), 5u);
  EXPECT_EQ(orders().connects.calls(), 1);
  EXPECT_TRUE(results[0]->created);
  for (int i = 1; i < 5; ++i) EXPECT_FALSE(results[i]->created);
}

TEST_F(RegistrarTest, AConcurrentConnectWithAnotherPasswordIsTriedByItself) {
  std::vector<Result<Connected>> results;
  const auto remember = [&results](Result<Connected> connected) {
    results.push_back(std::move(connected));
  };
  orders().connects.next(Answer::ok());
  orders().connects.next(Answer::fails(testing::rejected_credentials()));
  auto wrong = target();
  wrong.password = Secret("wrong");
  manager.connect({target(), {}, "orders", true, remember});
  manager.connect({wrong, {}, "orders", true, remember});
  loop.run_posted();
  ASSERT_EQ(results.size(), 2u);
  EXPECT_TRUE(results[0].has_value());
  EXPECT_FALSE(results[1].has_value());
}

TEST_F(RegistrarTest, RefusesContradictorySettingsAndMissingParts) {
  DatabaseOptions options;
  options.pool.min_size = 5;
  options.pool.max_size = 2;
  const auto contradictory = connect({target(), options, "orders", true, {}});
  ASSERT_TRUE(contradictory && !*contradictory);
  EXPECT_EQ(contradictory->error().code, ErrorCode::kInvalidRequest);

  auto nameless = target();
  nameless.user.clear();
  const auto missing = connect({nameless, {}, "orders", true, {}});
  ASSERT_TRUE(missing && !*missing);
  EXPECT_EQ(missing->error().fields.front().field, "user");
}

TEST_F(RegistrarTest, AFreedIdCanBeUsedAgain) {
  register_orders();
  std::optional<Status> gone;
  manager.disconnect("orders", 1s, [&gone](Status status) { gone = std::move(status); });
  loop.advance(3s);
  ASSERT_TRUE(gone && *gone);
  const auto other = connect({target("users"), {}, "orders", true, {}});
  ASSERT_TRUE(other && *other);
  EXPECT_TRUE((*other)->created);
}

TEST_F(RegistrarTest, DisconnectingAnUnknownDatabaseSaysSo) {
  std::optional<Status> gone;
  manager.disconnect("nothing", 1s, [&gone](Status status) { gone = std::move(status); });
  loop.run_posted();
  ASSERT_TRUE(gone && !*gone);
  EXPECT_EQ(gone->error().code, ErrorCode::kUnknownDatabase);
}

TEST_F(RegistrarTest, ConfigureChangesLimitsLive) {
  register_orders();
  auto options = manager.find("orders", nullptr)->options;
  options.pool.max_size = 2;
  options.labels["region"] = "eu";
  std::optional<Status> done;
  manager.configure("orders", options, [&done](Status status) { done = std::move(status); });
  loop.run_posted();
  ASSERT_TRUE(done && *done);
  orders().statement("SLOW").always(Answer::never());
  for (int i = 0; i < 4; ++i) call("SLOW");
  loop.run_posted();
  EXPECT_EQ(stats().pool.used, 2);
  EXPECT_EQ(stats().pool.waiting, 2);
  EXPECT_EQ(stats().options.labels.at("region"), "eu");
}

TEST_F(RegistrarTest, ADatabaseWithShardsSplitsItsLimits) {
  DatabaseOptions options;
  options.pool.max_size = 5;
  EXPECT_EQ(shard_part(options, 0, 2).pool.max_size, 3);
  EXPECT_EQ(shard_part(options, 1, 2).pool.max_size, 2);
}

TEST_F(RegistrarTest, MoreShardsThanWorkersLeaveNoConnectionUnused) {
  DatabaseOptions options;
  options.pool.max_size = 5;
  options.pool.shards = 4;
  register_orders(options);
  orders().statement("SLOW").always(Answer::never());
  for (int i = 0; i < 20; ++i) call("SLOW");
  loop.run_posted();
  EXPECT_EQ(stats().pool.used, 5);
  EXPECT_EQ(stats().options.pool.shards, 4);
}

TEST_F(RegistrarTest, ATargetWithoutAnIdIsTheOneThatWasRegisteredFirstOfThoseThatAreLeft) {
  for (const char* id : {"zebra", "ant"}) ASSERT_TRUE(*connect({target(), {}, id, true, {}}));
  EXPECT_EQ((*connect({target(), {}, "", true, {}}))->db_id, "zebra");
  manager.disconnect("zebra", 0s, [](const Status&) {});
  loop.advance(1s);
  EXPECT_EQ((*connect({target(), {}, "", true, {}}))->db_id, "ant");
}

/// Adds one to the pool's size, whatever it is by then.
Revise one_more() {
  return [](const DatabaseOptions& current) {
    auto options = current;
    ++options.pool.max_size;
    return options;
  };
}

TEST_F(RegistrarTest, ChangesAtTheSameTimeDoNotOverwriteEachOther) {
  register_orders();
  int done = 0;
  manager.configure("orders", one_more(), [&done](const Status&) { ++done; });
  manager.configure("orders", Revise([](const DatabaseOptions& current) {
                      auto options = current;
                      options.query.timeout = 7s;
                      return options;
                    }),
                    [&done](const Status&) { ++done; });
  loop.run_posted();
  EXPECT_EQ(done, 2);
  EXPECT_EQ(stats().options.pool.max_size, 11);
  EXPECT_EQ(stats().options.query.timeout, 7s);
}

TEST_F(RegistrarTest, AChangeWaitsForAConnectThatIsTriedAndIsNotLost) {
  register_orders();
  orders().connects.next(Answer::never());
  ConnectCall again{target(), {}, "orders", true, {}};
  again.options.query.timeout = 7s;
  std::vector<std::string> ended;
  again.done = [&ended](const Result<Connected>& result) {
    ended.push_back(result ? "connect" : "connect failed");
  };
  manager.connect(again);
  manager.configure("orders", one_more(), [&ended](const Status&) { ended.push_back("change"); });
  loop.run_posted();
  EXPECT_TRUE(ended.empty());
  loop.advance(5s);  // the connect times out
  EXPECT_EQ(ended, (std::vector<std::string>{"connect failed", "change"}));
  EXPECT_EQ(stats().options.pool.max_size, 11);
  EXPECT_EQ(stats().options.query.timeout, 30s);
}

TEST_F(RegistrarTest, AConnectStartsFromWhatIsInForceWhenItsTurnHasCome) {
  register_orders();
  ConnectCall again{target(), {}, "orders", true, {}};
  again.complete = [this](ConnectCall& call) {
    call.options = manager.find("orders", nullptr)->options;
    call.options.query.timeout = 7s;
  };
  again.done = [](const Result<Connected>&) {};
  manager.configure("orders", one_more(), [](const Status&) {});
  manager.connect(again);
  manager.configure("orders", one_more(), [](const Status&) {});
  loop.run_posted();
  EXPECT_EQ(stats().options.pool.max_size, 12);
  EXPECT_EQ(stats().options.query.timeout, 7s);
}

TEST_F(RegistrarTest, AChangeThatWouldNotDoSaysSo) {
  register_orders();
  std::optional<Status> done;
  manager.configure("orders", Revise([](const DatabaseOptions&) -> Result<DatabaseOptions> {
                      return fail(invalid_request("nonsense"));
                    }),
                    [&done](Status status) { done = std::move(status); });
  loop.run_posted();
  ASSERT_TRUE(done && !*done);
  EXPECT_EQ(done->error().message, "nonsense");
}

}  // namespace
}  // namespace sluice::manager
