// One statement for many databases at once. What succeeded is printed, what failed is explained; a
// database that is down costs the others nothing. Give it a statement and the databases:
//   build/dev/sluice_example_fanout SQL postgresql://user:password@127.0.0.1:5432/shop_eu URL...
#include <sluice/pool_manager.h>

#include <iostream>

namespace {

using namespace std::chrono_literals;

/// Registers every database without trying it: one that is down now may be up later.
bool add_all(sluice::PoolManager& manager, const std::vector<std::string>& urls) {
  for (const std::string& url : urls) {
    const auto target = sluice::Target::parse(url);
    const auto added =
        target ? manager.add(target->default_db_id(), *target, {}) : fail(target.error());
    if (added) continue;
    std::cerr << added.error().message << "\n";
    return false;
  }
  return true;
}

void print(const sluice::Leg& leg) {
  std::cout << leg.db_id << ": ";
  if (leg.result) {
    std::cout << leg.result->value().value_or("NULL");
  } else {
    std::cout << "FAILED: " << to_string(leg.result.error().code) << ": "
              << leg.result.error().message;
  }
  std::cout << " (" << leg.elapsed.count() / 1'000 << " ms)\n";
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::cerr << "usage: " << argv[0] << " SQL URL...\n";
    return 2;
  }
  sluice::PoolManager manager;
  if (!add_all(manager, {argv + 2, argv + argc})) return 2;

  sluice::FanOut everywhere;
  everywhere.targets.all = true;
  everywhere.query.sql = argv[1];
  everywhere.deadline = 10s;
  const sluice::FanOutResult result = manager.fan_out(everywhere);

  std::size_t answered = 0;
  for (const sluice::Leg& leg : result.legs) {
    print(leg);
    answered += leg.result ? 1 : 0;
  }
  std::cout << answered << " of " << result.legs.size() << " answered\n";
  return answered == result.legs.size() ? 0 : 1;
}
