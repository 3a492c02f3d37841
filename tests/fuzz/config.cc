// The configuration. Any file and any environment give a configuration or mistakes with a place and
// words, and what came out of a variable is never told.
#include "config/config.h"

#include <sys/mman.h>
#include <unistd.h>

#include "fuzz/fuzz.h"

namespace sluice::fuzz {
namespace {

constexpr std::string_view kBreak = "\n---env---\n";
constexpr std::string_view kSecret = "hunter2hunter2";

/// A file in memory, written anew for each input.
class MemoryFile {
 public:
  MemoryFile() : fd_(::memfd_create("config", MFD_CLOEXEC)) {
    require(fd_ >= 0, "there is memory for a file");
  }
  std::string holding(std::string_view text) const {
    require(::ftruncate(fd_, 0) == 0, "the file can be emptied");
    require(::pwrite(fd_, text.data(), text.size(), 0) == static_cast<ssize_t>(text.size()),
            "the file can be written");
    return "/proc/self/fd/" + std::to_string(fd_);
  }

 private:
  int fd_;
};

config::Environment environment_of(std::string_view lines) {
  config::Environment environment{{"SECRET", std::string(kSecret)}};
  while (!lines.empty()) {
    const auto line = lines.substr(0, lines.find('\n'));
    lines.remove_prefix(std::min(line.size() + 1, lines.size()));
    const auto equals = line.find('=');
    if (equals == std::string_view::npos || equals == 0) continue;
    environment.emplace(line.substr(0, equals), line.substr(equals + 1));
  }
  return environment;
}

void check(const config::LoadResult& result, bool secret) {
  for (const config::ConfigMistake& mistake : result.mistakes) {
    require(!mistake.where.empty(), "a mistake has a place", mistake.message);
    require(!mistake.message.empty(), "a mistake has words", mistake.where);
    const std::string told = mistake.where + ": " + mistake.message;
    require(!secret || told.find(kSecret) == std::string::npos, "no secret is told", told);
  }
  if (!result.mistakes.empty()) return;
  for (const auto& database : result.config.databases) {
    require(!database.db_id.empty(), "a database has an id");
    require(database.options.pool.max_size > 0, "a good configuration is within its bounds");
  }
}

}  // namespace

void config(std::string_view input) {
  // It may name files; those that never end are not for it.
  if (input.find("/dev") != std::string_view::npos) return;
  if (input.find("/proc") != std::string_view::npos) return;
  static const MemoryFile file;
  const auto at = std::min(input.find(kBreak), input.size());
  const auto yaml = input.substr(0, at);
  const auto lines = input.substr(std::min(at + kBreak.size(), input.size()));
  const bool secret = input.find(kSecret) == std::string_view::npos;
  check(config::load(file.holding(yaml), environment_of(lines)), secret);
  const auto environment = config::with_env_file(file.holding(lines), {});
  if (!environment) require(!environment.error().message.empty(), "a bad line has words");
}

}  // namespace sluice::fuzz
