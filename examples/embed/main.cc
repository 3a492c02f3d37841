// Embedding PoolManager in a C++ program: connect, query in three ways, a transaction, a fan-out,
// and a leased connection for libpqxx. Run it with the URL of a PostgreSQL database:
//   build/dev/sluice_example_embed postgresql://user:password@127.0.0.1:5432/database
#include <sluice/pool_manager.h>
#include <sluice/pqxx.h>

#include <future>
#include <iostream>
#include <pqxx/pqxx>

namespace {

/// Tells of breakers that change their state; called on the manager's threads.
class Announcer : public sluice::Observer {
 public:
  void on_breaker_transition(const sluice::BreakerTransition& transition) override {
    std::cerr << transition.db_id << " is now " << sluice::to_string(transition.to) << ": "
              << transition.explanation << "\n";
  }
};

sluice::Query sum_of(int left, int right) {
  sluice::Query query;
  query.sql = "SELECT $1::int + $2::int AS sum";
  query.params = {left, right};
  return query;
}

void print(std::string_view how, const sluice::Result<sluice::QueryResult>& result) {
  std::cout << how << ": "
            << (result ? result->rows.at(0).at(0).value_or("NULL") : result.error().message)
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

void transaction(sluice::PoolManager& manager, const std::string& db_id) {
  sluice::Query create{.sql = "CREATE TEMP TABLE example (n int) ON COMMIT DROP"};
  sluice::Query insert{.sql = "INSERT INTO example SELECT generate_series(1, 10)"};
  sluice::Query count{.sql = "SELECT count(*) FROM example"};
  const auto results = manager.transaction(db_id, {create, insert, count});
  if (!results) {
    std::cout << "transaction: " << results.error().message << "\n";
    return;
  }
  print("transaction", (*results)[2]);
}

void fan_out(sluice::PoolManager& manager) {
  sluice::FanOut everywhere;
  everywhere.targets.all = true;
  everywhere.query = sum_of(20, 22);
  for (const sluice::Leg& leg : manager.fan_out(everywhere).legs) {
    print("fan-out to " + leg.db_id, leg.result);
  }
}

void libpqxx(sluice::PoolManager& manager, const std::string& db_id) {
  auto lease = manager.acquire(db_id);
  if (!lease) {
    std::cout << "lease: " << lease.error().message << "\n";
    return;
  }
  pqxx::work work(sluice::pqxx_connection(*lease));
  std::cout << "pqxx::work: " << work.exec_params("SELECT 40 + $1::int", 2)[0][0].as<int>() << "\n";
  work.commit();
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
  const auto connected = manager.connect(*target);
  if (!connected) {
    std::cerr << connected.error().message << "\n";
    return 1;
  }
  std::cout << "connected to " << connected->db_id << "\n";
  query_in_three_ways(manager, connected->db_id);
  transaction(manager, connected->db_id);
  fan_out(manager);
  libpqxx(manager, connected->db_id);
  manager.close();
}
