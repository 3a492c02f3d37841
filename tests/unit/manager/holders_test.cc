// Who holds the connections, told to a caller who waited for one in vain.
#include <gtest/gtest.h>

#include "unit/manager/manager_fixture.h"

namespace sluice::manager {
namespace {

using namespace std::chrono_literals;
using testing::Answer;

class Holders : public ManagerTest {
 protected:
  Holders() {
    DatabaseOptions options;
    options.pool.max_size = 4;
    options.pool.acquire_timeout = 1s;
    register_orders(options);
    for (const char* sql : {"one", "two", "three", "four"}) {
      factory.database("orders").statement(sql).always(Answer::never());
    }
  }

  std::shared_ptr<Answered> call_as(const Origin& origin, const std::string& sql) {
    Call call;
    call.db_id = "orders";
    call.query = {.sql = sql, .timeout = 20s};
    call.origin = &origin;
    auto answered = start(std::move(call));
    loop.advance(10ms);
    return answered;
  }

  const Origin mine{.actor = "reports", .client = "10.0.0.1", .request_id = "r1"};
  const Origin others{.actor = "batch", .client = "10.0.0.1", .request_id = "r2"};
};

TEST_F(Holders, AreNamedTheOldestFirstAndThreeAtMost) {
  for (const char* sql : {"one", "two", "three", "four"}) call_as(mine, sql);
  const auto late = call_as(mine, "five");
  loop.advance(1s);
  ASSERT_TRUE(late->done());
  ASSERT_EQ(late->code(), ErrorCode::kAcquireTimeout);
  const auto& holders = late->result->error().holders;
  ASSERT_EQ(holders.size(), 3U);
  EXPECT_EQ(holders[0].statement, "one");
  EXPECT_EQ(holders[0].client, "reports");
  EXPECT_EQ(holders[0].request_id, "r1");
  EXPECT_GE(holders[0].age, 1'030ms);
  EXPECT_EQ(holders[1].statement, "two");
  EXPECT_EQ(holders[2].statement, "three");
}

TEST_F(Holders, OfAnotherClientAreNotShown) {
  call_as(others, "one");
  call_as(mine, "two");
  call_as(others, "three");
  call_as(mine, "four");
  const auto late = call_as(mine, "five");
  loop.advance(1s);
  const auto& holders = late->result->error().holders;
  ASSERT_EQ(holders.size(), 3U);
  EXPECT_EQ(holders[0].statement, "");
  EXPECT_EQ(holders[0].client, "");
  EXPECT_EQ(holders[0].request_id, "");
  EXPECT_GE(holders[0].age, 1s);
  EXPECT_EQ(holders[1].statement, "two");
  EXPECT_EQ(holders[2].statement, "");
}

TEST_F(Holders, OfAllClientsAreShownToOperators) {
  for (const char* sql : {"one", "two", "three", "four"}) call_as(others, sql);
  const Origin operations{.actor = "operations", .request_id = "r3", .sees_others = true};
  const auto late = call_as(operations, "five");
  loop.advance(1s);
  const auto& holders = late->result->error().holders;
  ASSERT_EQ(holders.size(), 3U);
  EXPECT_EQ(holders[0].statement, "one");
  EXPECT_EQ(holders[0].client, "batch");
  EXPECT_EQ(holders[0].request_id, "r2");
}

TEST_F(Holders, WithoutKeysTheAddressTellsClientsApart) {
  const Origin here{.actor = kAnonymous, .client = "10.0.0.1", .request_id = "r1"};
  const Origin there{.actor = kAnonymous, .client = "10.0.0.2", .request_id = "r2"};
  call_as(there, "one");
  call_as(here, "two");
  call_as(there, "three");
  call_as(there, "four");
  const auto late = call_as(here, "five");
  loop.advance(1s);
  const auto& holders = late->result->error().holders;
  ASSERT_EQ(holders.size(), 3U);
  EXPECT_EQ(holders[0].client, "");
  EXPECT_EQ(holders[1].client, "10.0.0.1");
}

TEST_F(Holders, OfCallsThatGoWellNobodyIsNamed) {
  const auto well = call_as(mine, "anything");
  ASSERT_TRUE(well->done());
  EXPECT_TRUE(well->result->has_value());
}

TEST_F(Holders, ClientsShareTheConnectionsFairly) {
  for (const char* sql : {"one", "two", "three"}) call_as(others, sql);
  auto& short_one = factory.database("orders").statement("short");
  short_one.always(Answer::ok(300ms));
  call_as(others, "short");
  std::vector<std::shared_ptr<Answered>> queued;
  for (int i = 0; i < 9; ++i) queued.push_back(call_as(others, "short"));
  const auto own = call_as(mine, "short");
  loop.advance(520ms);
  EXPECT_TRUE(own->done()) << "its turn comes before those of the other client";
  EXPECT_FALSE(queued.front()->done());
}

TEST(Origin, AClientIsItsAddressWhereThereAreNoKeys) {
  EXPECT_EQ(client_name({.actor = "shop", .client = "192.0.2.1:40000"}), "shop");
  EXPECT_EQ(client_name({.actor = kAnonymous, .client = "192.0.2.1:40000"}), "192.0.2.1");
  EXPECT_EQ(client_name({.client = "[2001:db8::1]:40000"}), "2001:db8::1");
  EXPECT_EQ(client_name({.client = "2001:db8::1"}), "2001:db8::1");
  EXPECT_EQ(client_name({.client = "unix"}), "unix");
  EXPECT_EQ(client_name({}), "");
}

}  // namespace
}  // namespace sluice::manager
