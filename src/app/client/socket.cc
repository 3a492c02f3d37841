#include "app/client/socket.h"

#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <system_error>
#include <utility>

namespace sluice::app::client {
namespace {

constexpr std::chrono::milliseconds kLookEvery(100);  // whether to stop

std::string reason(int number) {
  if (number == EINPROGRESS || number == EAGAIN) return "no answer in time";
  return std::generic_category().message(number);
}

tl::unexpected<Failure> unreachable(const Address& address, std::string_view why) {
  return failed(ExitStatus::kUnreachable, fmt::format("{}: cannot connect: {}", address.name, why));
}

boost::system::error_code system_problem(int number) {
  if (number == EAGAIN) number = ETIMEDOUT;
  return {number, boost::system::system_category()};
}

struct Addresses {
  addrinfo* first = nullptr;
  ~Addresses() {
    if (first != nullptr) freeaddrinfo(first);
  }
};

}  // namespace

Socket::~Socket() {
  if (fd_ >= 0) close(fd_);
}

Socket::Socket(Socket&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), patience_(other.patience_), stop_(other.stop_) {}

Socket& Socket::operator=(Socket&& other) noexcept {
  std::swap(fd_, other.fd_);
  patience_ = other.patience_;
  stop_ = other.stop_;
  return *this;
}

void Socket::set_patience(std::chrono::milliseconds patience, const std::atomic<bool>* stop) {
  const bool same = patience == patience_ && stop == stop_;
  patience_ = patience;
  stop_ = stop;
  if (same) return;
  const auto count = (stop == nullptr ? patience : kLookEvery).count();
  const timeval time{.tv_sec = count / 1000,
                     .tv_usec = static_cast<suseconds_t>(count % 1000 * 1000)};
  // The time for sending also bounds connecting.
  setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &time, sizeof time);
  setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time);
}

bool Socket::may_wait(std::chrono::steady_clock::time_point since) const {
  if (stop_ == nullptr || *stop_) return false;
  return patience_.count() == 0 || std::chrono::steady_clock::now() - since < patience_;
}

bool Socket::is_stale() const {
  pollfd waiting{.fd = fd_, .events = POLLIN, .revents = 0};
  return poll(&waiting, 1, 0) != 0;
}

Outcome<Socket> Socket::connect_unix(const Address& address, std::chrono::milliseconds patience) {
  sockaddr_un place{};
  place.sun_family = AF_UNIX;
  if (address.socket.size() >= sizeof place.sun_path) {
    return unreachable(address, "the path is too long");
  }
  std::memcpy(place.sun_path, address.socket.data(), address.socket.size());
  Socket socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (socket.fd_ < 0) return unreachable(address, reason(errno));
  socket.set_patience(patience);
  if (::connect(socket.fd_, reinterpret_cast<const sockaddr*>(&place), sizeof place) != 0) {
    return unreachable(address, reason(errno));
  }
  return socket;
}

Outcome<Socket> Socket::connect(const Address& address, std::chrono::milliseconds patience) {
  if (!address.socket.empty()) return connect_unix(address, patience);
  addrinfo wanted{};
  wanted.ai_socktype = SOCK_STREAM;
  Addresses found;
  const int problem =
      getaddrinfo(address.host.c_str(), address.port.c_str(), &wanted, &found.first);
  if (problem != 0) return unreachable(address, gai_strerror(problem));
  int last = 0;
  for (const addrinfo* each = found.first; each != nullptr; each = each->ai_next) {
    Socket socket(::socket(each->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (socket.fd_ < 0) return unreachable(address, reason(errno));  // too many open files
    socket.set_patience(patience);
    const int on = 1;
    setsockopt(socket.fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (::connect(socket.fd_, each->ai_addr, each->ai_addrlen) == 0) return socket;
    last = errno;
  }
  return unreachable(address, reason(last));
}

std::size_t Socket::receive(void* data, std::size_t size, boost::system::error_code& problem) {
  problem = {};
  const auto since = std::chrono::steady_clock::now();
  ssize_t got = -1;
  do {
    got = recv(fd_, data, size, 0);
  } while (got < 0 && (errno == EINTR || (errno == EAGAIN && may_wait(since))));
  if (got > 0) return static_cast<std::size_t>(got);
  problem = got == 0 ? boost::asio::error::make_error_code(boost::asio::error::eof)
                     : system_problem(errno);
  return 0;
}

std::size_t Socket::send(const void* data, std::size_t size, boost::system::error_code& problem) {
  problem = {};
  ssize_t sent = -1;
  do {
    sent = ::send(fd_, data, size, MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  if (sent >= 0) return static_cast<std::size_t>(sent);
  problem = system_problem(errno);
  return 0;
}

}  // namespace sluice::app::client
