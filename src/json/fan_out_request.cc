#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "json/fields.h"
#include "json/option_fields.h"
#include "json/query_fields.h"
#include "json/requests.h"

namespace sluice::json {
namespace {

constexpr std::array<std::string_view, 17> kKnown{
    "sql",   "params",      "timeout_ms",    "max_rows",    "read_only", "format",
    "route", "numbers",     "bytes",         "db_ids",      "selector",  "all",
    "write", "deadline_ms", "min_successes", "concurrency", "merge"};
constexpr Bounds kCount{0, 1'000'000};

std::vector<std::string> read_db_ids(Fields& fields, const Value& list) {
  std::vector<std::string> ids;
  for (const Value& id : list) {
    if (id.kind() != Value::Kind::kString || id.text().empty()) {
      fields.mistake("db_ids", "must be a list of database ids, for instance [\"eu\", \"us\"]");
      return {};
    }
    ids.emplace_back(id.text());
  }
  if (ids.empty()) fields.mistake("db_ids", "must name at least one database");
  std::vector<std::string_view> sorted(ids.begin(), ids.end());
  std::sort(sorted.begin(), sorted.end());
  if (std::adjacent_find(sorted.begin(), sorted.end()) != sorted.end()) {
    fields.mistake("db_ids", "names a database twice");
  }
  return ids;
}

void read_targets(Fields& fields, FanOutTargets& targets) {
  const Value* ids = fields.array("db_ids");
  const Value* selector = fields.object("selector");
  targets.all = fields.boolean("all").value_or(false);
  const bool wrong_type = (fields.any("db_ids") && !ids) || (fields.any("selector") && !selector);
  const int given = (ids ? 1 : 0) + (selector ? 1 : 0) + (targets.all ? 1 : 0);
  if (given != 1 && !wrong_type) {
    fields.mistake("",
                   std::string(given == 0 ? "no database is named" : "databases are named twice") +
                       ": give either db_ids, or selector, or \"all\": true");
  }
  if (ids) targets.db_ids = read_db_ids(fields, *ids);
  if (selector) {
    targets.selector = read_labels(*selector, "selector", fields.mistakes());
    if (selector->size() == 0) {
      fields.mistake("selector",
                     "must name at least one label; for every database write \"all\": true");
    }
  }
}

void refuse_contradictions(Fields& fields, const FanOutRequest& request) {
  const FanOut& fan_out = request.fan_out;
  if (fan_out.write && fan_out.query.read_only) {
    fields.mistake("read_only", "contradicts \"write\": true");
  }
  if (request.merge && request.format.rows == ResultFormat::Rows::kScalar) {
    fields.mistake("merge", "needs rows: use the format objects or arrays");
  }
  const auto legs = static_cast<std::int64_t>(fan_out.targets.db_ids.size());
  if (legs > 0 && fan_out.min_successes > legs) {
    fields.mistake("min_successes", "is more than the databases that are named");
  }
}

}  // namespace

Result<FanOutRequest> decode_fan_out(std::string_view body) {
  const Result<Document> document = parse_body(body);
  if (!document) return fail(document.error());
  Mistakes mistakes;
  mistakes.add(document->mistakes());
  Fields fields(document->root(), {}, mistakes);
  FanOutRequest request;
  FanOut& fan_out = request.fan_out;
  read_query(fields, fan_out.query, request.format);
  read_targets(fields, fan_out.targets);
  fan_out.write = fields.boolean("write").value_or(false);
  fan_out.deadline = fields.time("deadline_ms");
  fan_out.min_successes = static_cast<int>(fields.whole("min_successes", kCount).value_or(0));
  fan_out.concurrency = static_cast<int>(fields.whole("concurrency", kCount).value_or(0));
  request.merge = fields.boolean("merge").value_or(false);
  refuse_contradictions(fields, request);
  fields.refuse_unknown(kKnown, kQueryHints);
  if (!mistakes.empty()) return fail(mistakes.to_error());
  fan_out.query.read_only = !fan_out.write;
  return request;
}

}  // namespace sluice::json
