// Embedding PoolManager in a C++ program: queries in three ways, transactions, libpqxx on a leased
// connection, and what an observer is told. Run it with the URL of a PostgreSQL database:
//   build/dev/sluice_example_embed postgresql://user:password@127.0.0.1:5432/database
#include <sluice/pool_manager.h>
#include <sluice/pqxx.h>

#include <future>
#include <iostream>
#include <pqxx/pqxx>

namespace {

/// Tells of breakers that change their state. Called on threads of the manager.
class Announcer : public sluice::Observer {
 public:
  void on_breaker_transition(const sluice::BreakerTransition& transition) override {
    std::cout << "breaker of " + transition.db_id + ": " + std::string(to_string(transition.to)) +
                     " (" + transition.explanation + ")\n"
              << std::flush;
  }
};

sluice::Query sum_of(int left, int right) {
  return {.sql = "SELECT $1::int + $2::int AS sum", .params = {left, right}};
}

void print(std::string_view how, const sluice::Result<sluice::QueryResult>& result) {
  std::cout << how << ": " << (result ? result->value().value_or("NULL") : result.error().message)
            << "\n";
}

void query_in_three_ways(sluice::PoolManager& manager, const std::string& db_id) {
  print("blocking", manager.query(db_id, sum_of(1, 1)));

  auto future = manager.query_future(db_id, sum_of(1, 2));
  print("future", future.get());

  std::promise<void> done;
  manager.async_query(db_id, sum_of(1, 3), [&done](const sluice::Result<sluice::QueryResult>& r) {
    print("callback", r);  // on a thread of the manager: be quick, never block
    done.set_value();
  });
  done.get_future().wait();
}

/// Statements that are known beforehand.
void transaction(sluice::PoolManager& manager, const std::string& db_id) {
  const auto results = manager.transaction(
      db_id, {{.sql = "CREATE TEMP TABLE example (n int) ON COMMIT DROP"},
              {.sql = "INSERT INTO example SELECT generate_series(1, $1::int)", .params = {10}},
              {.sql = "SELECT count(*) FROM example"}});
  std::cout << "transaction: "
            << (results ? results->back().value().value_or("NULL") : results.error().message)
            << "\n";
}

/// Statements that depend on each other: libpqxx, with commit and rollback done for you.
void transaction_with_libpqxx(sluice::PoolManager& manager, const std::string& db_id) {
  const auto answer = sluice::in_transaction(manager, db_id, [](pqxx::work& work) {
    const int half = work.exec("SELECT 21")[0][0].as<int>();
    return work.exec_params("SELECT 2 * $1::int", half)[0][0].as<int>();
  });
  std::cout << "in_transaction: " << (answer ? std::to_string(*answer) : answer.error().message)
            << "\n";
}

/// Everything else that libpqxx can do, on a connection of one's own for a while.
void lease(sluice::PoolManager& manager, const std::string& db_id) {
  auto lease = manager.acquire(db_id);
  if (!lease) {
    std::cout << "lease: " << lease.error().message << "\n";
    return;
  }
  pqxx::work work(sluice::pqxx_connection(*lease));
  std::cout << "pqxx::work: " << work.exec_params("SELECT 40 + $1::int", 2)[0][0].as<int>() << "\n";
  work.commit();
}

/// What a caller sees while a breaker is open, and what the observer is told.
void breaker(sluice::PoolManager& manager, const std::string& db_id) {
  using enum sluice::BreakerState;
  if (!manager.force_breaker(db_id, kForcedOpen, "to show it")) return;
  print("while the breaker is open", manager.query(db_id, sum_of(1, 4)));
  if (!manager.force_breaker(db_id, kClosed, "enough")) return;
  print("and closed again", manager.query(db_id, sum_of(1, 4)));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: " << argv[0] << " postgresql://user:password@host:port/database\n";
    return 2;
  }
  const auto target = sluice::Target::parse(argv[1]);
  if (!target) {
    std::cerr << target.error().message << "\n";
    return 2;
  }
  sluice::PoolManager manager({}, std::make_shared<Announcer>());
  const auto connected = manager.connect(*target, "example");
  if (!connected) {
    std::cerr << connected.error().message << "\n";
    return 1;
  }
  std::cout << "connected to PostgreSQL " << connected->server_version << "\n";
  query_in_three_ways(manager, "example");
  transaction(manager, "example");
  transaction_with_libpqxx(manager, "example");
  lease(manager, "example");
  breaker(manager, "example");
  manager.close();
}
