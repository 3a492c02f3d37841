#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "breaker/window.h"
#include "sluice/error.h"

namespace sluice::breaker {

/// Which kinds of errors came within the window, how often, and in what words, for explanations.
/// A kind is a SQLSTATE or, without one, the word of an error code. Keeps at most eight kinds; what
/// comes on top is counted as "other".
class Reasons {
 public:
  /// Whether the messages are kept too. Not for errors that a statement provoked: the server quotes
  /// values in those.
  enum class Messages { kKept, kDropped };

  explicit Reasons(Messages messages) : messages_(messages) {}

  void add(const Error& error, base::TimePoint now, base::Duration span);
  /// "29 x 57P03 the database system is starting up, 2 x connection lost"; empty when none came.
  [[nodiscard]] std::string list(base::TimePoint now, base::Duration span) const;
  void clear() { kinds_.clear(); }

 private:
  struct Kind {
    std::string word;
    bool sqlstate = false;
    std::string message;       // of the last one
    bool same_message = true;  // all had it
    Window window;
  };

  Kind& kind_of(const Error& error, base::TimePoint now, base::Duration span);
  [[nodiscard]] std::string describe(const Kind& kind, std::int64_t count) const;

  const Messages messages_;
  std::vector<Kind> kinds_;
};

/// One error in few words: its SQLSTATE, if any, and the first line of its message.
[[nodiscard]] std::string in_words(const Error& error);

}  // namespace sluice::breaker
