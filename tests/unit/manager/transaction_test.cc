// Several statements as one: what is sent around them, and what their caller is told.
#include "manager_fixture.h"

namespace sluice::manager {
namespace {

class TransactionTest : public ManagerTest {
 protected:
  TransactionTest() { register_orders(); }

  /// Of one statement.
  std::optional<Result<Completion>> dry_run(const std::string& sql) {
    TransactionCall transaction;
    transaction.db_id = "orders";
    transaction.statements.push_back({.sql = sql});
    transaction.sinks.resize(1);
    transaction.dry_run = true;
    std::optional<Result<Completion>> status;
    transaction.done = [&status](Result<Completion> done) { status = std::move(done); };
    manager.transact(std::move(transaction));
    loop.run_posted();
    return status;
  }
};

TEST_F(TransactionTest, ATransactionRunsBetweenBeginAndCommit) {
  TransactionCall transaction;
  transaction.db_id = "orders";
  transaction.statements.push_back({.sql = "INSERT 1"});
  transaction.statements.push_back({.sql = "INSERT 2"});
  transaction.sinks.resize(2);
  transaction.options.isolation = Isolation::kSerializable;
  transaction.options.read_only = true;
  std::optional<Result<Completion>> status;
  transaction.done = [&status](Result<Completion> done) { status = std::move(done); };
  manager.transact(std::move(transaction));
  loop.run_posted();
  ASSERT_TRUE(status && *status);
  const std::vector<std::string> wanted = {"BEGIN ISOLATION LEVEL SERIALIZABLE, READ ONLY",
                                           "INSERT 1", "INSERT 2", "COMMIT"};
  EXPECT_EQ(orders().log(), wanted);
}

TEST_F(TransactionTest, ATransactionAsksForTheModesThatAreWanted) {
  const auto begun_as = [this](const TransactionOptions& options) {
    TransactionCall transaction;
    transaction.db_id = "orders";
    transaction.statements.push_back({.sql = "SELECT 1"});
    transaction.sinks.resize(1);
    transaction.options = options;
    transaction.done = [](const Result<Completion>&) {};
    const std::size_t before = orders().log().size();
    manager.transact(std::move(transaction));
    loop.run_posted();
    return orders().log().at(before);
  };
  EXPECT_EQ(begun_as({.isolation = Isolation::kServerDefault}), "BEGIN");
  EXPECT_EQ(begun_as({.isolation = Isolation::kServerDefault, .read_only = true}),
            "BEGIN READ ONLY");
  EXPECT_EQ(begun_as({.isolation = Isolation::kServerDefault, .deferrable = true}),
            "BEGIN DEFERRABLE");
  EXPECT_EQ(begun_as({.isolation = Isolation::kReadUncommitted}),
            "BEGIN ISOLATION LEVEL READ UNCOMMITTED");
  EXPECT_EQ(begun_as({.isolation = Isolation::kRepeatableRead, .deferrable = true}),
            "BEGIN ISOLATION LEVEL REPEATABLE READ, DEFERRABLE");
}

TEST_F(TransactionTest, ADryRunChecksWhatIsDeferredAndRollsBack) {
  const auto status = dry_run("INSERT 1");
  ASSERT_TRUE(status && *status);
  const std::vector<std::string> wanted = {"BEGIN ISOLATION LEVEL READ COMMITTED", "INSERT 1",
                                           "SET CONSTRAINTS ALL IMMEDIATE", "ROLLBACK"};
  EXPECT_EQ(orders().log(), wanted);
}

/// An EXPLAIN ANALYZE is one.
TEST_F(TransactionTest, AStatementThatIsAloneHasNoNumber) {
  orders()
      .statement("SELECT 1")
      .always(Answer::fails(testing::sql_error("22012", "division by zero")));
  const auto status = dry_run("SELECT 1");
  ASSERT_TRUE(status && !*status);
  EXPECT_EQ(status->error().message, "division by zero");
}

TEST_F(TransactionTest, AFailedTransactionNamesTheStatementAndDoesNotCommit) {
  orders()
      .statement("INSERT 2")
      .always(Answer::fails(testing::sql_error("23505", "duplicate key")));
  TransactionCall transaction;
  transaction.db_id = "orders";
  transaction.statements.push_back({.sql = "INSERT 1"});
  transaction.statements.push_back({.sql = "INSERT 2"});
  transaction.statements.push_back({.sql = "INSERT 3"});
  transaction.sinks.resize(3);
  std::optional<Result<Completion>> status;
  transaction.done = [&status](Result<Completion> done) { status = std::move(done); };
  manager.transact(std::move(transaction));
  loop.run_posted();
  ASSERT_TRUE(status && !*status);
  EXPECT_EQ(status->error().outcome, Outcome::kRolledBack);
  EXPECT_NE(status->error().message.find("statement 2: "), std::string::npos);
  EXPECT_EQ(orders().log().back(), "INSERT 2");
}

}  // namespace
}  // namespace sluice::manager
