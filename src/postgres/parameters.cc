#include "postgres/parameters.h"

#include "base/utf8.h"
#include "postgres/array_literal.h"

namespace sluice::postgres {
namespace {

Error wrong_parameter(std::size_t index, const std::string& what) {
  const std::string name = parameter_name(index);
  return invalid_request("parameter " + name + " " + what, {{name, what}});
}

Error wrong_count(std::size_t given, std::size_t expected) {
  return invalid_request("the statement has " + std::to_string(expected) + " parameter" +
                             (expected == 1 ? "" : "s") + ", but " + std::to_string(given) +
                             (given == 1 ? " was" : " were") + " given",
                         {{"params", "give exactly one value for each of $1, $2, …"}});
}

bool is_plain_text(const Param& param) {
  return param.text.find('\0') == std::string::npos && base::is_utf8(param.text);
}

/// As a document, or as its text.
bool takes_json(const TypeInfo& type) {
  return !type.is_array() && (type.kind == ValueKind::kJson || type.string);
}

bool texts_are_plain(const Param& param) {
  if (!is_plain_text(param)) return false;
  for (const Param& element : param.elements) {
    if (!texts_are_plain(element)) return false;
  }
  return true;
}

}  // namespace

Status ParameterValues::encode(const std::vector<Param>& params, const std::vector<TypeOid>& types,
                               const TypeCatalog& catalog) {
  clear();
  if (params.size() != types.size()) return fail(wrong_count(params.size(), types.size()));
  static const auto& unknown = *new TypeInfo{0, "text", ValueKind::kText, 0, ',', 0, true};
  for (std::size_t i = 0; i < params.size(); ++i) {
    const TypeInfo* known = catalog.find(types[i]);
    if (const auto wrong = add(params[i], known ? *known : unknown))
      return fail(wrong_parameter(i, *wrong));
  }
  return {};
}

std::optional<std::string> ParameterValues::add(const Param& param, const TypeInfo& type) {
  const bool array = param.kind == Param::Kind::kArray;
  if (param.kind == Param::Kind::kNull) {
    add_null();
  } else if (array && type.is_array()) {
    std::string literal;
    const ElementFormat format{type.delimiter, type.kind == ValueKind::kJson, type.string,
                               type.nested_arrays};
    if (const char* wrong = append_array_literal(param.elements, format, literal))
      return std::string("cannot be a PostgreSQL array: ") + wrong;
    add(literal);
  } else if ((array || param.kind == Param::Kind::kObject) && !takes_json(type)) {
    return std::string(array ? "is an array" : "is an object") + ", but the statement expects " +
           type.name;
  } else {
    add(param.text);
  }
  return std::nullopt;
}

void ParameterValues::clear() {
  text_.clear();
  offsets_.clear();
}

void ParameterValues::add(std::string_view text) {
  offsets_.push_back(text_.size());
  text_ += text;
  text_ += '\0';
}

void ParameterValues::add_null() { offsets_.push_back(kNull); }

const char* const* ParameterValues::pointers() const {
  pointers_.clear();
  for (const std::size_t offset : offsets_)
    pointers_.push_back(offset == kNull ? nullptr : text_.data() + offset);
  return pointers_.data();
}

Status check_texts(const std::vector<Param>& params) {
  for (std::size_t i = 0; i < params.size(); ++i) {
    if (!texts_are_plain(params[i]))
      return fail(wrong_parameter(
          i,
          "contains a NUL character or invalid UTF-8, which PostgreSQL's text cannot hold; send "
          "bytes as bytea in its \\x form"));
  }
  return {};
}

Status check_sql(std::string_view sql) {
  if (sql.find('\0') != std::string_view::npos || !base::is_utf8(sql))
    return fail(invalid_request("the statement contains a NUL character or invalid UTF-8",
                                {{"sql", "send UTF-8 text without NUL"}}));
  return {};
}

std::string parameter_name(std::size_t index) { return "$" + std::to_string(index + 1); }

}  // namespace sluice::postgres
