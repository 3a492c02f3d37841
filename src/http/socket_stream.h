#pragma once

#include <functional>

#include "http/byte_stream.h"

namespace sluice::http {

/// The byte stream of a connected, non-blocking socket. Owns nothing: closing is its maker's
/// business.
class SocketStream final : public ByteStream {
 public:
  SocketStream(int fd, std::function<void()> close) : fd_(fd), close_(std::move(close)) {}

  [[nodiscard]] IoResult read(std::span<char> buffer) override;
  [[nodiscard]] IoResult write(std::span<const std::string_view> parts) override;
  void shut_down_writing() override;
  void spoil() override;
  void close() override { close_(); }

 private:
  const int fd_;
  const std::function<void()> close_;
};

}  // namespace sluice::http
