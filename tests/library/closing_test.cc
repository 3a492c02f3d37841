#include "library_fixture.h"

namespace sluice {
namespace {

class ClosingTest : public LibraryTest {};

TEST_F(ClosingTest, SaysThatALeaseIsStillOut) {
  connect();
  auto lease = manager.acquire("db");
  ASSERT_TRUE(lease);
  const auto closed = manager.close(50ms);
  ASSERT_FALSE(closed);
  EXPECT_EQ(closed.error().code, ErrorCode::kDraining);
  EXPECT_NE(closed.error().message.find("1 leased"), std::string::npos);
  lease->release();
  EXPECT_TRUE(manager.close(10s));
  EXPECT_TRUE(server->wait_for_backends(0, "sluice"));
}

TEST_F(ClosingTest, DisconnectSaysThatALeaseIsStillOut) {
  connect();
  connect({}, "other");
  auto lease = manager.acquire("db");
  auto elsewhere = manager.acquire("other");
  ASSERT_TRUE(lease && elsewhere);
  const auto gone = manager.disconnect("db", 50ms);
  ASSERT_FALSE(gone);
  EXPECT_EQ(gone.error().code, ErrorCode::kDraining);
  EXPECT_EQ(gone.error().db_id, "db");
  EXPECT_EQ(manager.query("db", statement("SELECT 1")).error().code, ErrorCode::kUnknownDatabase);
  lease->release();
  EXPECT_TRUE(server->wait_for_backends(1, "sluice"));
}

TEST_F(ClosingTest, LeasesOfOthersDoNotMatterToDisconnect) {
  connect();
  connect({}, "other");
  auto elsewhere = manager.acquire("other");
  ASSERT_TRUE(elsewhere);
  EXPECT_TRUE(manager.disconnect("db", 50ms));
}

TEST_F(ClosingTest, TheDestructorWaitsForLeases) {
  auto own = std::make_unique<PoolManager>();
  ASSERT_TRUE(own->connect(server->target(), "db"));
  auto lease = own->acquire("db");
  ASSERT_TRUE(lease);
  std::atomic<bool> destroyed = false;
  std::thread other([&] {
    own.reset();
    destroyed = true;
  });
  std::this_thread::sleep_for(100ms);
  EXPECT_FALSE(destroyed);
  lease->release();
  other.join();
  EXPECT_TRUE(server->wait_for_backends(0, "sluice"));
}

TEST_F(ClosingTest, IsRefusedInACallback) {
  connect();
  std::promise<Status> inside;
  manager.async_query("db", statement("SELECT 1"),
                      [&](const Result<QueryResult>&) { inside.set_value(manager.close(10s)); });
  const auto refused = inside.get_future().get();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kWouldDeadlock);
  EXPECT_TRUE(manager.query("db", statement("SELECT 1")));
}

TEST_F(ClosingTest, MayBeAskedForTwice) {
  connect();
  EXPECT_TRUE(manager.close());
  EXPECT_TRUE(manager.close());
}

}  // namespace
}  // namespace sluice
