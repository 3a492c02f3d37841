#include <array>
#include <string_view>

#include "json/document.h"
#include "json/fields.h"
#include "json/query_fields.h"
#include "json/requests.h"

namespace sluice::json {

Result<ExplainRequest> decode_explain(std::string_view body) {
  // A query's body may be sent as it is: what concerns rows alone has no effect here.
  static constexpr std::array<std::string_view, 12> kKnown{
      "sql",     "params", "timeout_ms", "max_rows", "read_only", "route",
      "numbers", "bytes",  "analyze",    "buffers",  "verbose",   "format"};
  static constexpr std::array<std::string_view, 2> kFormats{"json", "text"};
  const Result<Document> document = parse_body(body);
  if (!document) return fail(document.error());
  Mistakes mistakes;
  mistakes.add(document->mistakes());
  Fields fields(document->root(), {}, mistakes);
  ExplainRequest request;
  read_statement(fields, request.query);
  request.query.timeout = fields.time("timeout_ms");
  request.query.read_only = fields.boolean("read_only").value_or(false);
  request.query.route = read_route(fields);
  request.analyze = fields.boolean("analyze").value_or(false);
  request.buffers = fields.boolean("buffers").value_or(false);
  request.verbose = fields.boolean("verbose").value_or(false);
  request.as_text = fields.word("format", kFormats) == 1;
  fields.refuse_unknown(kKnown, kQueryHints);
  if (!mistakes.empty()) return fail(mistakes.to_error());
  return request;
}

}  // namespace sluice::json
