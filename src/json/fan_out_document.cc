#include "json/fan_out_document.h"

#include "json/problem.h"
#include "json/writer.h"

namespace sluice::json {
namespace {

void write_merged_rows(Writer& writer, std::vector<LegOutcome>& legs) {
  std::string rows = "[";
  std::int64_t count = 0;
  for (LegOutcome& leg : legs) {
    if (!leg.result || leg.encoder->rows() == 0) continue;
    if (rows.size() > 1) rows += ',';
    count += leg.encoder->rows();
    rows += leg.encoder->take_bare_rows();
  }
  rows += ']';
  writer.raw_field("rows", rows).field("count", count);
}

void write_success(Writer& writer, LegOutcome& leg, bool merge) {
  const Completion& completion = *leg.result;
  writer.begin_object().field("db_id", leg.db_id);
  if (!merge) {
    writer.raw_field(leg.encoder->rows_name(), leg.encoder->take_rows());
  }
  writer.field("count", completion.rows)
      .field("affected", completion.affected)
      .field("truncated", completion.truncated);
  if (completion.truncated) writer.field("committed", completion.committed);
  writer.field("elapsed_ms", leg.elapsed).end_object();
}

void write_failure(Writer& writer, const LegOutcome& leg) {
  writer.begin_object()
      .field("db_id", leg.db_id)
      .raw_field("error", error_to_json(leg.result.error()))
      .field("elapsed_ms", leg.elapsed)
      .end_object();
}

}  // namespace

std::string fan_out_document(std::vector<LegOutcome>& legs, bool merge,
                             std::chrono::microseconds elapsed) {
  Writer writer;
  writer.begin_object();
  if (merge) write_merged_rows(writer, legs);
  writer.begin_array("successes");
  for (LegOutcome& leg : legs) {
    if (leg.result) write_success(writer, leg, merge);
  }
  writer.end_array().begin_array("failures");
  for (const LegOutcome& leg : legs) {
    if (!leg.result) write_failure(writer, leg);
  }
  writer.end_array().field("elapsed_ms", elapsed).end_object();
  return writer.take();
}

}  // namespace sluice::json
