#include "json/fan_out_document.h"

#include <algorithm>
#include <utility>

#include "json/merged_rows.h"
#include "json/problem.h"
#include "json/writer.h"

namespace sluice::json {
namespace {

bool has_rows(const LegOutcome& leg) { return leg.result && leg.encoder->rows() > 0; }

void write_merged_rows(Writer& writer, std::vector<LegOutcome>& legs) {
  const auto first = std::ranges::find_if(legs, [](const auto& leg) { return bool{leg.result}; });
  MergedRows merged(first == legs.end() ? ResultFormat{} : first->encoder->format());
  for (const LegOutcome& leg : legs) {
    if (leg.result) merged.add_columns(leg.encoder->columns());
  }
  std::string rows = "[";
  std::int64_t count = 0;
  for (LegOutcome& leg : legs) {
    if (!has_rows(leg)) continue;
    if (rows.size() > 1) rows += ',';
    count += leg.encoder->rows();
    rows += merged.fitted(leg.encoder->take_bare_rows(), leg.encoder->columns());
  }
  rows += ']';
  writer.raw_field("columns", columns_to_json(merged.columns()))
      .raw_field("rows", rows)
      .field("count", count);
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

/// Line breaks stand only between the tokens of a json value, never inside its strings.
std::string as_line(std::string text) {
  std::ranges::replace(text, '\n', ' ');
  std::ranges::replace(text, '\r', ' ');
  return text += '\n';
}

/// Leaves the object open for more.
void begin_end(Writer& writer, const FanOutEnd& end) {
  writer.begin_object()
      .begin_object("end")
      .field("status", end.status)
      .field("successes", end.successes)
      .field("failures", end.failures);
}

std::string finished_end(Writer& writer, const FanOutEnd& end) {
  writer.field("elapsed_ms", end.elapsed).end_object().end_object();
  return writer.take() + '\n';
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

std::string leg_line(LegOutcome& leg) {
  Writer writer;
  leg.result ? write_success(writer, leg, false) : write_failure(writer, leg);
  return as_line(writer.take());
}

std::string merged_failure_line(const LegOutcome& leg) {
  Writer failure;
  write_failure(failure, leg);
  Writer writer;
  writer.begin_object().raw_field("failure", failure.take()).end_object();
  return as_line(writer.take());
}

std::string row_lines(LegOutcome& leg) {
  std::string lines;
  const std::string rows = leg.encoder->take_bare_rows();
  for (const std::string_view row : split_rows(rows)) lines += as_line(std::string(row));
  return lines;
}

std::string end_line(const FanOutEnd& end) {
  Writer writer;
  begin_end(writer, end);
  return finished_end(writer, end);
}

std::string merged_end_line(const FanOutEnd& end, std::vector<LegOutcome>& legs) {
  Writer writer;
  begin_end(writer, end);
  writer.begin_array("truncated");
  for (LegOutcome& leg : legs) {
    if (leg.result && leg.result->truncated) write_success(writer, leg, true);
  }
  writer.end_array();
  return finished_end(writer, end);
}

}  // namespace sluice::json
