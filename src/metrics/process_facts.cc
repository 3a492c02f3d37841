#include "metrics/process_facts.h"

#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>

namespace sluice::metrics {
namespace {

/// The fields of /proc/self/stat from the third on: the second, the program's name, may contain
/// blanks and brackets. Source: proc(5).
std::vector<double> stat_fields() {
  std::ifstream file("/proc/self/stat");
  std::string line;
  std::getline(file, line);
  const std::size_t name_end = line.rfind(')');
  if (name_end == std::string::npos) return {};
  std::istringstream rest(line.substr(name_end + 1));
  std::string state;
  rest >> state;
  std::vector<double> fields;
  for (double field = 0; rest >> field;) fields.push_back(field);
  return fields;
}

std::optional<double> boot_time() {
  std::ifstream file("/proc/stat");
  for (std::string word; file >> word;) {
    double seconds = 0;
    if (word == "btime" && file >> seconds) return seconds;
  }
  return std::nullopt;
}

std::optional<double> count_open_fds() {
  std::error_code error;
  const std::filesystem::directory_iterator begin("/proc/self/fd", error);
  if (error) return std::nullopt;
  double count = 0;
  for (auto entry = begin; entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    if (error) return std::nullopt;
    ++count;
  }
  return count - 1;  // the listing itself
}

}  // namespace

std::string_view to_string(Overload overload) {
  constexpr std::array<std::string_view, kOverloads> kWords{"in_flight", "bytes", "rate",
                                                            "concurrent"};
  return kWords[static_cast<std::size_t>(overload)];
}

std::string_view to_string(StreamEnd end) {
  constexpr std::array<std::string_view, kStreamEnds> kWords{
      "complete", "failed", "timeout", "cancelled", "client_gone", "slow_reader"};
  return kWords[static_cast<std::size_t>(end)];
}

std::string_view to_string(AuthFailure failure) {
  constexpr std::array<std::string_view, kAuthFailures> kWords{"missing", "wrong", "forbidden"};
  return kWords[static_cast<std::size_t>(failure)];
}

ProcessUsage read_process_usage() {
  // Positions in stat_fields: utime is field 14 of the file, which begins with field 4 here.
  constexpr std::size_t kUserTime = 10;
  constexpr std::size_t kSystemTime = 11;
  constexpr std::size_t kStartTime = 18;
  constexpr std::size_t kVirtualBytes = 19;
  constexpr std::size_t kResidentPages = 20;
  ProcessUsage usage;
  const std::vector<double> stat = stat_fields();
  const auto ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
  if (stat.size() > kResidentPages && ticks > 0) {
    usage.cpu_seconds = (stat[kUserTime] + stat[kSystemTime]) / ticks;
    usage.virtual_bytes = stat[kVirtualBytes];
    usage.resident_bytes = stat[kResidentPages] * static_cast<double>(sysconf(_SC_PAGESIZE));
    if (const auto boot = boot_time()) usage.start_time_seconds = *boot + stat[kStartTime] / ticks;
  }
  usage.open_fds = count_open_fds();
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) usage.max_fds = static_cast<double>(limit.rlim_cur);
  return usage;
}

}  // namespace sluice::metrics
