#pragma once

#include <sys/types.h>

#include <atomic>
#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/system/error_code.hpp>
#include <boost/system/system_error.hpp>
#include <chrono>
#include <cstddef>

#include "app/client/address.h"

namespace sluice::app::client {

/// A blocking connection in which every step has a time limit. Boost.Beast reads and writes HTTP
/// through it (a SyncReadStream and SyncWriteStream).
class Socket {
 public:
  [[nodiscard]] static Outcome<Socket> connect(const Address& address,
                                               std::chrono::milliseconds patience);
  ~Socket();
  Socket(Socket&& other) noexcept;
  Socket& operator=(Socket&& other) noexcept;

  /// Time for each further step; zero: no limit. A `stop` that becomes true ends it soon.
  void set_patience(std::chrono::milliseconds patience, const std::atomic<bool>* stop = nullptr);
  /// Whether the other side has closed it, or spoke unasked: it is of no use any more.
  [[nodiscard]] bool is_stale() const;

  template <typename Buffers>
  std::size_t read_some(const Buffers& buffers, boost::system::error_code& problem) {
    const auto first = *boost::asio::buffer_sequence_begin(buffers);
    return receive(first.data(), first.size(), problem);
  }
  template <typename Buffers>
  std::size_t write_some(const Buffers& buffers, boost::system::error_code& problem) {
    const auto end = boost::asio::buffer_sequence_end(buffers);
    for (auto it = boost::asio::buffer_sequence_begin(buffers); it != end; ++it) {
      const boost::asio::const_buffer piece = *it;
      if (piece.size() > 0) return send(piece.data(), piece.size(), problem);
    }
    return 0;
  }
  template <typename Buffers>
  std::size_t read_some(const Buffers& buffers) {
    return checked([&](auto& problem) { return read_some(buffers, problem); });
  }
  template <typename Buffers>
  std::size_t write_some(const Buffers& buffers) {
    return checked([&](auto& problem) { return write_some(buffers, problem); });
  }

 private:
  explicit Socket(int fd) : fd_(fd) {}
  static Outcome<Socket> connect_unix(const Address& address, std::chrono::milliseconds patience);

  std::size_t receive(void* data, std::size_t size, boost::system::error_code& problem);
  std::size_t send(const void* data, std::size_t size, boost::system::error_code& problem);

  /// Whether to go on although nothing came for a moment.
  [[nodiscard]] bool may_wait(std::chrono::steady_clock::time_point since) const;

  template <typename Step>
  static std::size_t checked(Step step) {
    boost::system::error_code problem;
    const std::size_t size = step(problem);
    if (problem) throw boost::system::system_error(problem);
    return size;
  }

  int fd_;
  std::chrono::milliseconds patience_{0};
  const std::atomic<bool>* stop_ = nullptr;
};

}  // namespace sluice::app::client
