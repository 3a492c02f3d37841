#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "app/log_line.h"

namespace sluice::app {

/// A log record that owns its texts.
struct StoredRecord {
  explicit StoredRecord(const LogRecord& record);

  struct Field {
    std::string key;
    std::string text;  ///< when the value is one
    LogValue value;    ///< when it is anything else
  };
  LogLevel level;
  std::string message;
  std::vector<Field> fields;
};

/// Lets the first of identical records through and counts the others for ten seconds. Not
/// thread-safe; remembers a bounded number of records and lets everything through beyond that.
class RepeatFilter {
 public:
  using Time = std::chrono::steady_clock::time_point;
  struct Repeated {
    StoredRecord record;
    std::int64_t times = 0;  ///< how many were held back
  };

  /// Whether the record is to be written.
  [[nodiscard]] bool admit(const LogRecord& record, Time now);
  /// The records whose ten seconds are over and that were held back meanwhile; forgets them.
  [[nodiscard]] std::vector<Repeated> expired(Time now);

 private:
  struct Seen {
    Time first;
    Repeated repeated;
  };
  std::map<std::string, Seen> seen_;  ///< by everything but the time
};

}  // namespace sluice::app
