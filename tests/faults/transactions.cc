// Runs transactions for test_cuts.py, as an embedding program does: a line "statements TOKEN" or
// "pqxx TOKEN" on standard input writes the token twice, all or nothing; the answer is a line, "ok"
// or the error's code and outcome.
#include <chrono>
#include <iostream>
#include <pqxx/pqxx>
#include <string>
#include <thread>

#include "sluice/pool_manager.h"
#include "sluice/pqxx.h"

namespace {

constexpr const char* kWrite = "INSERT INTO tokens(token) VALUES ($1)";

sluice::Status by_statements(sluice::PoolManager& manager, const std::string& token) {
  sluice::Query write;
  write.sql = kWrite;
  write.params = {token};
  const auto done = manager.transaction("main", {write, write});
  if (!done) return sluice::fail(done.error());
  return {};
}

sluice::Status by_pqxx(sluice::PoolManager& manager, const std::string& token) {
  return sluice::in_transaction(manager, "main", [&](pqxx::work& work) {
    work.exec_params(kWrite, token);
    work.exec_params(kWrite, token);
  });
}

sluice::DatabaseOptions patient_options() {
  sluice::DatabaseOptions options;
  options.pool.max_size = 1;
  options.breaker.failure_rate = 1;
  options.breaker.minimum_calls = 1000000;
  options.breaker.consecutive_connect_failures = 1000000;
  return options;
}

/// What a transaction leaves behind is cleaned away after its end; the next cut is not for that.
void wait_until_clean(const sluice::PoolManager& manager) {
  while (true) {
    const auto stats = manager.stats("main");
    if (stats && stats->pool.used + stats->pool.cleaning + stats->pool.connecting == 0) return;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

void answer(const sluice::Status& status) {
  if (status) {
    std::cout << "ok" << std::endl;
  } else {
    std::cout << to_string(status.error().code) << " " << to_string(status.error().outcome) << " "
              << status.error().message << std::endl;
  }
}

}  // namespace

int main(int, char** arguments) {
  sluice::PoolManager manager;
  const auto target = sluice::Target::parse(arguments[1]);
  if (!target || !manager.add("main", *target, patient_options())) return 1;
  std::string way;
  std::string token;
  while (std::cin >> way >> token) {
    const auto status = way == "pqxx" ? by_pqxx(manager, token) : by_statements(manager, token);
    wait_until_clean(manager);
    answer(status);
  }
}
