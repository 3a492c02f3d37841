#include "app/check_health.h"

#include <fmt/format.h>
#include <netdb.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <string_view>
#include <system_error>

namespace sluice::app {
namespace {

constexpr timeval kPatience{3, 0};  // of each step
constexpr std::string_view kUnix = "unix:";

tl::unexpected<Error> failure(const std::string& listen, std::string_view what) {
  Error error;
  error.code = ErrorCode::kDatabaseUnavailable;
  error.message = fmt::format("{}: {}", listen, what);
  return fail(std::move(error));
}

std::string reason() { return std::generic_category().message(errno); }

class Socket {
 public:
  explicit Socket(int family) : fd_(socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    // The time for sending also bounds connecting.
    setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &kPatience, sizeof kPatience);
    setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof kPatience);
  }
  ~Socket() { close(fd_); }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  [[nodiscard]] int fd() const { return fd_; }

 private:
  int fd_;
};

/// The answer's first line, "HTTP/1.1 200 OK", or what came of it.
std::string ask(int fd, const std::string& path) {
  const std::string request =
      "GET " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
  if (send(fd, request.data(), request.size(), MSG_NOSIGNAL) < 0) return {};
  std::string answer;
  std::array<char, 256> buffer{};
  while (answer.find('\n') == std::string::npos && answer.size() < buffer.size()) {
    const ssize_t got = recv(fd, buffer.data(), buffer.size(), 0);
    if (got <= 0) break;
    answer.append(buffer.data(), static_cast<std::size_t>(got));
  }
  return answer.substr(0, answer.find_first_of("\r\n"));
}

Status judge(const std::string& listen, const std::string& path, const std::string& first_line) {
  if (first_line.starts_with("HTTP/1.1 200 ")) return {};
  if (first_line.empty()) return failure(listen, "did not answer " + path + " in time");
  return failure(listen, fmt::format("answered {} with {}", path, first_line));
}

struct Peer {
  int family;
  const sockaddr* address;
  socklen_t size;
};

Status check_peer(const Peer& peer, const std::string& listen, const std::string& path) {
  const Socket socket(peer.family);
  if (connect(socket.fd(), peer.address, peer.size) != 0) {
    return failure(listen, "cannot connect: " + reason());
  }
  return judge(listen, path, ask(socket.fd(), path));
}

Status check_unix(const std::string& listen, const std::string& path) {
  const std::string file = listen.substr(kUnix.size());
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (file.size() >= sizeof address.sun_path) return failure(listen, "the path is too long");
  std::memcpy(address.sun_path, file.data(), file.size());
  const auto* any = reinterpret_cast<const sockaddr*>(&address);
  return check_peer({AF_UNIX, any, sizeof address}, listen, path);
}

std::string host_of(std::string_view listen) {
  std::string_view host = listen.substr(0, listen.rfind(':'));
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  if (host.empty() || host == "0.0.0.0") return "127.0.0.1";
  return host == "::" ? "::1" : std::string(host);
}

}  // namespace

Status check_health(const std::string& listen, const std::string& path) {
  if (listen.starts_with(kUnix)) return check_unix(listen, path);
  const auto colon = listen.rfind(':');
  if (colon == std::string::npos) return failure(listen, "is no HOST:PORT");
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int wrong =
      getaddrinfo(host_of(listen).c_str(), listen.substr(colon + 1).c_str(), &hints, &found);
  if (wrong != 0) return failure(listen, gai_strerror(wrong));
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(found, &freeaddrinfo);
  Status last = failure(listen, "has no address");
  for (const addrinfo* peer = found; peer != nullptr && !last; peer = peer->ai_next) {
    last = check_peer({peer->ai_family, peer->ai_addr, peer->ai_addrlen}, listen, path);
  }
  return last;
}

}  // namespace sluice::app
