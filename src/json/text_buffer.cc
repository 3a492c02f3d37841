#include "json/text_buffer.h"

#include <algorithm>
#include <cstdint>
#include <new>

#include "base/utf8.h"

namespace sluice::json {
namespace {

constexpr std::uint64_t kOnes = 0x0101010101010101;
constexpr std::uint64_t kHighBits = 0x8080808080808080;

bool needs_escape(char c) { return static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\'; }

/// Not zero when one of eight bytes needs an escape. Bit tricks: "Determine if a word has a byte
/// less than n", Bit Twiddling Hacks.
std::uint64_t any_needs_escape(std::uint64_t bytes) {
  const std::uint64_t quotes = bytes ^ (kOnes * '"');
  const std::uint64_t backslashes = bytes ^ (kOnes * '\\');
  return (((bytes - kOnes * 0x20) & ~bytes) | ((quotes - kOnes) & ~quotes) |
          ((backslashes - kOnes) & ~backslashes)) &
         kHighBits;
}

template <typename Word>
Word load(const char* from) {
  Word word;
  std::memcpy(&word, from, sizeof(word));
  return word;
}

/// Copies text that can stay as it is, all of it or, for a false, nothing that counts: it may need
/// escapes, or be no ASCII. Texts of four bytes and more are taken in words, the last of which
/// overlaps the one before.
bool copy_simple(char* to, std::string_view text) {
  const std::size_t size = text.size();
  const auto simple = [](std::uint64_t word) {
    return (any_needs_escape(word) | (word & kHighBits)) == 0;
  };
  if (size >= 8) {
    for (std::size_t at = 0;; at = std::min(at + 8, size - 8)) {
      const auto word = load<std::uint64_t>(text.data() + at);
      if (!simple(word)) return false;
      std::memcpy(to + at, &word, 8);
      if (at + 8 == size) return true;
    }
  }
  if (size >= 4) {
    const auto first = load<std::uint32_t>(text.data());
    const auto last = load<std::uint32_t>(text.data() + size - 4);
    std::memcpy(to, &first, 4);
    std::memcpy(to + size - 4, &last, 4);
    return simple(first | std::uint64_t{last} << 32);
  }
  for (std::size_t at = 0; at < size; ++at) {
    if (needs_escape(text[at]) || static_cast<unsigned char>(text[at]) >= 0x80) return false;
    to[at] = text[at];
  }
  return true;
}

/// Copies until the first byte that needs an escape; returns how many bytes it took.
std::size_t copy_plain(char* to, std::string_view text) {
  std::size_t at = 0;
  for (; at + 8 <= text.size(); at += 8) {
    const auto word = load<std::uint64_t>(text.data() + at);
    if (any_needs_escape(word) != 0) break;
    std::memcpy(to + at, &word, 8);
  }
  for (; at < text.size() && !needs_escape(text[at]); ++at) to[at] = text[at];
  return at;
}

}  // namespace

void TextBuffer::grow(std::size_t bytes) {
  constexpr std::size_t kFirst = 1024;
  const std::size_t capacity = std::max({kFirst, size_ + bytes, capacity_ * 2});
  char* const memory = static_cast<char*>(std::realloc(storage_.get(), capacity));
  if (!memory) throw std::bad_alloc();
  (void)storage_.release();  // realloc has taken it
  storage_.reset(memory);
  capacity_ = capacity;
}

void TextBuffer::put_string(std::string_view text) {
  char* const to = room(text.size() + 2);
  to[0] = '"';
  if (copy_simple(to + 1, text)) {
    to[text.size() + 1] = '"';
    size_ += text.size() + 2;
    return;
  }
  ++size_;
  if (base::is_utf8(text)) {
    put_escaped(text);
  } else {
    put_escaped(base::repaired_utf8(text));
  }
  put('"');
}

void TextBuffer::put_json(std::string_view text) {
  if (base::is_utf8(text)) return put(text);
  put(std::string_view(base::repaired_utf8(text)));
}

void TextBuffer::put_escaped(std::string_view text) {
  while (true) {
    const std::size_t plain = copy_plain(room(text.size()), text);
    size_ += plain;
    if (plain == text.size()) return;
    put_escape(text[plain]);
    text.remove_prefix(plain + 1);
  }
}

void TextBuffer::put_escape(char c) {
  constexpr std::string_view kHex = "0123456789abcdef";
  constexpr std::string_view kControls = "btn?fr";  // 8 to 13; there is none for 11
  const auto byte = static_cast<unsigned char>(c);
  put('\\');
  if (byte >= 0x20) {
    put(c);
  } else if (byte >= 8 && byte <= 13 && byte != 11) {
    put(kControls[byte - 8]);
  } else {
    put("u00");
    put(kHex[byte >> 4]);
    put(kHex[byte & 15]);
  }
}

}  // namespace sluice::json
