#include "http/socket_stream.h"

#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace sluice::http {
namespace {

constexpr std::size_t kMaxParts = 16;

IoResult result_of(ssize_t count) {
  if (count > 0) return {IoResult::Kind::kDone, static_cast<std::size_t>(count)};
  if (count < 0 && errno == EAGAIN) return {IoResult::Kind::kWouldBlock, 0};
  return {IoResult::Kind::kBroken, 0};
}

}  // namespace

IoResult SocketStream::read(std::span<char> buffer) {
  // A socket that does not block is never interrupted either, so EINTR needs no care.
  const ssize_t count = ::recv(fd_, buffer.data(), buffer.size(), 0);
  if (count == 0) return {IoResult::Kind::kEnd, 0};
  return result_of(count);
}

IoResult SocketStream::write(std::span<const std::string_view> parts) {
  if (parts.size() == 1) {
    return result_of(::send(fd_, parts[0].data(), parts[0].size(), MSG_NOSIGNAL));
  }
  std::array<iovec, kMaxParts> vectors;
  const std::size_t count = std::min(parts.size(), vectors.size());
  for (std::size_t i = 0; i < count; ++i) {
    vectors[i] = {const_cast<char*>(parts[i].data()), parts[i].size()};  // sendmsg only reads
  }
  msghdr message{};
  message.msg_iov = vectors.data();
  message.msg_iovlen = count;
  return result_of(::sendmsg(fd_, &message, MSG_NOSIGNAL));
}

/// Closing resets the connection then.
void SocketStream::spoil() {
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

void SocketStream::shut_down_writing() { ::shutdown(fd_, SHUT_WR); }

}  // namespace sluice::http
