#include <stdexcept>

#include "library_fixture.h"
#include "sluice/pqxx.h"

namespace sluice {
namespace {

class InTransactionTest : public LibraryTest {
 protected:
  InTransactionTest() {
    server->run("DROP TABLE IF EXISTS account; CREATE TABLE account (id int PRIMARY KEY)");
    connect();
  }
  static std::string rows() { return server->value("SELECT count(*) FROM account"); }
};

TEST_F(InTransactionTest, CommitsAndGivesWhatTheFunctionReturned) {
  const Result<int> sum = in_transaction(manager, "db", [](pqxx::work& work) {
    work.exec("INSERT INTO account VALUES (1)");
    return work.exec_params("SELECT 40 + $1::int", 2)[0][0].as<int>();
  });
  ASSERT_TRUE(sum) << sum.error().message;
  EXPECT_EQ(*sum, 42);
  EXPECT_EQ(rows(), "1");
  EXPECT_TRUE(eventually([&] { return manager.stats("db")->pool.used == 0; }));
}

TEST_F(InTransactionTest, TheFunctionMayReturnNothing) {
  const Status done = in_transaction(
      manager, "db", [](pqxx::work& work) { work.exec("INSERT INTO account VALUES (1)"); });
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(rows(), "1");
}

TEST_F(InTransactionTest, RollsBackAndPassesOnWhatTheFunctionThrows) {
  EXPECT_THROW((void)in_transaction(manager, "db",
                                    [](pqxx::work& work) {
                                      work.exec("INSERT INTO account VALUES (1)");
                                      throw std::range_error("enough");
                                    }),
               std::range_error);
  EXPECT_EQ(rows(), "0");
  EXPECT_TRUE(manager.query("db", statement("SELECT 1")));
}

TEST_F(InTransactionTest, SqlErrorsAreErrors) {
  const auto failed = in_transaction(manager, "db", [](pqxx::work& work) {
    work.exec("INSERT INTO account VALUES (1)");
    work.exec("INSERT INTO account VALUES (1)");
  });
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, ErrorCode::kSqlError);
  EXPECT_EQ(failed.error().sqlstate(), "23505");
  EXPECT_EQ(failed.error().message,
            "duplicate key value violates unique constraint \"account_pkey\"");
  EXPECT_EQ(failed.error().outcome, Outcome::kRolledBack);
  EXPECT_EQ(failed.error().db_id, "db");
  EXPECT_FALSE(failed.error().retryable);
  EXPECT_EQ(rows(), "0");
}

TEST_F(InTransactionTest, AWrongNumberOfParametersIsAMistakeAndNoLostConnection) {
  const auto failed = in_transaction(
      manager, "db", [](pqxx::work& work) { work.exec_params("SELECT $1::int, $2::int", 1); });
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, ErrorCode::kSqlError) << failed.error().message;
  EXPECT_FALSE(failed.error().retryable);
}

TEST_F(InTransactionTest, AConflictIsWorthRepeating) {
  server->run("INSERT INTO account VALUES (1)");
  using Serializable = pqxx::transaction<pqxx::serializable>;
  const auto failed = in_transaction<Serializable>(manager, "db", [](Serializable& work) {
    work.exec("SELECT * FROM account");
    server->run("UPDATE account SET id = 2");
    work.exec("UPDATE account SET id = 3");
  });
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().sqlstate(), "40001");
  EXPECT_TRUE(failed.error().retryable);
}

TEST_F(InTransactionTest, ALostConnectionHasRolledBack) {
  const auto failed = in_transaction(manager, "db", [](pqxx::work& work) {
    work.exec("INSERT INTO account VALUES (1)");
    server->run("SELECT pg_terminate_backend(" +
                work.exec("SELECT pg_backend_pid()")[0][0].as<std::string>() + ")");
    work.exec("SELECT 1");
  });
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, ErrorCode::kDatabaseUnavailable) << failed.error().message;
  EXPECT_EQ(failed.error().outcome, Outcome::kRolledBack);
  EXPECT_TRUE(failed.error().retryable);
  EXPECT_EQ(rows(), "0");
  EXPECT_TRUE(manager.query("db", statement("SELECT 1")));
}

TEST_F(InTransactionTest, ALostCommitIsUnknown) {
  auto lease = manager.acquire("db");
  ASSERT_TRUE(lease);
  pqxx::nontransaction session(pqxx_connection(*lease));
  const auto pid = session.exec("SELECT pg_backend_pid()")[0][0].as<std::string>();
  server->run("SELECT pg_terminate_backend(" + pid + ")");
  EXPECT_THROW(session.exec("SELECT 1"), pqxx::failure);
  const Error error = to_error(pqxx::in_doubt_error("the answer was lost"), *lease);
  EXPECT_EQ(error.outcome, Outcome::kUnknown);
  EXPECT_FALSE(error.retryable);
}

TEST_F(InTransactionTest, NoConnectionIsAnErrorAndTheFunctionIsNotCalled) {
  bool called = false;
  const auto failed = in_transaction(manager, "nothing", [&](pqxx::work&) { called = true; });
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, ErrorCode::kUnknownDatabase);
  EXPECT_FALSE(called);
}

TEST_F(InTransactionTest, IsRefusedInACallback) {
  std::promise<Status> inside;
  manager.async_query("db", statement("SELECT 1"), [&](const Result<QueryResult>&) {
    inside.set_value(in_transaction(manager, "db", [](pqxx::work&) {}));
  });
  EXPECT_EQ(inside.get_future().get().error().code, ErrorCode::kWouldDeadlock);
}

}  // namespace
}  // namespace sluice
