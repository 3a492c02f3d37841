#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "json/document.h"
#include "json/fields.h"
#include "json/params.h"
#include "json/query_fields.h"
#include "json/requests.h"

namespace sluice::json {
namespace {

constexpr std::array<std::string_view, 3> kFormats{"objects", "arrays", "scalar"};
constexpr std::array<std::string_view, 2> kNumbers{"number", "string"};
constexpr std::array<std::string_view, 2> kBytes{"hex", "base64"};

}  // namespace

std::optional<Route> read_route(Fields& fields) {
  constexpr std::array kRoutes{Route::kPrimary, Route::kPreferReplica, Route::kReplica,
                               Route::kAny};
  constexpr std::array<std::string_view, 4> kWords{"primary", "prefer_replica", "replica", "any"};
  const auto word = fields.word("route", kWords);
  return word ? std::optional(kRoutes[*word]) : std::nullopt;
}

ResultFormat read_format(Fields& fields) {
  ResultFormat format;
  switch (fields.word("format", kFormats).value_or(0)) {
    case 1:
      format.rows = ResultFormat::Rows::kArrays;
      break;
    case 2:
      format.rows = ResultFormat::Rows::kScalar;
      break;
    default:
      break;
  }
  format.numbers_as_strings = fields.word("numbers", kNumbers) == 1;
  format.bytes_as_base64 = fields.word("bytes", kBytes) == 1;
  return format;
}

void read_statement(Fields& fields, Query& query) {
  if (!fields.any("sql")) {
    fields.mistake("sql", "is missing: the statement to run, with $1, $2, … for params");
  }
  if (const auto sql = fields.text("sql")) {
    query.sql = *sql;
    if (sql->find_first_not_of(" \t\r\n;") == std::string_view::npos) {
      fields.mistake("sql", "is empty");
    }
  }
  if (const Value* params = fields.array("params")) {
    query.params = decode_params(*params, fields.name_of("params"), fields.mistakes());
  }
}

void read_query(Fields& fields, Query& query, ResultFormat& format) {
  read_statement(fields, query);
  query.timeout = fields.time("timeout_ms");
  query.max_rows = fields.whole("max_rows", {.least = 0});
  query.read_only = fields.boolean("read_only").value_or(false);
  query.route = read_route(fields);
  format = read_format(fields);
  query.unique_column_names = format.rows == ResultFormat::Rows::kObjects;
}

namespace {

/// What writes has to run each time.
void refuse_to_keep_writes(Fields& fields, const QueryRequest& request) {
  constexpr std::string_view kNeedsRead = "is only for queries with \"read_only\": true";
  if (request.query.read_only) return;
  if (request.cache_ttl) fields.mistake("cache_ttl_ms", std::string(kNeedsRead));
  if (request.etag) fields.mistake("etag", std::string(kNeedsRead));
}

}  // namespace

Result<QueryRequest> decode_query(std::string_view body) {
  static constexpr std::array<std::string_view, 11> kKnown{
      "sql",    "params",  "timeout_ms", "max_rows",     "read_only", "route",
      "format", "numbers", "bytes",      "cache_ttl_ms", "etag"};
  const Result<Document> document = parse_body(body);
  if (!document) return fail(document.error());
  Mistakes mistakes;
  mistakes.add(document->mistakes());
  Fields fields(document->root(), {}, mistakes);
  QueryRequest request;
  ResultFormat format;
  read_query(fields, request.query, format);
  request.format = format;
  request.cache_ttl = fields.time("cache_ttl_ms");
  request.etag = fields.boolean("etag").value_or(false);
  refuse_to_keep_writes(fields, request);
  fields.refuse_unknown(kKnown, kQueryHints);
  if (!mistakes.empty()) return fail(mistakes.to_error());
  return request;
}

}  // namespace sluice::json
