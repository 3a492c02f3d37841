#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace sluice::http {

/// How a read or write on a stream went.
struct IoResult {
  enum class Kind { kDone, kWouldBlock, kEnd, kBroken };
  Kind kind = Kind::kDone;
  std::size_t bytes = 0;  ///< for kDone: at least one
};

/// What an HTTP connection needs of its socket: never blocks, used on one thread. The real one is
/// the transport's; tests script theirs.
class ByteStream {
 public:
  virtual ~ByteStream() = default;
  [[nodiscard]] virtual IoResult read(std::span<char> buffer) = 0;
  /// Writes the parts in order, as much as the socket takes now.
  [[nodiscard]] virtual IoResult write(std::span<const std::string_view> parts) = 0;
  /// Tells the client that nothing more will come; reading goes on.
  virtual void shut_down_writing() = 0;
  /// Lets `close` look like a failure to the client, where a plain end would look like success.
  virtual void spoil() = 0;
  /// Gives the socket back, once. The connection is not called any more.
  virtual void close() = 0;
};

}  // namespace sluice::http
