#include "app/check_config.h"

#include <fmt/format.h>

namespace sluice::app {

std::string describe_mistakes(const config::LoadResult& result) {
  std::string text;
  for (const auto& mistake : result.mistakes) {
    text += mistake.where + ": " + mistake.message + "\n";
  }
  return text;
}

std::string describe_configuration(const config::Config& config) {
  std::string text = fmt::format("ok\nlisten     {}\n", config.server.listen);
  const auto& keys = config.security.api_keys;
  text += keys.empty() ? "api keys   none: everybody who reaches the address is admin\n"
                       : fmt::format("api keys   {}\n", keys.size());
  for (const auto& key : keys) text += fmt::format("  {} ({})\n", key.name, key.role);
  text += fmt::format("databases  {}\n", config.databases.size());
  for (const auto& database : config.databases) {
    text += fmt::format("  {}: {}, at most {} connections{}\n", database.db_id,
                        database.target.display(),
                        database.options.pool.max_size + database.options.pool.max_overflow,
                        database.options.required ? ", required" : "");
  }
  return text;
}

}  // namespace sluice::app
