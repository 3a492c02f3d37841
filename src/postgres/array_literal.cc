#include "postgres/array_literal.h"

#include <algorithm>

namespace sluice::postgres {
namespace {

constexpr std::size_t kMostDimensions = 6;  // MAXDIM in PostgreSQL's c.h

bool is_sub_array(const Param& param, ElementFormat format) {
  return param.kind == Param::Kind::kArray && !format.json && format.nested_arrays == 0;
}

/// An object becomes its JSON, which other types than these could not read.
bool takes_objects(ElementFormat format) {
  return (format.json || format.string) && format.nested_arrays == 0;
}

/// Reads the length of each dimension along the first elements.
std::vector<std::size_t> dimensions_of(const std::vector<Param>& elements, ElementFormat format) {
  std::vector<std::size_t> dimensions;
  const std::vector<Param>* level = &elements;
  while (dimensions.size() <= kMostDimensions) {
    dimensions.push_back(level->size());
    if (level->empty() || !is_sub_array(level->front(), format)) break;
    level = &level->front().elements;
  }
  return dimensions;
}

const char* check_level(const std::vector<Param>& elements, ElementFormat format,
                        const std::vector<std::size_t>& dimensions, std::size_t depth) {
  if (elements.size() != dimensions[depth])
    return "its sub-arrays differ in length; PostgreSQL's arrays are rectangular";
  const bool innermost = depth + 1 == dimensions.size();
  for (const Param& element : elements) {
    if (is_sub_array(element, format) == innermost)
      return "it mixes arrays with other values on one level";
    if (innermost && element.kind == Param::Kind::kObject && !takes_objects(format))
      return "it holds an object";
    if (innermost) continue;
    if (const char* wrong = check_level(element.elements, format, dimensions, depth + 1))
      return wrong;
  }
  return nullptr;
}

void append_text(std::string_view text, std::string& out) {
  out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  out += '"';
}

const char* append_level(const std::vector<Param>& elements, ElementFormat format,
                         std::string& out);

const char* append_element(const Param& element, ElementFormat format, std::string& out) {
  const bool array = element.kind == Param::Kind::kArray;
  if (is_sub_array(element, format)) return append_level(element.elements, format, out);
  if (array && format.nested_arrays > 0) {
    --format.nested_arrays;
    std::string literal;
    const char* wrong = append_array_literal(element.elements, format, literal);
    append_text(literal, out);
    return wrong;
  }
  if (element.kind == Param::Kind::kNull) {
    out += "NULL";
  } else if (element.kind == Param::Kind::kNumber || element.kind == Param::Kind::kBool) {
    out += element.text;
  } else {
    append_text(element.text, out);
  }
  return nullptr;
}

const char* append_level(const std::vector<Param>& elements, ElementFormat format,
                         std::string& out) {
  out += '{';
  for (const Param& element : elements) {
    if (&element != &elements.front()) out += format.delimiter;
    if (const char* wrong = append_element(element, format, out)) return wrong;
  }
  out += '}';
  return nullptr;
}

}  // namespace

const char* append_array_literal(const std::vector<Param>& elements, ElementFormat format,
                                 std::string& out) {
  const auto dimensions = dimensions_of(elements, format);
  if (dimensions.size() > kMostDimensions) return "it has more than 6 dimensions";
  if (const char* wrong = check_level(elements, format, dimensions, 0)) return wrong;
  // PostgreSQL knows only one empty array, without dimensions.
  if (std::ranges::find(dimensions, 0U) == dimensions.end())
    return append_level(elements, format, out);
  out += "{}";
  return nullptr;
}

}  // namespace sluice::postgres
