#include "json/cell_text.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "json/array_literal.h"

namespace sluice::json {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

const char* skip_digits(const char* at, const char* end) {
  while (at != end && is_digit(*at)) ++at;
  return at;
}

/// Not NaN, not Infinity: a number as JSON knows it.
bool is_json_number(std::string_view text) {
  const char* at = text.data();
  const char* const end = at + text.size();
  if (at != end && *at == '-') ++at;
  const char* begin = at;
  at = skip_digits(at, end);
  if (at == begin || (*begin == '0' && at != begin + 1)) return false;
  if (at != end && *at == '.') {
    begin = ++at;
    at = skip_digits(at, end);
    if (at == begin) return false;
  }
  if (at != end && (*at == 'e' || *at == 'E')) {
    ++at;
    if (at != end && (*at == '+' || *at == '-')) ++at;
    begin = at;
    at = skip_digits(at, end);
    if (at == begin) return false;
  }
  return at == end;
}

void put_bool(TextBuffer& out, std::string_view text) {
  if (text == "t") return out.put("true");
  if (text == "f") return out.put("false");
  out.put_string(text);
}

/// Whether the text is a timestamp in DateStyle ISO, with its blank at `space`: years can have more
/// than four digits.
bool is_iso(std::string_view text, std::size_t space) {
  constexpr std::size_t kShortestDate = 10;
  return space >= kShortestDate && text.size() >= space + 9 && is_digit(text[0]) &&
         text[space] == ' ' && text[space - 3] == '-' && text[space - 6] == '-' &&
         text[space + 3] == ':';
}

bool has_short_zone(std::string_view text) {
  const char sign = text[text.size() - 3];
  return sign == '+' || sign == '-';
}

/// "2026-01-28 12:34:56.123456+00" becomes "2026-01-28T12:34:56.123456+00:00", in strict RFC 3339.
/// "infinity" stays, and dates before Christ keep the " BC" that PostgreSQL's own to_json writes.
void put_timestamp(TextBuffer& out, std::string_view text) {
  constexpr std::size_t kUsual = 10;
  constexpr std::string_view kBeforeChrist = " BC";
  const std::size_t space = text.size() > kUsual && text[kUsual] == ' ' ? kUsual : text.find(' ');
  if (space == std::string_view::npos || !is_iso(text, space)) return out.put_string(text);
  const bool before_christ = text.ends_with(kBeforeChrist);
  if (before_christ) text.remove_suffix(kBeforeChrist.size());
  const std::size_t begin = out.size();
  out.put_string(text);
  const std::size_t blank = begin + 1 + space;
  if (out.view()[blank] != ' ') return;  // something was escaped: this is no timestamp
  out.replace(blank, 'T');
  if (!before_christ && !has_short_zone(text)) return;
  out.truncate(out.size() - 1);  // the closing quote
  if (has_short_zone(text)) out.put(":00");
  if (before_christ) out.put(kBeforeChrist);
  out.put('"');
}

int hex_digit(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::optional<std::string> from_hex(std::string_view hex) {
  if (hex.size() % 2 != 0) return std::nullopt;
  std::string bytes;
  bytes.reserve(hex.size() / 2);
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    const int high = hex_digit(hex[i]);
    const int low = hex_digit(hex[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    bytes.push_back(static_cast<char>(high * 16 + low));
  }
  return bytes;
}

/// bytea_output = escape: "\\" is a backslash, "\ooo" a byte in octal.
std::optional<std::string> from_escapes(std::string_view text) {
  std::string bytes;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      bytes.push_back(text[i]);
      continue;
    }
    const std::string_view rest = text.substr(i + 1, 3);
    if (!rest.empty() && rest[0] == '\\') {
      bytes.push_back('\\');
      ++i;
      continue;
    }
    int byte = 0;
    for (const char c : rest) {
      if (c < '0' || c > '7') return std::nullopt;
      byte = byte * 8 + (c - '0');
    }
    if (rest.size() < 3 || byte > 255) return std::nullopt;
    bytes.push_back(static_cast<char>(byte));
    i += 3;
  }
  return bytes;
}

void put_base64(TextBuffer& out, std::string_view bytes) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  out.put('"');
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t group = 0;
    for (std::size_t j = 0; j < 3; ++j) {
      const bool there = i + j < bytes.size();
      group = group << 8 | (there ? static_cast<unsigned char>(bytes[i + j]) : 0U);
    }
    std::array<char, 4> digits{};
    for (std::size_t j = 0; j < 4; ++j) {
      const bool padding = i + j > bytes.size();
      digits[j] = padding ? '=' : kDigits[(group >> (18 - 6 * j)) & 63U];
    }
    out.put(std::string_view(digits.data(), digits.size()));
  }
  out.put('"');
}

void put_bytes(TextBuffer& out, std::string_view text, bool as_base64) {
  if (!as_base64) return out.put_string(text);
  const bool hex = text.substr(0, 2) == "\\x";
  const auto bytes = hex ? from_hex(text.substr(2)) : from_escapes(text);
  if (!bytes) return out.put_string(text);
  put_base64(out, *bytes);
}

void put_scalar(TextBuffer& out, const CellFormat& format, std::string_view text) {
  switch (format.kind) {
    case ValueKind::kText:
      return out.put_string(text);
    case ValueKind::kBool:
      return put_bool(out, text);
    case ValueKind::kExactNumber:
      if (format.numbers_as_strings) return out.put_string(text);
      [[fallthrough]];
    case ValueKind::kNumber:
      return is_json_number(text) ? out.put(text) : out.put_string(text);
    case ValueKind::kJson:
      return out.put_json(text);
    case ValueKind::kTimestamp:
      return put_timestamp(out, text);
    case ValueKind::kBytes:
      return put_bytes(out, text, format.bytes_as_base64);
  }
}

/// Writes the elements as they are read.
class ArrayWriter final : public ArrayVisitor {
 public:
  ArrayWriter(TextBuffer& out, const CellFormat& format) : out_(out), format_(format) {
    format_.array = format.nested_arrays > 0;
    if (format_.array) --format_.nested_arrays;
  }
  void begin_array(bool first) override {
    separate(first);
    out_.put('[');
  }
  void end_array() override { out_.put(']'); }
  void element(std::string_view text, bool first) override {
    separate(first);
    put_cell(out_, format_, text);
  }
  void null_element(bool first) override {
    separate(first);
    out_.put("null");
  }

 private:
  void separate(bool first) {
    if (!first) out_.put(',');
  }
  TextBuffer& out_;
  CellFormat format_;  // of the elements
};

}  // namespace

void put_cell(TextBuffer& out, const CellFormat& format, std::string_view text) {
  if (!format.array) return put_scalar(out, format, text);
  const std::size_t before = out.size();
  ArrayWriter writer(out, format);
  if (read_array(text, format.delimiter, writer)) return;
  out.truncate(before);
  out.put_string(text);
}

}  // namespace sluice::json
