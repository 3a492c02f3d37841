#include "app/try_databases.h"

#include <fmt/format.h>

#include <algorithm>
#include <thread>
#include <vector>

#include "app/terminal/figures.h"
#include "app/terminal/text.h"
#include "sluice/pool_manager.h"

namespace sluice::app {
namespace {

constexpr std::size_t kAtOnce = 16;  // a file with a thousand databases starts no thousand threads

using Attempt = Result<Connected>;

void try_every_nth(PoolManager& manager, const config::Config& config,
                   std::vector<Attempt>& attempts, std::size_t first) {
  for (std::size_t i = first; i < attempts.size(); i += kAtOnce) {
    const auto& database = config.databases[i];
    attempts[i] = manager.connect(database.target, database.options, database.db_id);
  }
}

}  // namespace

Trial try_databases(const config::Config& config) {
  PoolManager manager;
  std::vector<Attempt> attempts(config.databases.size(), fail(Error{}));
  {
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < std::min(kAtOnce, attempts.size()); ++i) {
      threads.emplace_back([&, i] { try_every_nth(manager, config, attempts, i); });
    }
  }
  Trial trial;
  for (std::size_t i = 0; i < attempts.size(); ++i) {
    const auto& attempt = attempts[i];
    trial.all_work = trial.all_work && attempt.has_value();
    trial.text +=
        fmt::format("  {}: {}\n", config.databases[i].db_id,
                    attempt ? fmt::format("works, PostgreSQL {}, {}", attempt->server_version,
                                          terminal::duration(attempt->latency))
                            : "FAILS: " + terminal::printable(attempt.error().message));
  }
  return trial;
}

}  // namespace sluice::app
