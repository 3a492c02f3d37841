#include "json/interval_text.h"

#include <charconv>
#include <cstdint>
#include <optional>

#include "json/array_literal.h"

namespace sluice::json {
namespace {

/// One number of an interval, with its unit: "-5.25S".
struct Part {
  bool negative = false;
  std::int64_t whole = 0;     ///< without the sign
  std::string_view fraction;  ///< ".25", or nothing
  char unit = 0;
};

std::optional<Part> take_part(std::string_view& text) {
  Part part;
  part.negative = text.starts_with('-');
  if (part.negative) text.remove_prefix(1);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), part.whole);
  if (error != std::errc{} || part.whole < 0) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  if (text.starts_with('.')) {
    const auto unit = text.find_first_not_of("0123456789", 1);
    part.fraction = text.substr(0, unit);
    text.remove_prefix(part.fraction.size());
  }
  if (text.empty()) return std::nullopt;
  part.unit = text.front();
  text.remove_prefix(1);
  return part;
}

std::string_view word_of(char unit) {
  switch (unit) {
    case 'Y':
      return "year";
    case 'M':
      return "mon";
    case 'D':
      return "day";
    default:
      return {};
  }
}

/// Writes as PostgreSQL does (EncodeInterval): after a negative number a positive one has a sign.
class Words {
 public:
  /// Whether it is one.
  bool add_date(const Part& part) {
    const std::string_view word = word_of(part.unit);
    if (word.empty() || !part.fraction.empty()) return false;
    if (!text_.empty()) text_ += ' ';
    text_ += part.negative ? "-" : after_negative_ ? "+" : "";
    text_ += std::to_string(part.whole);
    text_.append(" ").append(word);
    if (part.whole != 1 || part.negative) text_ += 's';
    after_negative_ = part.negative;
    return true;
  }

  bool add_time(std::string_view iso) {
    Part hours, minutes, seconds;
    while (!iso.empty()) {
      const auto part = take_part(iso);
      Part* const place = !part               ? nullptr
                          : part->unit == 'H' ? &hours
                          : part->unit == 'M' ? &minutes
                          : part->unit == 'S' ? &seconds
                                              : nullptr;
      if (!place) return false;
      *place = *part;
    }
    if (!text_.empty()) text_ += ' ';
    const bool negative = hours.negative || minutes.negative || seconds.negative;
    text_ += negative ? "-" : after_negative_ ? "+" : "";
    put_two_digits(hours.whole);
    text_ += ':';
    put_two_digits(minutes.whole);
    text_ += ':';
    put_two_digits(seconds.whole);
    text_ += seconds.fraction;
    return true;
  }

  [[nodiscard]] std::string take() { return std::move(text_); }

 private:
  void put_two_digits(std::int64_t number) {
    if (number < 10) text_ += '0';
    text_ += std::to_string(number);
  }

  std::string text_;
  bool after_negative_ = false;
};

std::optional<std::string> words_of(std::string_view iso) {
  if (!iso.starts_with('P') || iso == "P" || iso.ends_with('T')) return std::nullopt;
  iso.remove_prefix(1);
  const auto t = iso.find('T');
  std::string_view date = iso.substr(0, t);
  Words words;
  while (!date.empty()) {
    const auto part = take_part(date);
    if (!part || !words.add_date(*part)) return std::nullopt;
  }
  if (t != std::string_view::npos && !words.add_time(iso.substr(t + 1))) return std::nullopt;
  return words.take();
}

/// Writes the literal again, with other elements.
class LiteralWriter final : public ArrayVisitor {
 public:
  explicit LiteralWriter(std::string_view bounds) : text_(bounds) {}
  void begin_array(bool first) override {
    separate(first);
    text_ += '{';
  }
  void end_array() override { text_ += '}'; }
  void element(std::string_view text, bool first) override {
    separate(first);
    const std::string words = interval_in_words(text);
    const bool quoted = words.find(' ') != std::string::npos;
    if (quoted) text_ += '"';
    text_ += words;
    if (quoted) text_ += '"';
  }
  void null_element(bool first) override {
    separate(first);
    text_ += "NULL";
  }
  [[nodiscard]] std::string take() { return std::move(text_); }

 private:
  void separate(bool first) {
    if (!first) text_ += ',';
  }
  std::string text_;
};

}  // namespace

std::string interval_in_words(std::string_view iso) {
  auto words = words_of(iso);
  return words ? std::move(*words) : std::string(iso);
}

std::string interval_array_in_words(std::string_view literal) {
  const auto brace = literal.find('{');
  LiteralWriter writer(literal.substr(0, brace == std::string_view::npos ? 0 : brace));
  return read_array(literal, ',', writer) ? writer.take() : std::string(literal);
}

}  // namespace sluice::json
