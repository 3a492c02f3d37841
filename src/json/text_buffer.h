#pragma once

#include <array>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>

namespace sluice::json {

/// JSON text that grows. Written by hand because rows are the hot path: it copies eight bytes at a
/// time where rapidjson::Writer looks at each character, and strings come out as valid UTF-8.
/// Throws std::bad_alloc like every container.
class TextBuffer {
  static constexpr std::size_t kPieceSize = 32;

 public:
  /// Text that is put often; when it is short, as most names are, in one copy of fixed size.
  class Piece {
   public:
    explicit Piece(std::string_view text) : size_(text.size()) {
      if (size_ <= kPieceSize) {
        std::memcpy(short_.data(), text.data(), size_);
      } else {
        long_ = text;
      }
    }

   private:
    friend class TextBuffer;
    std::size_t size_;
    std::array<char, kPieceSize> short_{};
    std::string long_;
  };

  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] std::string_view view() const { return {storage_.get(), size_}; }

  void put(char c) {
    *room(1) = c;
    ++size_;
  }
  void put(std::string_view text) {
    copy(room(text.size()), text);
    size_ += text.size();
  }
  void put(const Piece& piece) {
    if (piece.size_ > kPieceSize) return put(std::string_view(piece.long_));
    std::memcpy(room(piece.size_), piece.short_.data(), kPieceSize);
    size_ += piece.size_;
  }
  /// A JSON string in quotes. Bytes that are no UTF-8 (a database in SQL_ASCII can hold any) become
  /// U+FFFD, so that the answer is JSON whatever the database says.
  void put_string(std::string_view text);
  /// A JSON document that PostgreSQL has checked, as it is; but UTF-8, likewise.
  void put_json(std::string_view text);

  /// Takes back everything after the first `size` bytes.
  void truncate(std::size_t size) { size_ = size; }
  /// Replaces one byte that is there.
  void replace(std::size_t at, char c) { storage_.get()[at] = c; }

 private:
  struct Free {
    void operator()(char* memory) const { std::free(memory); }
  };

  /// Where the next `bytes` bytes go, and kPieceSize more that may be scribbled on.
  char* room(std::size_t bytes) {
    if (capacity_ - size_ < bytes + kPieceSize) grow(bytes + kPieceSize);
    return storage_.get() + size_;
  }
  static void copy(char* to, std::string_view text) {
    if (text.size() > 16) {
      std::memcpy(to, text.data(), text.size());
    } else if (text.size() >= 8) {
      std::memcpy(to, text.data(), 8);
      std::memcpy(to + text.size() - 8, text.data() + text.size() - 8, 8);
    } else {
      for (const char c : text) *to++ = c;
    }
  }
  void grow(std::size_t bytes);
  void put_escaped(std::string_view text);
  void put_escape(char c);

  std::unique_ptr<char, Free> storage_;
  std::size_t capacity_ = 0;
  std::size_t size_ = 0;
};

}  // namespace sluice::json
