#include "http/listener.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>

namespace sluice::http {
namespace {

constexpr int kBacklog = 4096;
constexpr std::string_view kUnixPrefix = "unix:";

struct Endpoint {
  std::string host;
  std::string port;
};

Error cannot_listen(const std::string& listen, std::string_view why) {
  return invalid_request("cannot listen on " + listen + ": " + std::string(why));
}

Error system_error(const std::string& listen) {
  return cannot_listen(listen, std::strerror(errno));
}

Result<Endpoint> split(const std::string& listen) {
  const auto colon = listen.rfind(':');
  if (colon == std::string::npos) {
    return fail(cannot_listen(listen, "write HOST:PORT, [V6]:PORT or unix:/path"));
  }
  Endpoint endpoint{listen.substr(0, colon), listen.substr(colon + 1)};
  if (endpoint.host.starts_with('[') && endpoint.host.ends_with(']')) {
    endpoint.host = endpoint.host.substr(1, endpoint.host.size() - 2);
  }
  const bool digits = endpoint.port.find_first_not_of("0123456789") == std::string::npos;
  if (!digits || endpoint.port.empty() || endpoint.port.size() > 5 ||
      std::stoi(endpoint.port) > 65535) {
    return fail(cannot_listen(listen, "the port must be a number from 0 to 65535"));
  }
  return endpoint;
}

std::string text_of(const sockaddr_storage& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (address.ss_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(address);
    ::inet_ntop(AF_INET, &v4.sin_addr, text.data(), text.size());
    return std::string(text.data()) + ":" + std::to_string(ntohs(v4.sin_port));
  }
  if (address.ss_family == AF_INET6) {
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address);
    ::inet_ntop(AF_INET6, &v6.sin6_addr, text.data(), text.size());
    return "[" + std::string(text.data()) + "]:" + std::to_string(ntohs(v6.sin6_port));
  }
  return "unix";
}

/// A bound and listening socket, or -1 and errno.
int listen_on(const sockaddr* address, socklen_t length) {
  const int fd = ::socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  const int on = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  // Accepted sockets inherit it.
  if (address->sa_family != AF_UNIX) ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (::bind(fd, address, length) == 0 && ::listen(fd, kBacklog) == 0) return fd;
  const int error = errno;
  ::close(fd);
  errno = error;
  return -1;
}

Result<int> listen_on_tcp(const std::string& listen, const Endpoint& endpoint) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const char* host =
      endpoint.host.empty() || endpoint.host == "*" ? nullptr : endpoint.host.c_str();
  if (const int error = ::getaddrinfo(host, endpoint.port.c_str(), &hints, &found); error != 0) {
    return fail(cannot_listen(listen, ::gai_strerror(error)));
  }
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> list(found, ::freeaddrinfo);
  for (const addrinfo* each = found; each; each = each->ai_next) {
    if (const int fd = listen_on(each->ai_addr, each->ai_addrlen); fd >= 0) return fd;
  }
  return fail(system_error(listen));
}

/// Whether the path is a socket that nobody listens on any more.
bool is_stale(const sockaddr_un& address) {
  struct stat status {};
  if (::lstat(address.sun_path, &status) != 0 || !S_ISSOCK(status.st_mode)) return false;
  const int probe = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (probe < 0) return false;
  const int result = ::connect(probe, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  const bool stale = result != 0 && errno == ECONNREFUSED;
  ::close(probe);
  return stale;
}

Result<int> listen_on_path(const std::string& listen, const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path) {
    return fail(cannot_listen(listen, "the path must have 1 to 107 characters"));
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  if (is_stale(address)) ::unlink(path.c_str());
  const int fd = listen_on(reinterpret_cast<const sockaddr*>(&address), sizeof address);
  if (fd < 0) return fail(system_error(listen));
  return fd;
}

int open_spare() { return ::open("/dev/null", O_RDONLY | O_CLOEXEC); }

}  // namespace

Result<Listener> Listener::open(const std::string& listen) {
  if (listen.starts_with(kUnixPrefix)) {
    std::string path = listen.substr(kUnixPrefix.size());
    const auto fd = listen_on_path(listen, path);
    if (!fd) return fail(fd.error());
    return Listener(*fd, "", listen, std::move(path));
  }
  auto endpoint = split(listen);
  if (!endpoint) return fail(endpoint.error());
  const auto fd = listen_on_tcp(listen, *endpoint);
  if (!fd) return fail(fd.error());
  sockaddr_storage bound{};
  socklen_t length = sizeof bound;
  ::getsockname(*fd, reinterpret_cast<sockaddr*>(&bound), &length);
  std::string address = text_of(bound);
  std::string host = address.substr(0, address.rfind(':'));
  return Listener(*fd, std::move(host), std::move(address), "");
}

Listener::Listener(int fd, std::string host, std::string address, std::string path)
    : fd_(fd),
      spare_(open_spare()),
      host_(std::move(host)),
      address_(std::move(address)),
      path_(std::move(path)) {}

Listener::Listener(Listener&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      spare_(std::exchange(other.spare_, -1)),
      host_(std::move(other.host_)),
      address_(std::move(other.address_)),
      path_(std::exchange(other.path_, {})) {}

Listener::~Listener() {
  close();
  if (spare_ >= 0) ::close(spare_);
}

Listener::Accepted Listener::accept() {
  for (;;) {
    sockaddr_storage from{};
    socklen_t length = sizeof from;
    const int fd =
        ::accept4(fd_, reinterpret_cast<sockaddr*>(&from), &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) return {Accepted::Kind::kConnection, fd, text_of(from)};
    switch (errno) {
      case EAGAIN:
        return {};
      case EMFILE:
      case ENFILE:
        return refuse_one();
      case ENOBUFS:
      case ENOMEM:
        return {Accepted::Kind::kExhausted, -1, {}};
      case EBADF:
      case EINVAL:
        return {};  // closed meanwhile
      default:
        continue;  // this one connection failed before we took it
    }
  }
}

Listener::Accepted Listener::refuse_one() {
  constexpr std::string_view kAnswer =
      "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n"
      "Retry-After: 1\r\n\r\n";
  if (spare_ < 0) spare_ = open_spare();  // none so far; perhaps there is one again
  if (spare_ < 0) return {Accepted::Kind::kExhausted, -1, {}};
  ::close(std::exchange(spare_, -1));
  const int fd = ::accept4(fd_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd >= 0) {
    [[maybe_unused]] const auto sent =
        ::send(fd, kAnswer.data(), kAnswer.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    ::close(fd);
  }
  spare_ = open_spare();
  return {fd >= 0 ? Accepted::Kind::kRefusedOne : Accepted::Kind::kExhausted, -1, {}};
}

void Listener::stop_new_connections() {
  if (fd_ < 0) return;
  if (!path_.empty()) {
    ::unlink(std::exchange(path_, {}).c_str());
    return;
  }
  // Drops packets with SYN but not ACK, and lets handshakes that have begun come to their end. Best
  // effort: without it, a connection that is made during the last microseconds is reset.
  std::array<sock_filter, 5> program{{
      {BPF_LD | BPF_B | BPF_ABS, 0, 0, 13},     // the TCP flags
      {BPF_ALU | BPF_AND | BPF_K, 0, 0, 0x12},  // SYN and ACK
      {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0x02},
      {BPF_RET | BPF_K, 0, 0, 0},
      {BPF_RET | BPF_K, 0, 0, 0xffffffff},
  }};
  const sock_fprog filter{program.size(), program.data()};
  ::setsockopt(fd_, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter);
}

void Listener::close() {
  if (!path_.empty()) ::unlink(std::exchange(path_, {}).c_str());
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

}  // namespace sluice::http
