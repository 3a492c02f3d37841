#include "sluice/query.h"

#include <array>
#include <charconv>
#include <cmath>
#include <utility>

namespace sluice {
namespace {

std::string shortest(double value) {
  // The words PostgreSQL reads and writes.
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "Infinity" : "-Infinity";
  std::array<char, 32> buffer;  // "-1.7976931348623157e+308" has 24 characters
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr;
  return {buffer.data(), end};
}

void append_quoted(std::string& json, std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  json += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      json += '\\';
      json += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      json += "\\u00";
      json += kHex[static_cast<unsigned char>(c) >> 4];
      json += kHex[static_cast<unsigned char>(c) & 15];
    } else {
      json += c;
    }
  }
  json += '"';
}

bool is_json_number(std::string_view text) {
  return text != "NaN" && text != "Infinity" && text != "-Infinity";
}

void append_json(std::string& json, const Param& param) {
  switch (param.kind) {
    case Param::Kind::kNull:
      json += "null";
      return;
    case Param::Kind::kString:
      append_quoted(json, param.text);
      return;
    case Param::Kind::kNumber:
      if (!is_json_number(param.text)) return append_quoted(json, param.text);
      [[fallthrough]];
    case Param::Kind::kBool:
    case Param::Kind::kArray:
    case Param::Kind::kObject:
      json += param.text;
      return;
  }
}

}  // namespace

Param::Param(double value) : kind(Kind::kNumber), text(shortest(value)) {}

Param Param::array(std::vector<Param> elements) {
  Param param;
  param.kind = Kind::kArray;
  param.text = "[";
  for (const Param& element : elements) {
    if (param.text.size() > 1) param.text += ',';
    append_json(param.text, element);
  }
  param.text += ']';
  param.elements = std::move(elements);
  return param;
}

}  // namespace sluice
