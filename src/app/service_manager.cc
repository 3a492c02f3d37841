#include "app/service_manager.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <ctime>

namespace sluice::app {
namespace {

using std::chrono::microseconds;

std::string_view variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string_view() : std::string_view(value);
}

std::optional<std::int64_t> number(std::string_view text) {
  std::int64_t value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || read.ec != std::errc() || read.ptr != text.data() + text.size()) return {};
  return value;
}

std::optional<microseconds> wanted_patience() {
  const auto pid = number(variable("WATCHDOG_PID"));
  if (pid && *pid != getpid()) return std::nullopt;  // meant for somebody else
  const auto patience = number(variable("WATCHDOG_USEC"));
  if (!patience || *patience <= 0) return std::nullopt;
  return microseconds(*patience);
}

/// CLOCK_MONOTONIC, by which systemd tells this reload from an earlier one.
std::int64_t monotonic_micros() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return std::int64_t{now.tv_sec} * 1'000'000 + now.tv_nsec / 1'000;
}

}  // namespace

ServiceManager::ServiceManager()
    : socket_(variable("NOTIFY_SOCKET")), patience_(wanted_patience()) {}

void ServiceManager::ready(std::string_view status) const {
  send("READY=1\nSTATUS=" + std::string(status));
}

void ServiceManager::reloading() const {
  send("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(monotonic_micros()));
}

void ServiceManager::stopping() const { send("STOPPING=1\nSTATUS=draining"); }

void ServiceManager::alive() const { send("WATCHDOG=1"); }

/// Lost messages are not worth an error: systemd itself notices what is missing.
void ServiceManager::send(std::string_view state) const {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (socket_.empty() || socket_.size() >= sizeof(address.sun_path)) return;
  std::memcpy(address.sun_path, socket_.data(), socket_.size());
  if (address.sun_path[0] == '@') address.sun_path[0] = '\0';  // the abstract namespace
  const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return;
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + socket_.size());
  (void)sendto(fd, state.data(), state.size(), MSG_NOSIGNAL | MSG_DONTWAIT,
               reinterpret_cast<const sockaddr*>(&address), size);
  close(fd);
}

}  // namespace sluice::app
