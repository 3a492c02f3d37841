#include "http/test_client.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <utility>

namespace sluice::http {
namespace {

int connected(int family, const sockaddr* address, socklen_t length) {
  const int fd = ::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) throw std::runtime_error(std::string("socket: ") + std::strerror(errno));
  if (::connect(fd, address, length) == 0) return fd;
  const int error = errno;
  ::close(fd);
  throw std::runtime_error(std::string("connect: ") + std::strerror(error));
}

int connect_to(const std::string& address) {
  if (address.starts_with("unix:")) {
    sockaddr_un path{};
    path.sun_family = AF_UNIX;
    std::strncpy(path.sun_path, address.c_str() + 5, sizeof path.sun_path - 1);
    return connected(AF_UNIX, reinterpret_cast<const sockaddr*>(&path), sizeof path);
  }
  const auto port = static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1)));
  if (address.starts_with('[')) {
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(port);
    v6.sin6_addr = in6addr_loopback;
    return connected(AF_INET6, reinterpret_cast<const sockaddr*>(&v6), sizeof v6);
  }
  sockaddr_in v4{};
  v4.sin_family = AF_INET;
  v4.sin_port = htons(port);
  v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return connected(AF_INET, reinterpret_cast<const sockaddr*>(&v4), sizeof v4);
}

std::size_t content_length(std::string_view head) {
  const auto at = head.find("\r\nContent-Length: ");
  return at == std::string_view::npos ? 0 : std::stoul(std::string(head.substr(at + 18, 20)));
}

}  // namespace

TestClient::TestClient(const std::string& address) : fd_(connect_to(address)) {}
TestClient::~TestClient() { close(); }
TestClient::TestClient(TestClient&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), buffer_(std::move(other.buffer_)) {}
TestClient& TestClient::operator=(TestClient&& other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(buffer_, other.buffer_);
  return *this;
}

bool TestClient::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

void TestClient::finish_sending() { ::shutdown(fd_, SHUT_WR); }

void TestClient::close() {
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

void TestClient::reset() {
  const linger at_once{1, 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  close();
}

TestClient::More TestClient::read_more(std::chrono::steady_clock::time_point until) {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
      until - std::chrono::steady_clock::now());
  pollfd poll{fd_, POLLIN, 0};
  if (left.count() <= 0 || ::poll(&poll, 1, static_cast<int>(left.count())) != 1) {
    return More::kTimeout;
  }
  std::array<char, 65536> bytes;
  const ssize_t count = ::recv(fd_, bytes.data(), bytes.size(), 0);
  if (count <= 0) return More::kEnd;
  buffer_.append(bytes.data(), static_cast<std::size_t>(count));
  return More::kData;
}

std::optional<TestClient::Answer> TestClient::read_answer(bool to_head,
                                                          std::chrono::milliseconds patience) {
  const auto until = std::chrono::steady_clock::now() + patience;
  for (;;) {
    const auto end = buffer_.find("\r\n\r\n");
    if (end == std::string::npos) {
      if (read_more(until) != More::kData) return std::nullopt;
      continue;
    }
    Answer answer;
    answer.head = buffer_.substr(0, end + 2);
    answer.status = std::stoi(answer.head.substr(9, 3));
    const std::size_t length = to_head ? 0 : content_length(answer.head);
    while (buffer_.size() < end + 4 + length) {
      if (read_more(until) != More::kData) return std::nullopt;
    }
    answer.body = buffer_.substr(end + 4, length);
    buffer_.erase(0, end + 4 + length);
    if (answer.status >= 200) return answer;
  }
}

std::optional<std::string> TestClient::read_all(std::chrono::milliseconds patience) {
  const auto until = std::chrono::steady_clock::now() + patience;
  for (;;) {
    const More more = read_more(until);
    if (more == More::kTimeout) return std::nullopt;
    if (more == More::kEnd) return std::exchange(buffer_, {});
  }
}

std::string get_request(std::string_view path, std::string_view headers) {
  return "GET " + std::string(path) + " HTTP/1.1\r\nHost: localhost\r\n" + std::string(headers) +
         "\r\n";
}

std::string post_request(std::string_view path, std::string_view body) {
  return "POST " + std::string(path) +
         " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: " +
         std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}

}  // namespace sluice::http
