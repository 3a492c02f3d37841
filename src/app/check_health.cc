#include "app/check_health.h"

#include <fmt/format.h>

#include <array>
#include <boost/asio/buffer.hpp>
#include <chrono>
#include <string_view>

#include "app/client/address.h"
#include "app/client/socket.h"

namespace sluice::app {
namespace {

constexpr std::chrono::seconds kPatience{3};  // of each step

tl::unexpected<Error> failure(std::string message) {
  Error error;
  error.code = ErrorCode::kDatabaseUnavailable;
  error.message = std::move(message);
  return fail(std::move(error));
}

/// The answer's first line, "HTTP/1.1 200 OK", or what came of it.
std::string ask(client::Socket& socket, const std::string& path) {
  const std::string request =
      "GET " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
  boost::system::error_code problem;
  socket.write_some(boost::asio::buffer(request), problem);
  std::string answer;
  std::array<char, 256> buffer{};
  while (!problem && answer.find('\n') == std::string::npos && answer.size() < buffer.size()) {
    const std::size_t got = socket.read_some(boost::asio::buffer(buffer), problem);
    answer.append(buffer.data(), got);
  }
  return answer.substr(0, answer.find_first_of("\r\n"));
}

}  // namespace

Status check_health(const std::string& listen, const std::string& path) {
  const auto address = client::parse_listen(listen);
  if (!address) return failure(address.error().message);
  auto socket = client::Socket::connect(*address, kPatience);
  if (!socket) return failure(socket.error().message);
  const std::string first_line = ask(*socket, path);
  if (first_line.starts_with("HTTP/1.1 200 ")) return {};
  if (first_line.empty()) return failure(listen + ": did not answer " + path + " in time");
  return failure(fmt::format("{}: answered {} with {}", listen, path, first_line));
}

}  // namespace sluice::app
