#include "app/log_sink.h"

#include <signal.h>
#include <spdlog/details/null_mutex.h>
#include <spdlog/sinks/base_sink.h>
#include <unistd.h>

#include <cstdlib>
#include <utility>

namespace sluice::app {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kFlushInterval{200};
constexpr std::size_t kMostTroubles = 100;
constexpr std::string_view kLinesLost = "lines of the log were lost, as nobody took them";

/// Gives finished lines to the writer; spdlog's own sinks would write them here and now.
class WriterSink : public spdlog::sinks::base_sink<spdlog::details::null_mutex> {
 public:
  WriterSink(LogWriter& writer, std::function<void()> wake)
      : writer_(writer), wake_(std::move(wake)) {}

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    if (writer_.add({message.payload.data(), message.payload.size()})) wake_();
  }
  void flush_() override { wake_(); }

 private:
  LogWriter& writer_;
  const std::function<void()> wake_;
};

LogLevel parse_level(std::string_view word) {
  if (word == "debug") return LogLevel::kDebug;
  if (word == "warn") return LogLevel::kWarn;
  return word == "error" ? LogLevel::kError : LogLevel::kInfo;
}

spdlog::level::level_enum spdlog_level(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return spdlog::level::debug;
    case LogLevel::kInfo:
      return spdlog::level::info;
    case LogLevel::kWarn:
      return spdlog::level::warn;
    case LogLevel::kError:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

bool colour_is_welcome() {
  const char* no_color = std::getenv("NO_COLOR");  // https://no-color.org
  return no_color == nullptr || *no_color == '\0';
}

}  // namespace

Log::Log(LogOptions options)
    : options_(std::move(options)),
      level_(parse_level(options_.config.level)),
      writer_(options_.stream) {
  on_terminal_ = isatty(fileno(options_.stream)) == 1;
  as_json_ =
      options_.config.format == "json" || (options_.config.format == "auto" && !on_terminal_);
  coloured_ = !as_json_ && on_terminal_ && colour_is_welcome();
  logger_ = std::make_unique<spdlog::logger>(
      "sluice", std::make_shared<WriterSink>(writer_, [this] { flush(); }));
  logger_->set_level(spdlog::level::trace);  // the level is checked before a line is made
  logger_->flush_on(on_terminal_ ? spdlog::level::trace : spdlog::level::warn);
  start_flusher();
}

void Log::start_flusher() {
  // Signals are for the main thread, which waits for them later than now: here all are blocked, and
  // the new thread inherits that.
  sigset_t every{};
  sigset_t before{};
  sigfillset(&every);
  pthread_sigmask(SIG_SETMASK, &every, &before);
  flusher_ = std::thread([this] { flush_regularly(); });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

Log::~Log() {
  stopping_ = true;
  flush();
  flusher_.join();
  write_repeats(std::chrono::steady_clock::time_point::max());
  write_waiting();
  write_waiting();  // what the first may have told
}

void Log::flush_regularly() {
  while (!stopping_) {
    {
      std::unique_lock lock(flush_mutex_);
      flush_wanted_.wait_for(lock, kFlushInterval, [this] { return wanted_; });
      wanted_ = false;
    }
    write_repeats(std::chrono::steady_clock::now());
    write_waiting();
  }
}

void Log::write_waiting() {
  const auto waiting = writer_.take();
  if (waiting.lost > 0) warn(kLinesLost, {{"lines", waiting.lost}});
  writer_.write(waiting.text, stopping_);
}

void Log::flush() {
  {
    const std::lock_guard lock(flush_mutex_);
    wanted_ = true;
  }
  flush_wanted_.notify_one();
}

LogRecord Log::record(LogLevel level, std::string_view message, Fields fields) const {
  return {options_.now(), level, message, fields.begin(), fields.size()};
}

void Log::debug(std::string_view message, Fields fields) {
  if (shows(LogLevel::kDebug)) write(record(LogLevel::kDebug, message, fields));
}

void Log::info(std::string_view message, Fields fields) {
  if (shows(LogLevel::kInfo)) write(record(LogLevel::kInfo, message, fields));
}

void Log::warn(std::string_view message, Fields fields) {
  if (shows(LogLevel::kWarn)) write(record(LogLevel::kWarn, message, fields));
}

void Log::error(std::string_view message, Fields fields) {
  write(record(LogLevel::kError, message, fields));
}

void Log::info(std::string_view message, const std::vector<LogField>& fields) {
  if (!shows(LogLevel::kInfo)) return;
  write({options_.now(), LogLevel::kInfo, message, fields.data(), fields.size()});
}

void Log::always(LogLevel level, std::string_view message, Fields fields) {
  write(record(level, message, fields));
}

void Log::write(const LogRecord& line) {
  if (line.level >= LogLevel::kWarn) {
    const std::lock_guard lock(repeats_mutex_);
    if (!repeats_.admit(line, std::chrono::steady_clock::now())) return;
  }
  put(line);
}

void Log::write_repeats(std::chrono::steady_clock::time_point now) {
  std::vector<RepeatFilter::Repeated> due;
  {
    const std::lock_guard lock(repeats_mutex_);
    due = repeats_.expired(now);
  }
  for (const auto& [stored, times] : due) {
    std::vector<LogField> fields;
    for (const StoredRecord::Field& field : stored.fields) {
      fields.emplace_back(field.key, field.text);
      if (field.text.empty()) fields.back().value = field.value;
    }
    fields.emplace_back("repeated", times);
    put({options_.now(), stored.level, stored.message, fields.data(), fields.size()});
  }
}

void Log::set_level(std::string_view word) { level_ = parse_level(word); }

std::vector<std::string> Log::recent_troubles() const {
  const std::lock_guard lock(troubles_mutex_);
  return {troubles_.begin(), troubles_.end()};
}

void Log::remember(const LogRecord& line) {
  const std::lock_guard lock(troubles_mutex_);
  troubles_.push_back(json_line(line));
  if (troubles_.size() > kMostTroubles) troubles_.pop_front();
}

void Log::put(const LogRecord& line) {
  if (line.level >= LogLevel::kWarn) remember(line);
  lines_[static_cast<std::size_t>(line.level)].fetch_add(1, std::memory_order_relaxed);
  const std::string text = as_json_ ? json_line(line) : text_line(line, coloured_);
  logger_->log(spdlog_level(line.level), spdlog::string_view_t(text.data(), text.size()));
}

}  // namespace sluice::app
