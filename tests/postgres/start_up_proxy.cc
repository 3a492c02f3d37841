#include "postgres/start_up_proxy.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <utility>

namespace sluice::test {
namespace {

constexpr std::uint32_t kSslRequest = 80'877'103;

/// What somebody says at once may come in pieces; it is passed on, and counted, as one.
constexpr std::chrono::milliseconds kBreath{10};

std::uint32_t number_at(const std::string& bytes, std::size_t at) {
  std::uint32_t number = 0;
  for (std::size_t i = 0; i < 4; ++i)
    number = number << 8 | static_cast<unsigned char>(bytes[at + i]);
  return number;
}

std::string big_endian(std::uint32_t number) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(number >> shift & 0xff);
  return bytes;
}

std::string error_message(const std::string& sqlstate, const std::string& message) {
  std::string fields;
  for (const std::string& field :
       {"SFATAL" + std::string(), "VFATAL" + std::string(), "C" + sqlstate, "M" + message})
    fields += field + '\0';
  fields += '\0';
  return "E" + big_endian(static_cast<std::uint32_t>(fields.size() + 4)) + fields;
}

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

bool read_exactly(int from, std::size_t count, std::string& bytes) {
  std::array<char, 4096> buffer;
  while (count > 0) {
    const ssize_t got = ::recv(from, buffer.data(), std::min(count, buffer.size()), 0);
    if (got <= 0) return false;
    bytes.append(buffer.data(), static_cast<std::size_t>(got));
    count -= static_cast<std::size_t>(got);
  }
  return true;
}

/// The next packet of the kind that has no type: start-up, TLS request, cancel.
std::string read_packet(int from) {
  std::string packet;
  if (!read_exactly(from, 4, packet) || !read_exactly(from, number_at(packet, 0) - 4, packet))
    return {};
  return packet;
}

bool pass_on(int from, int to) {
  std::array<char, 65'536> buffer;
  const ssize_t got = ::recv(from, buffer.data(), buffer.size(), 0);
  return got > 0 && ::send(to, buffer.data(), static_cast<std::size_t>(got), MSG_NOSIGNAL) == got;
}

}  // namespace

StartUpProxy::StartUpProxy(std::uint16_t server_port, std::string refused_text,
                           std::string sqlstate, std::string message)
    : server_port_(server_port),
      refused_text_(std::move(refused_text)),
      refusal_(error_message(sqlstate, message)),
      listening_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  auto* plain = reinterpret_cast<sockaddr*>(&address);
  ::bind(listening_, plain, size);
  ::listen(listening_, 16);
  ::getsockname(listening_, plain, &size);
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { accept_all(); });
}

StartUpProxy::~StartUpProxy() {
  stopping_ = true;
  ::shutdown(listening_, SHUT_RDWR);
  thread_.join();
  while (serving_ > 0) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  ::close(listening_);
}

void StartUpProxy::accept_all() {
  for (;;) {
    const int client = ::accept4(listening_, nullptr, nullptr, SOCK_CLOEXEC);
    if (client < 0) return;
    ++serving_;
    std::thread([this, client] {
      serve(client);
      ::close(client);
      --serving_;
    }).detach();
  }
}

void StartUpProxy::serve(int client) {
  std::string packet = read_packet(client);
  if (packet.size() == 8 && number_at(packet, 4) == kSslRequest) {
    ::send(client, "N", 1, MSG_NOSIGNAL);
    packet = read_packet(client);
  }
  if (packet.find(refused_text_) != std::string::npos) {
    ++refusals_;
    ::send(client, refusal_.data(), refusal_.size(), MSG_NOSIGNAL);
    return;
  }
  const int server = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = loopback(server_port_);
  if (::connect(server, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
      ::send(server, packet.data(), packet.size(), MSG_NOSIGNAL) > 0) {
    std::array<pollfd, 2> both{pollfd{client, POLLIN, 0}, pollfd{server, POLLIN, 0}};
    bool client_spoke = true;
    for (bool alive = true; alive && !stopping_;) {
      if (::poll(both.data(), both.size(), 20) > 0) std::this_thread::sleep_for(kBreath);
      if (both[0].revents) {
        if (!std::exchange(client_spoke, true)) ++round_trips_;
        alive = pass_on(client, server);
      }
      if (alive && both[1].revents) {
        client_spoke = false;
        alive = pass_on(server, client);
      }
    }
  }
  ::close(server);
}

}  // namespace sluice::test
