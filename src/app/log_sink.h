#pragma once

#include <spdlog/logger.h>

#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <deque>
#include <functional>
#include <initializer_list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "app/log_line.h"
#include "app/log_writer.h"
#include "app/repeat_filter.h"
#include "config/config.h"

namespace sluice::app {

struct LogOptions {
  config::LogConfig config;
  std::FILE* stream = stdout;  ///< borrowed; must outlive the log
  std::function<std::chrono::system_clock::time_point()> now = std::chrono::system_clock::now;
};

/// The process' log: one line per event on a stream, JSON or text. Lines are kept and written by a
/// thread of its own five times a second (at once: warnings, errors, everything on a terminal, and
/// when there is much), so that an access line costs a copy. Of identical warnings or errors within
/// ten seconds only the first is written, then how many followed. Thread-safe. Nobody waits for a
/// reader of the stream that is slow or has stopped: lines that are too many for it are lost, and a
/// line tells of them.
class Log {
 public:
  explicit Log(LogOptions options);
  ~Log();  ///< writes everything that is left, unless nobody takes it
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  using Fields = std::initializer_list<LogField>;
  void debug(std::string_view message, Fields fields = {});
  void info(std::string_view message, Fields fields = {});
  void warn(std::string_view message, Fields fields = {});
  void error(std::string_view message, Fields fields = {});
  void info(std::string_view message, const std::vector<LogField>& fields);
  /// A line that somebody asked for by a switch of its own: written whatever the level.
  void always(LogLevel level, std::string_view message, Fields fields = {});

  [[nodiscard]] bool shows(LogLevel level) const { return level >= level_; }
  /// "debug", "info", "warn" or "error".
  void set_level(std::string_view word);
  /// The last warnings and errors, as JSON, the oldest first.
  [[nodiscard]] std::vector<std::string> recent_troubles() const;
  /// Lines written so far, by level. From any thread.
  [[nodiscard]] std::int64_t lines(LogLevel level) const {
    return lines_[static_cast<std::size_t>(level)].load(std::memory_order_relaxed);
  }
  /// What was logged so far is written soon.
  void flush();

 private:
  void write(const LogRecord& record);
  void write_repeats(std::chrono::steady_clock::time_point now);
  void put(const LogRecord& record);
  void remember(const LogRecord& record);
  void start_flusher();
  void flush_regularly();
  void write_waiting();
  [[nodiscard]] LogRecord record(LogLevel level, std::string_view message, Fields fields) const;

  const LogOptions options_;
  std::atomic<LogLevel> level_;
  bool on_terminal_ = false;
  bool as_json_ = true;
  bool coloured_ = false;
  std::array<std::atomic<std::int64_t>, 4> lines_{};  ///< by LogLevel
  LogWriter writer_;
  std::unique_ptr<spdlog::logger> logger_;
  mutable std::mutex troubles_mutex_;
  std::deque<std::string> troubles_;
  std::mutex repeats_mutex_;
  RepeatFilter repeats_;
  std::mutex flush_mutex_;
  std::condition_variable flush_wanted_;
  bool wanted_ = false;
  std::atomic<bool> stopping_{false};
  std::thread flusher_;  ///< last: it uses everything above
};

}  // namespace sluice::app
