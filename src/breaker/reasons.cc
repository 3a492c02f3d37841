#include "breaker/reasons.h"

#include <algorithm>
#include <utility>

#include "base/utf8.h"

namespace sluice::breaker {
namespace {

constexpr std::size_t kMaxKinds = 8;
constexpr std::size_t kShown = 4;
constexpr std::size_t kLongestMessage = 160;
constexpr std::string_view kOther = "other";

// The first line, not too long, without a full stop: it becomes part of a sentence.
std::string_view short_message(const Error& error) {
  std::string_view message = error.sql ? error.sql->message : error.message;
  message = base::utf8_prefix(message.substr(0, message.find('\n')), kLongestMessage);
  while (message.ends_with('.') || message.ends_with(' ')) message.remove_suffix(1);
  return message;
}

std::string_view word_of(const Error& error) {
  return error.sqlstate().empty() ? to_string(error.code) : error.sqlstate();
}

}  // namespace

std::string in_words(const Error& error) {
  const std::string message(short_message(error));
  if (message.empty()) return std::string(word_of(error));
  return error.sqlstate().empty() ? message : std::string(error.sqlstate()) + " " + message;
}

void Reasons::add(const Error& error, base::TimePoint now, base::Duration span) {
  Kind& kind = kind_of(error, now, span);
  const bool first = kind.window.sum(now, span).calls == 0;
  ++kind.window.current(now, span).calls;
  if (messages_ == Messages::kDropped || kind.word == kOther) return;
  const std::string_view message = short_message(error);
  kind.same_message = first || (kind.same_message && kind.message == message);
  kind.message = message;
}

Reasons::Kind& Reasons::kind_of(const Error& error, base::TimePoint now, base::Duration span) {
  const auto find = [this](std::string_view word) {
    return std::find_if(kinds_.begin(), kinds_.end(),
                        [word](const Kind& k) { return k.word == word; });
  };
  std::string_view word = word_of(error);
  if (const auto found = find(word); found != kinds_.end()) return *found;
  std::erase_if(kinds_, [&](const Kind& k) { return k.window.sum(now, span).calls == 0; });
  if (kinds_.size() + 1 >= kMaxKinds) {
    if (const auto other = find(kOther); other != kinds_.end()) return *other;
    if (kinds_.size() >= kMaxKinds - 1) word = kOther;
  }
  Kind kind;
  kind.word = word;
  kind.sqlstate = word != kOther && !error.sqlstate().empty();
  return kinds_.emplace_back(std::move(kind));
}

std::string Reasons::describe(const Kind& kind, std::int64_t count) const {
  const std::string times = std::to_string(count) + " x ";
  if (kind.message.empty()) return times + kind.word;
  if (!kind.same_message) return times + kind.word + " (last: " + kind.message + ")";
  return times + (kind.sqlstate ? kind.word + " " + kind.message : kind.message);
}

std::string Reasons::list(base::TimePoint now, base::Duration span) const {
  std::vector<std::pair<std::int64_t, const Kind*>> counts;
  for (const Kind& kind : kinds_) {
    if (const auto count = kind.window.sum(now, span).calls; count > 0)
      counts.emplace_back(count, &kind);
  }
  std::stable_sort(counts.begin(), counts.end(),
                   [](const auto& a, const auto& b) { return a.first > b.first; });
  std::string text;
  std::int64_t rest = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    if (i >= kShown) {
      rest += counts[i].first;
    } else {
      text += (i > 0 ? ", " : "") + describe(*counts[i].second, counts[i].first);
    }
  }
  if (rest > 0) text += ", " + std::to_string(rest) + " x others";
  return text;
}

}  // namespace sluice::breaker
