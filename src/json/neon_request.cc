#include "json/neon_request.h"

#include <array>
#include <string>
#include <utility>

#include "json/document.h"
#include "json/fields.h"

namespace sluice::json {
namespace {

void put_quoted(std::string& literal, std::string_view text) {
  literal += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') literal += '\\';
    literal += c;
  }
  literal += '"';
}

bool is_array(const Value& value) { return value.kind() == Value::Kind::kArray; }

/// A PostgreSQL array whatever the type: this protocol sends lists as nothing else.
void put_array(std::string& literal, const Value& list) {
  std::string_view separator;
  literal += '{';
  for (const Value& element : list) {
    literal += std::exchange(separator, ",");
    if (element.is_null()) {
      literal += "NULL";
    } else if (is_array(element)) {
      put_array(literal, element);
    } else {
      put_quoted(literal, element.text());
    }
  }
  literal += '}';
}

/// Arrays beside other values: no PostgreSQL array has such a level.
bool mixes(const Value& list) {
  std::size_t arrays = 0;
  for (const Value& element : list) {
    if (!is_array(element)) continue;
    ++arrays;
    if (mixes(element)) return true;
  }
  return arrays > 0 && arrays < list.size();
}

Param text_param(const Value& value) {
  if (value.is_null()) return nullptr;
  if (!is_array(value)) return value.text();
  std::string literal;
  put_array(literal, value);
  return literal;
}

struct Statement {
  Query query;
  NeonFormat format;
};

Statement read_statement(Fields& fields, NeonFormat format) {
  Statement statement{{}, format};
  if (!fields.any("query")) fields.mistake("query", "is missing: the statement to run");
  statement.query.sql = fields.text("query").value_or("");
  statement.format.arrays = fields.boolean("arrayMode").value_or(format.arrays);
  if (const Value* params = fields.array("params")) {
    for (const Value& value : *params) {
      statement.query.params.push_back(text_param(value));
      if (is_array(value) && mixes(value)) {
        fields.mistake("params", "$" + std::to_string(statement.query.params.size()) +
                                     " cannot be a PostgreSQL array: it mixes arrays with other "
                                     "values on one level");
      }
    }
  }
  return statement;
}

QueryRequest read_single(const Value& body, const NeonHeaders& headers, Mistakes& mistakes) {
  Fields fields(body, {}, mistakes);
  Statement statement = read_statement(fields, headers.format);
  statement.query.read_only = headers.read_only;
  return {std::move(statement.query), statement.format};
}

TransactionRequest read_batch(const Value& list, const NeonHeaders& headers, Mistakes& mistakes) {
  TransactionRequest request;
  request.bare = true;
  request.options.isolation = headers.isolation;
  request.options.read_only = headers.read_only;
  request.options.deferrable = headers.deferrable;
  for (const Value& value : list) {
    const std::string name = "queries[" + std::to_string(request.statements.size()) + "]";
    if (value.kind() != Value::Kind::kObject) mistakes.add(name, "must be an object: {\"query\"}");
    Fields fields(value, name, mistakes);
    Statement statement = read_statement(fields, headers.format);
    request.statements.push_back(std::move(statement.query));
    request.formats.emplace_back(statement.format);
  }
  return request;
}

}  // namespace

std::optional<Isolation> parse_neon_isolation(std::string_view word) {
  constexpr std::array kLevels{
      std::pair{std::string_view("ReadUncommitted"), Isolation::kReadUncommitted},
      std::pair{std::string_view("ReadCommitted"), Isolation::kReadCommitted},
      std::pair{std::string_view("RepeatableRead"), Isolation::kRepeatableRead},
      std::pair{std::string_view("Serializable"), Isolation::kSerializable}};
  for (const auto& [name, level] : kLevels) {
    if (word == name) return level;
  }
  return std::nullopt;
}

Result<NeonRequest> decode_neon(std::string_view body, const NeonHeaders& headers) {
  const Result<Document> document = parse_body(body);
  if (!document) return fail(document.error());
  Mistakes mistakes;
  mistakes.add(document->mistakes());
  Fields fields(document->root(), {}, mistakes);
  const Value* queries = fields.array("queries");
  NeonRequest request;
  if (queries) {
    request = read_batch(*queries, headers, mistakes);
  } else {
    request = read_single(document->root(), headers, mistakes);
  }
  if (!mistakes.empty()) return fail(mistakes.to_error());
  return request;
}

}  // namespace sluice::json
