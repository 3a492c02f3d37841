#include <array>
#include <string>
#include <string_view>

#include "json/fields.h"
#include "json/query_fields.h"
#include "json/requests.h"

namespace sluice::json {
namespace {

constexpr std::array<std::string_view, 10> kKnown{
    "statements", "isolation", "read_only", "deferrable", "dry_run",
    "timeout_ms", "format",    "numbers",   "bytes",      "route"};
constexpr std::array<std::string_view, 3> kKnownOfStatement{"sql", "params", "max_rows"};
constexpr std::array<std::string_view, 3> kIsolations{"read_committed", "repeatable_read",
                                                      "serializable"};

Isolation read_isolation(Fields& fields) {
  constexpr std::array kLevels{Isolation::kReadCommitted, Isolation::kRepeatableRead,
                               Isolation::kSerializable};
  return kLevels[fields.word("isolation", kIsolations).value_or(0)];
}

Query read_one(const Value& value, std::size_t index, Mistakes& mistakes) {
  const std::string name = "statements[" + std::to_string(index) + "]";
  Query query;
  if (value.kind() != Value::Kind::kObject) {
    mistakes.add(name, "must be an object, for instance {\"sql\": \"SELECT 1\", \"params\": []}");
    return query;
  }
  Fields fields(value, name, mistakes);
  read_statement(fields, query);
  query.max_rows = fields.whole("max_rows", {.least = 0});
  fields.refuse_unknown(kKnownOfStatement, kQueryHints);
  return query;
}

std::vector<Query> read_statements(Fields& fields) {
  const Value* list = fields.array("statements");
  if (!list) {
    if (!fields.any("statements")) {
      fields.mistake("statements", "is missing: a list of {\"sql\", \"params\"}");
    }
    return {};
  }
  std::vector<Query> statements;
  for (const Value& value : *list) {
    statements.push_back(read_one(value, statements.size(), fields.mistakes()));
  }
  if (statements.empty()) fields.mistake("statements", "must hold at least one statement");
  return statements;
}

void refuse_contradictions(Fields& fields, const TransactionOptions& options) {
  const bool meaningful = options.read_only && options.isolation == Isolation::kSerializable;
  if (!options.deferrable || meaningful) return;
  fields.mistake("deferrable",
                 "has no effect without \"isolation\": \"serializable\" and \"read_only\": true");
}

}  // namespace

Result<TransactionRequest> decode_transaction(std::string_view body) {
  const Result<Document> document = parse_body(body);
  if (!document) return fail(document.error());
  Mistakes mistakes;
  mistakes.add(document->mistakes());
  Fields fields(document->root(), {}, mistakes);
  TransactionRequest request;
  request.statements = read_statements(fields);
  request.options.isolation = read_isolation(fields);
  request.options.read_only = fields.boolean("read_only").value_or(false);
  request.options.deferrable = fields.boolean("deferrable").value_or(false);
  request.options.route = read_route(fields);
  request.options.timeout = fields.time("timeout_ms");
  request.dry_run = fields.boolean("dry_run").value_or(false);
  const ResultFormat format = read_format(fields);
  request.formats.assign(request.statements.size(), format);
  for (Query& statement : request.statements) {
    statement.unique_column_names = format.rows == ResultFormat::Rows::kObjects;
  }
  refuse_contradictions(fields, request.options);
  fields.refuse_unknown(kKnown, kQueryHints);
  if (!mistakes.empty()) return fail(mistakes.to_error());
  return request;
}

}  // namespace sluice::json
