#include <thread>

#include "library_fixture.h"
#include "sluice/lease.h"
#include "sluice/pqxx.h"

// libpqxx 6.4 loses a result when it throws because its connection has died (docs/adr/0002).
extern "C" const char* __lsan_default_suppressions() { return "leak:libpqxx-6.4"; }

namespace sluice {
namespace {

class LeaseTest : public LibraryTest {};

TEST_F(LeaseTest, LendsAConnectionToLibpqxx) {
  connect();
  auto lease = manager.acquire("db");
  ASSERT_TRUE(lease) << lease.error().message;
  EXPECT_EQ(lease->db_id(), "db");
  pqxx::work work(pqxx_connection(*lease));
  EXPECT_EQ(work.exec_params("SELECT 40 + $1::int", 2)[0][0].as<int>(), 42);
  work.commit();
}

TEST_F(LeaseTest, WhatALeaseDidToTheSessionIsGoneForTheNextUser) {
  DatabaseOptions options;
  options.pool.max_size = 1;
  connect(options);
  {
    auto lease = manager.acquire("db");
    ASSERT_TRUE(lease);
    pqxx::nontransaction session(pqxx_connection(*lease));
    session.exec("SET search_path = nowhere");
    session.exec("CREATE TEMP TABLE leftover (n int)");
    session.exec("SELECT pg_advisory_lock(7)");
    session.exec("PREPARE leftover AS SELECT 1");
  }
  const auto path = manager.query("db", statement("SHOW search_path"));
  ASSERT_TRUE(path) << path.error().message;
  EXPECT_NE(path->rows.at(0).at(0), "nowhere");
  const auto left = manager.query(
      "db", statement("SELECT (SELECT count(*) FROM pg_class WHERE relname = 'leftover'),"
                      " (SELECT count(*) FROM pg_prepared_statements WHERE name = 'leftover'),"
                      " (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory')"));
  ASSERT_TRUE(left);
  for (const auto& cell : left->rows.at(0)) EXPECT_EQ(cell, "0");
}

TEST_F(LeaseTest, AnOpenTransactionIsRolledBack) {
  DatabaseOptions options;
  options.pool.max_size = 1;
  connect(options);
  server->run("DROP TABLE IF EXISTS unfinished; CREATE TABLE unfinished (n int)");
  {
    auto lease = manager.acquire("db");
    ASSERT_TRUE(lease);
    pqxx::nontransaction session(pqxx_connection(*lease));
    session.exec("BEGIN");
    session.exec("INSERT INTO unfinished VALUES (1)");
  }
  const auto count = manager.query("db", statement("SELECT count(*) FROM unfinished"));
  ASSERT_TRUE(count) << count.error().message;
  EXPECT_EQ(count->rows.at(0).at(0), "0");
}

TEST_F(LeaseTest, TheEleventhOfTenEndsAtItsDeadline) {
  connect();
  std::vector<Lease> leases;
  for (int i = 0; i < 10; ++i) {
    auto lease = manager.acquire("db");
    ASSERT_TRUE(lease) << lease.error().message;
    leases.push_back(std::move(*lease));
  }
  const auto before = std::chrono::steady_clock::now();
  const auto eleventh = manager.acquire("db", 200ms);
  const auto waited = std::chrono::steady_clock::now() - before;
  ASSERT_FALSE(eleventh);
  EXPECT_EQ(eleventh.error().code, ErrorCode::kAcquireTimeout);
  EXPECT_GE(waited, 200ms);
  EXPECT_EQ(manager.stats("db")->pool.used, 10);
  leases.pop_back();
  EXPECT_TRUE(manager.acquire("db"));
}

TEST_F(LeaseTest, AWaiterGetsTheConnectionThatComesBack) {
  DatabaseOptions options;
  options.pool.max_size = 1;
  connect(options);
  auto lease = manager.acquire("db");
  ASSERT_TRUE(lease);
  auto waiting = manager.query_future("db", statement("SELECT 1"));
  EXPECT_EQ(waiting.wait_for(50ms), std::future_status::timeout);
  lease->release();
  EXPECT_TRUE(waiting.get());
}

TEST_F(LeaseTest, ALeaseWhoseServerEndedItIsReplaced) {
  connect();
  auto lease = manager.acquire("db");
  ASSERT_TRUE(lease);
  {
    pqxx::nontransaction session(pqxx_connection(*lease));
    const auto pid = session.exec("SELECT pg_backend_pid()")[0][0].as<std::string>();
    server->run("SELECT pg_terminate_backend(" + pid + ")");
    EXPECT_THROW(session.exec("SELECT 1"), pqxx::failure);
  }
  lease->release();
  const auto after = manager.query("db", statement("SELECT 1"));
  EXPECT_TRUE(after) << after.error().message;
}

TEST_F(LeaseTest, ManyThreadsTakeTurns) {
  DatabaseOptions options;
  options.pool.max_size = 3;
  connect(options);
  std::vector<std::thread> threads;
  std::atomic<int> sum{0};
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([this, &sum] {
      for (int j = 0; j < 10; ++j) {
        auto lease = manager.acquire("db");
        ASSERT_TRUE(lease) << lease.error().message;
        pqxx::nontransaction session(pqxx_connection(*lease));
        sum += session.exec("SELECT 1")[0][0].as<int>();
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(sum, 80);
  EXPECT_LE(manager.stats("db")->pool.connections_created, 3);
}

}  // namespace
}  // namespace sluice
