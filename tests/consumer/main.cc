// A program of somebody else's: what test_consumer.py builds against the installed library, and
// against the sources. It touches what could go wrong at the library's border: objects, callbacks,
// derived classes and exceptions that cross it.
#include <sluice/pool_manager.h>
#include <sluice/pqxx.h>

#include <atomic>
#include <iostream>
#include <stdexcept>

namespace {

int failures = 0;

void check(bool good, const char* what) {
  if (good) return;
  std::cerr << "FAILED: " << what << "\n";
  ++failures;
}

class Counter : public sluice::Observer {
 public:
  void on_pool_event(std::string_view, sluice::PoolEvent event, std::string_view) override {
    if (event == sluice::PoolEvent::kConnected) ++connected;
  }
  std::atomic<int> connected{0};
};

class Sum : public sluice::RowSink {
 public:
  void on_columns(const std::vector<sluice::Column>& columns) override { names = columns.size(); }
  sluice::RowVerdict on_row(std::span<const sluice::Cell> cells) override {
    total += std::stoi(std::string(cells[0].text()));
    return sluice::RowVerdict::kContinue;
  }
  std::size_t names = 0;
  int total = 0;
};

void queries(sluice::PoolManager& manager, const std::string& db) {
  check(manager.query(db, {.sql = "SELECT $1::int + 1", .params = {41}})->value() == "42", "query");
  check(manager.query_future(db, {.sql = "SELECT 1"}).get().has_value(), "query_future");
  check(manager.transaction(db, {{.sql = "SELECT 1"}, {.sql = "SELECT 2"}})->size() == 2,
        "transaction");

  auto sum = std::make_shared<Sum>();
  std::promise<bool> done;
  manager.async_query(db, {.sql = "SELECT generate_series(1, 4)"}, sum,
                      [&](const auto& result) { done.set_value(result.has_value()); });
  check(done.get_future().get() && sum->names == 1 && sum->total == 10, "async_query with a sink");
}

void exceptions(sluice::PoolManager& manager, const std::string& db) {
  try {
    (void)sluice::pqxx_connection(sluice::Lease());
    check(false, "an empty lease throws");
  } catch (const std::logic_error&) {
  }
  try {
    (void)manager.query("unknown", {.sql = "SELECT 1"}).value();
    check(false, "the value of a failed result throws");
  } catch (const tl::bad_expected_access<sluice::Error>& failure) {
    check(failure.error().code == sluice::ErrorCode::kUnknownDatabase, "the error that is thrown");
  }
  const auto failed = sluice::in_transaction(
      manager, db, [](pqxx::work& work) { work.exec("SELECT 1 / (SELECT 0)"); });
  check(!failed && failed.error().sqlstate() == "22012", "an exception of libpqxx's as an error");
}

}  // namespace

int main(int, char** argv) {
  const auto target = sluice::Target::parse(argv[1]);
  const auto counter = std::make_shared<Counter>();
  sluice::PoolManager manager({}, counter);
  const auto connected = manager.connect(target.value());
  if (!connected) {
    std::cerr << connected.error().message << "\n";
    return 1;
  }
  queries(manager, connected->db_id);
  exceptions(manager, connected->db_id);
  check(manager.close().has_value(), "close");
  check(counter->connected > 0, "the observer was called");
  const sluice::Observer* observer = counter.get();
  check(dynamic_cast<const Counter*>(observer) != nullptr, "dynamic_cast to a derived class");
  std::cout << (failures ? "failed" : "good") << "\n";
  return failures ? 1 : 0;
}
