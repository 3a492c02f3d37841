// Arrays. Whatever a database sends becomes JSON; what we write, we read back the same.
#include <cstdint>
#include <vector>

#include "fuzz/fuzz.h"
#include "json/array_literal.h"
#include "json/cell_text.h"
#include "json/document.h"
#include "postgres/array_literal.h"
#include "sluice/query.h"

namespace sluice::fuzz {
namespace {

/// Any text becomes JSON, of every type it may claim to be.
void check_cells(std::string_view text) {
  for (const bool array : {true, false}) {
    for (const auto kind : {ValueKind::kText, ValueKind::kBool, ValueKind::kNumber,
                            ValueKind::kExactNumber, ValueKind::kTimestamp, ValueKind::kBytes}) {
      for (const bool other : {false, true}) {
        const json::CellFormat format{.kind = kind,
                                      .array = array,
                                      .delimiter = other ? ';' : ',',
                                      .numbers_as_strings = other,
                                      .bytes_as_base64 = other,
                                      .nested_arrays = static_cast<std::uint8_t>(other ? 2 : 0)};
        json::TextBuffer out;
        json::put_cell(out, format, text);
        const auto document = json::Document::parse(out.view());
        // JSON knows no bounds, but requests do.
        const std::string why = document ? "" : document.error().message;
        const bool bound = why.find("deeper") != why.npos || why.find("too large") != why.npos;
        require(document.has_value() || bound, "a cell is JSON", out.view());
      }
    }
  }
}

/// Parameters drawn from the text: brackets nest, commas part, "~" is NULL.
std::vector<Param> draw(std::string_view& text, int depth) {
  std::vector<Param> elements;
  while (!text.empty() && elements.size() < 8) {
    const char c = text.front();
    text.remove_prefix(1);
    if (c == ']') break;
    if (c == '[' && depth < 6) {
      elements.push_back(Param::array(draw(text, depth + 1)));
      continue;
    }
    const auto end = std::min(text.find_first_of("[],"), text.size());
    if (c == '~') {
      elements.emplace_back();
    } else {
      elements.emplace_back(std::string(1, c) + std::string(text.substr(0, end)));
    }
    text.remove_prefix(end);
    if (text.starts_with(',')) text.remove_prefix(1);
  }
  return elements;
}

void describe(const std::vector<Param>& elements, std::string& out) {
  out += '(';
  for (const Param& element : elements) {
    if (element.kind == Param::Kind::kArray) {
      describe(element.elements, out);
    } else {
      out += element.kind == Param::Kind::kNull ? "~" : "<" + element.text + ">";
    }
  }
  out += ')';
}

class Describer final : public json::ArrayVisitor {
 public:
  void begin_array(bool) override { out += '('; }
  void end_array() override { out += ')'; }
  void element(std::string_view text, bool) override { out += "<" + std::string(text) + ">"; }
  void null_element(bool) override { out += "~"; }

  std::string out;
};

/// PostgreSQL's own arrays have no empty dimensions within others.
bool has_empty_dimension(const std::vector<Param>& elements) {
  for (const Param& element : elements) {
    if (element.kind != Param::Kind::kArray) continue;
    if (element.elements.empty() || has_empty_dimension(element.elements)) return true;
  }
  return false;
}

void check_round_trip(std::string_view text) {
  const auto elements = draw(text, 0);
  std::string literal;
  if (postgres::append_array_literal(elements, {}, literal) != nullptr) return;
  if (has_empty_dimension(elements)) return;
  std::string expected;
  describe(elements, expected);
  Describer read;
  require(json::read_array(literal, ',', read), "what is written can be read", literal);
  require(read.out == expected, "what is written is read the same", literal);
}

}  // namespace

void array(std::string_view input) {
  check_cells(input);
  check_round_trip(input);
}

}  // namespace sluice::fuzz
