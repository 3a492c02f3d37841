#include "app/log_writer.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <climits>
#include <utility>

namespace sluice::app {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kLookEveryMs = 100;  // whether it is ending
constexpr std::chrono::seconds kLastPatience{1};

}  // namespace

LogWriter::LogWriter(std::FILE* stream) : stream_(stream), fd_(fileno(stream)) {
  std::fflush(stream);  // what others have written comes first
}

bool LogWriter::add(std::string_view line) {
  const std::lock_guard lock(mutex_);
  const std::size_t before = waiting_.text.size();
  if (before + line.size() >= kMostKept) {
    ++waiting_.lost;
    return false;
  }
  waiting_.text.append(line).push_back('\n');
  return before < kMuch && waiting_.text.size() >= kMuch;
}

LogWriter::Waiting LogWriter::take() {
  const std::lock_guard lock(mutex_);
  return std::exchange(waiting_, {});
}

void LogWriter::write(std::string_view text, const std::atomic<bool>& ending) const {
  auto taken_at = Clock::now();
  while (!text.empty()) {
    if (is_taken()) {
      text.remove_prefix(write_piece(text));
      taken_at = Clock::now();
    } else if (ending && Clock::now() - taken_at > kLastPatience) {
      return;
    }
  }
}

bool LogWriter::is_taken() const {
  pollfd waiting{.fd = fd_, .events = POLLOUT, .revents = 0};
  return fd_ < 0 || poll(&waiting, 1, kLookEveryMs) > 0;
}

/// A pipe that has room takes so many bytes without waiting. What cannot be written at all is given
/// up: there is nobody to tell.
std::size_t LogWriter::write_piece(std::string_view text) const {
  if (fd_ < 0) {
    std::fwrite(text.data(), 1, text.size(), stream_);
    std::fflush(stream_);
    return text.size();
  }
  const ssize_t written = ::write(fd_, text.data(), std::min<std::size_t>(text.size(), PIPE_BUF));
  if (written >= 0) return static_cast<std::size_t>(written);
  return errno == EINTR || errno == EAGAIN ? 0 : text.size();
}

}  // namespace sluice::app
