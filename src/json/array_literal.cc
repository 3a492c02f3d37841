#include "json/array_literal.h"

#include <cstddef>

namespace sluice::json {
namespace {

class Reader {
 public:
  Reader(std::string_view text, char delimiter, ArrayVisitor& visitor)
      : text_(text), delimiter_(delimiter), visitor_(visitor) {}

  bool read() {
    if (!skip_bounds() || at_ == text_.size() || text_[at_] != '{') return false;
    open();
    while (depth_ > 0) {
      if (!step()) return false;
    }
    return at_ == text_.size();
  }

 private:
  static constexpr int kMostDimensions = 6;  // PostgreSQL's own limit

  /// "[1:2][0:1]=", which PostgreSQL writes when a lower bound is not 1.
  bool skip_bounds() {
    if (text_.empty() || text_[0] != '[') return true;
    at_ = text_.find_first_not_of("[]:-+0123456789");
    if (at_ == std::string_view::npos || text_[at_] != '=') return false;
    ++at_;
    return true;
  }

  void open() {
    visitor_.begin_array(first_);
    first_ = true;
    after_element_ = false;
    ++depth_;
    ++at_;
  }

  bool step() {
    if (at_ == text_.size()) return false;
    const char c = text_[at_];
    if (c == '}') {
      if (!first_ && !after_element_) return false;  // a comma before it
      visitor_.end_array();
      --depth_;
      return finish_element(at_ + 1);
    }
    if (after_element_) {
      if (c != delimiter_) return false;
      after_element_ = false;
      ++at_;
      return true;
    }
    if (c == '{') {
      if (depth_ == kMostDimensions) return false;
      open();
      return true;
    }
    return c == '"' ? quoted() : plain();
  }

  bool finish_element(std::size_t end) {
    at_ = end;
    first_ = false;
    after_element_ = true;
    return true;
  }

  bool plain() {
    const std::size_t begin = at_;
    std::size_t end = begin;
    for (; end < text_.size() && text_[end] != delimiter_ && text_[end] != '}'; ++end) {
      if (text_[end] == '\\') return escaped_plain(begin, end);
      if (text_[end] == '{' || text_[end] == '"') return false;
    }
    if (end == text_.size() || end == begin) return false;
    const std::string_view word = text_.substr(begin, end - begin);
    if (is_null(word)) {
      visitor_.null_element(first_);
    } else {
      visitor_.element(word, first_);
    }
    return finish_element(end);
  }

  /// Backslashes without quotes: PostgreSQL reads them, though it writes none.
  bool escaped_plain(std::size_t begin, std::size_t end) {
    scratch_.assign(text_, begin, end - begin);
    for (; end < text_.size() && text_[end] != delimiter_ && text_[end] != '}'; ++end) {
      if (text_[end] == '{' || text_[end] == '"') return false;
      if (text_[end] == '\\' && ++end == text_.size()) return false;
      scratch_.push_back(text_[end]);
    }
    if (end == text_.size()) return false;
    visitor_.element(scratch_, first_);
    return finish_element(end);
  }

  static bool is_null(std::string_view word) {
    if (word.size() != 4) return false;
    constexpr std::string_view kNull = "null";
    for (std::size_t i = 0; i < kNull.size(); ++i) {
      if ((word[i] | 0x20) != kNull[i]) return false;
    }
    return true;
  }

  bool quoted() {
    const std::size_t begin = at_ + 1;
    std::size_t end = text_.find_first_of("\"\\", begin);
    if (end == std::string_view::npos) return false;
    if (text_[end] == '"') {
      visitor_.element(text_.substr(begin, end - begin), first_);
      return finish_element(end + 1);
    }
    scratch_.assign(text_, begin, end - begin);
    for (; end < text_.size() && text_[end] != '"'; ++end) {
      if (text_[end] == '\\' && ++end == text_.size()) return false;
      scratch_.push_back(text_[end]);
    }
    if (end == text_.size()) return false;
    visitor_.element(scratch_, first_);
    return finish_element(end + 1);
  }

  std::string_view text_;
  char delimiter_;
  ArrayVisitor& visitor_;
  std::string scratch_;
  std::size_t at_ = 0;
  int depth_ = 0;
  bool first_ = true;
  bool after_element_ = false;
};

}  // namespace

bool read_array(std::string_view text, char delimiter, ArrayVisitor& visitor) {
  return Reader(text, delimiter, visitor).read();
}

}  // namespace sluice::json
