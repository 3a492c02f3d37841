#pragma once

#include <cstddef>
#include <cstring>
#include <string>
#include <string_view>

namespace sluice::json {

/// JSON text that grows. Written by hand because it is the hot path: rapidjson::Writer goes through
/// text character by character, this copies runs (measured: docs/benchmarks.md).
class TextBuffer {
 public:
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] std::string_view view() const { return {storage_.data(), size_}; }

  void put(char c) {
    make_room(1);
    storage_[size_++] = c;
  }
  void put(std::string_view text) {
    if (text.empty()) return;  // its data may be null
    make_room(text.size());
    std::memcpy(storage_.data() + size_, text.data(), text.size());
    size_ += text.size();
  }
  /// A JSON string in quotes. Bytes that are no UTF-8 (a database in SQL_ASCII can hold any) become
  /// U+FFFD, so that the answer is JSON whatever the database says.
  void put_string(std::string_view text);
  /// Inside of quotes that the caller writes.
  void put_escaped(std::string_view text);

  /// Moves what is there to make room; for the head of a text that is known last.
  void put_front(std::string_view text);
  /// Takes back everything after the first `size` bytes.
  void truncate(std::size_t size) { size_ = size; }
  /// The text; the buffer is empty afterwards.
  [[nodiscard]] std::string take();

 private:
  void make_room(std::size_t more) {
    if (storage_.size() - size_ < more) grow(more);
  }
  void grow(std::size_t more);
  std::size_t put_special(std::string_view text, std::size_t at);

  std::string storage_;  ///< its size is what may be written to
  std::size_t size_ = 0;
};

}  // namespace sluice::json
