#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <mutex>
#include <string>
#include <string_view>

namespace sluice::app {

/// Lines on their way to a stream. Whoever adds one never waits, whatever the reader of the stream
/// does: what that has not taken is kept up to a limit, and beyond it lost and counted.
/// Thread-safe, but one thread at a time writes.
class LogWriter {
 public:
  static constexpr std::size_t kMostKept = 4 << 20;
  static constexpr std::size_t kMuch = kMostKept / 4;

  /// The stream is borrowed. One without a file descriptor is written to as it is.
  explicit LogWriter(std::FILE* stream);

  struct Waiting {
    std::string text;
    std::int64_t lost = 0;  ///< lines, after that text
  };

  /// True when this has made it so much that it should be written at once.
  [[nodiscard]] bool add(std::string_view line);
  /// What waits to be written.
  [[nodiscard]] Waiting take();
  /// As fast as it is taken; once `ending`, only while it is taken.
  void write(std::string_view text, const std::atomic<bool>& ending) const;

 private:
  [[nodiscard]] bool is_taken() const;
  [[nodiscard]] std::size_t write_piece(std::string_view text) const;

  std::FILE* const stream_;
  const int fd_;
  std::mutex mutex_;
  Waiting waiting_;
};

}  // namespace sluice::app
