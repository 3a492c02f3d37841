#include "json/text_buffer.h"

#include <algorithm>
#include <cstdint>

#include "base/utf8.h"

namespace sluice::json {
namespace {

constexpr std::uint64_t kOnes = 0x0101010101010101;
constexpr std::uint64_t kHighBits = 0x8080808080808080;

/// Whether a byte is none of: control character, quote, backslash, beginning of a multi-byte
/// character.
bool is_plain(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte >= 0x20 && byte < 0x80 && c != '"' && c != '\\';
}

/// The same for eight bytes at once; the high bits of the result mark the others. Borrows can mark
/// bytes above the first marked one wrongly, so only "is it zero" may be asked.
std::uint64_t special_bytes(std::uint64_t bytes) {
  const std::uint64_t quotes = bytes ^ (kOnes * '"');
  const std::uint64_t backslashes = bytes ^ (kOnes * '\\');
  return (bytes | (bytes - kOnes * 0x20) | (quotes - kOnes) | (backslashes - kOnes)) & kHighBits;
}

std::size_t plain_run(std::string_view text, std::size_t at) {
  std::size_t end = at;
  for (; end + 8 <= text.size(); end += 8) {
    std::uint64_t bytes;
    std::memcpy(&bytes, text.data() + end, 8);
    if (special_bytes(bytes) != 0) break;
  }
  while (end < text.size() && is_plain(text[end])) ++end;
  return end;
}

std::string_view wide_run(std::string_view text, std::size_t at) {
  std::size_t end = at;
  while (end < text.size() && static_cast<unsigned char>(text[end]) >= 0x80) ++end;
  return text.substr(at, end - at);
}

/// The multi-byte character that begins the run; empty if none does.
std::string_view wide_character(std::string_view run) {
  for (const std::size_t length : {2U, 3U, 4U}) {
    if (run.size() >= length && base::is_utf8(run.substr(0, length))) return run.substr(0, length);
  }
  return {};
}

}  // namespace

void TextBuffer::grow(std::size_t more) {
  constexpr std::size_t kFirst = 1024;
  storage_.resize(std::max({kFirst, size_ + more, storage_.size() * 2}));
}

void TextBuffer::put_front(std::string_view text) {
  make_room(text.size());
  std::memmove(storage_.data() + text.size(), storage_.data(), size_);
  std::memcpy(storage_.data(), text.data(), text.size());
  size_ += text.size();
}

std::string TextBuffer::take() {
  storage_.resize(size_);
  size_ = 0;
  return std::move(storage_);
}

void TextBuffer::put_string(std::string_view text) {
  make_room(text.size() + 2);
  storage_[size_++] = '"';
  put_escaped(text);
  put('"');
}

void TextBuffer::put_escaped(std::string_view text) {
  std::size_t at = 0;
  while (true) {
    const std::size_t end = plain_run(text, at);
    put(text.substr(at, end - at));
    if (end == text.size()) return;
    at = put_special(text, end);
  }
}

/// Writes what begins at `at` and is not plain; returns where it ends.
std::size_t TextBuffer::put_special(std::string_view text, std::size_t at) {
  constexpr std::string_view kHex = "0123456789abcdef";
  constexpr std::string_view kControls = "btn?fr";  // 8 to 13; there is none for 11
  const auto byte = static_cast<unsigned char>(text[at]);
  if (byte >= 0x80) {
    const std::string_view wide = wide_run(text, at);
    if (base::is_utf8(wide)) return put(wide), at + wide.size();
    const std::string_view one = wide_character(wide);
    put(one.empty() ? std::string_view("\xEF\xBF\xBD") : one);
    return at + std::max<std::size_t>(one.size(), 1);
  }
  put('\\');
  if (byte == '"' || byte == '\\') {
    put(text[at]);
  } else if (byte >= 8 && byte <= 13 && byte != 11) {
    put(kControls[byte - 8]);
  } else {
    put("u00");
    put(kHex[byte >> 4]);
    put(kHex[byte & 15]);
  }
  return at + 1;
}

}  // namespace sluice::json
