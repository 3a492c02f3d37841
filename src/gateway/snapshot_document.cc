#include "gateway/snapshot_document.h"

#include <algorithm>
#include <utility>

#include "gateway/outcomes.h"
#include "gateway/version.h"
#include "json/report_parts.h"
#include "json/writer.h"

namespace sluice::gateway {
namespace {

using json::Writer;
using std::chrono::system_clock;

// A sparkline's length.
constexpr std::int64_t kGlimpse = 120;

std::optional<std::chrono::microseconds> measured(std::uint32_t micros) {
  if (micros == 0) return std::nullopt;
  return std::chrono::microseconds(micros);
}

// --- points ------------------------------------------------------------------------------------

template <typename Value>
void write_column(Writer& writer, std::string_view name, const Ring& ring, Value value) {
  writer.begin_array(name);
  const auto [first, end] = ring.span();
  for (std::int64_t number = first; number < end; ++number) {
    const Point& point = ring.at(number);
    if (point.known()) {
      writer.element(value(point));
    } else {
      writer.element(nullptr);
    }
  }
  writer.end_array();
}

/// Column by column, as charts want it; unknown points are null.
void write_ring(Writer& writer, std::string_view name, const Ring& ring) {
  writer.begin_object(name).field("first", ring.span().first);
  const auto rate = [&](std::string_view column, float Point::*member) {
    write_column(writer, column, ring, [member](const Point& p) { return double{p.*member}; });
  };
  const auto time = [&](std::string_view column, std::uint32_t Point::*member) {
    write_column(writer, column, ring, [member](const Point& p) { return measured(p.*member); });
  };
  const auto count = [&](std::string_view column, std::uint16_t Point::*member) {
    write_column(writer, column, ring, [member](const Point& p) { return p.*member; });
  };
  rate("ok", &Point::ok), rate("failed", &Point::failed), rate("timeout", &Point::timeout);
  rate("rejected", &Point::rejected), rate("bad_request", &Point::bad_request);
  time("p50_ms", &Point::p50_us), time("p95_ms", &Point::p95_us), time("p99_ms", &Point::p99_us);
  count("used", &Point::used), count("idle", &Point::idle);
  count("max_size", &Point::max_size), count("waiting", &Point::waiting);
  writer.end_object();
}

/// [second, ok, failed, timeout, rejected, bad_request, p50_ms, p95_ms, p99_ms, used, idle,
/// max_size, waiting, condition]
void write_point(Writer& writer, std::int64_t second, const Point& p) {
  writer.begin_array().element(second);
  for (const float rate : {p.ok, p.failed, p.timeout, p.rejected, p.bad_request}) {
    writer.element(double{rate});
  }
  for (const std::uint32_t micros : {p.p50_us, p.p95_us, p.p99_us})
    writer.element(measured(micros));
  for (const std::uint16_t count : {p.used, p.idle, p.max_size, p.waiting}) writer.element(count);
  writer.element(to_string(p.condition)).end_array();
}

void write_points(Writer& writer, std::string_view name, const History& history,
                  std::int64_t after) {
  writer.begin_array(name);
  const auto [first, end] = history.seconds().span();
  for (std::int64_t second = std::max(first, after + 1); second < end; ++second) {
    const Point& point = history.seconds().at(second);
    if (point.known()) write_point(writer, second, point);
  }
  writer.end_array();
}

/// [[second, "closed"], …]: when each condition began.
void write_stretches(Writer& writer, std::string_view name, const Ring& ring, int unit_seconds) {
  writer.begin_array(name);
  for (const auto& [from, condition] : stretches(ring)) {
    writer.begin_array().element(from * unit_seconds).element(to_string(condition)).end_array();
  }
  writer.end_array();
}

void write_glimpse(Writer& writer, std::string_view name, const History& history) {
  writer.begin_object(name);
  write_points(writer, "points", history, history.seconds().span().second - 1 - kGlimpse);
  write_stretches(writer, "ribbon", history.seconds(), 1);
  write_stretches(writer, "ribbon_24h", history.minutes(), 60);
  writer.end_object();
}

// --- the present -------------------------------------------------------------------------------

void write_instance(Writer& writer, const SnapshotFacts& facts) {
  writer.begin_object("instance");
  writer.field("version", version()).field("started_at", facts.started_at);
  writer.field("uptime_ms", facts.sequence).field("draining", facts.draining);
  writer.field("demo", facts.demo);
  writer.end_object();
}

void write_verdict(Writer& writer, const Verdict& verdict) {
  writer.begin_object("verdict");
  writer.field("level", to_string(verdict.level)).field("text", verdict.text);
  writer.field("needing_attention", verdict.needing_attention);
  writer.end_object();
}

void write_counts(Writer& writer, const SnapshotFacts& facts) {
  writer.begin_object("counts");
  writer.field("registered", facts.registered).field("watched", facts.watched.size());
  writer.field("with_history", facts.histories.size());
  writer.end_object();
}

void write_outcomes(Writer& writer, const Outcomes& outcomes) {
  writer.begin_object("outcomes");
  writer.field("ok", outcomes.ok).field("failed", outcomes.failed);
  writer.field("timeout", outcomes.timeout).field("rejected", outcomes.rejected);
  writer.field("bad_request", outcomes.bad_request).end_object();
}

void write_database(Writer& writer, const DatabaseStats& stats, const Attention& attention) {
  writer.begin_object();
  json::write_summary(writer, stats, system_clock::now());
  writer.field("level", to_string(attention.level)).field("attention", attention.words);
  write_outcomes(writer, outcomes_of(stats));
  json::write_percentiles(writer, "query_ms", stats.query_time);
  json::write_percentiles(writer, "acquire_ms", stats.acquire_time);
  json::write_counts(writer, "refused", stats.refused);
  json::write_counts(writer, "errors_by_sqlstate", stats.errors_by_sqlstate);
  writer.field("acquire_timeout_ms", stats.options.pool.acquire_timeout);
  writer.field("min_size", stats.options.pool.min_size);
  writer.field("response_time_ms", stats.response_time);
  writer.field("checked_ms_ago", stats.checked_ago);
  writer.end_object();
}

void write_present(Writer& writer, const SnapshotFacts& facts) {
  writer.field("sequence", facts.sequence).field("time", system_clock::now());
  writer.field("second", facts.second);
  write_instance(writer, facts);
  write_verdict(writer, facts.verdict);
  write_counts(writer, facts);
  writer.begin_array("databases");
  for (std::size_t i = 0; i < facts.watched.size(); ++i) {
    write_database(writer, facts.watched[i], facts.attention[i]);
  }
  writer.end_array();
}

/// The caller puts his own members first.
std::string without_brace(Writer& writer) { return writer.take().substr(1); }

}  // namespace

std::string snapshot_members(const SnapshotFacts& facts, std::optional<std::int64_t> since) {
  Writer writer;
  writer.begin_object();
  write_present(writer, facts);
  if (since) {
    writer.begin_object("points");
    for (const auto& [db_id, history] : facts.histories) {
      write_points(writer, db_id, history, *since / 1'000);
    }
    writer.end_object();
    write_points(writer, "total_points", facts.total, *since / 1'000);
  } else {
    writer.begin_object("history");
    for (const auto& [db_id, history] : facts.histories) write_glimpse(writer, db_id, history);
    writer.end_object().begin_object("total");
    write_ring(writer, "seconds", facts.total.seconds());
    write_ring(writer, "minutes", facts.total.minutes());
    writer.end_object();
  }
  writer.end_object();
  return without_brace(writer);
}

std::string history_members(const SnapshotFacts& facts, std::string_view db_id) {
  static const History kNone;
  const auto found = facts.histories.find(db_id);
  const History& history = found == facts.histories.end() ? kNone : found->second;
  Writer writer;
  writer.begin_object();
  writer.field("db_id", db_id).field("sequence", facts.sequence).field("second", facts.second);
  writer.field("started_at", facts.started_at);
  write_ring(writer, "seconds", history.seconds());
  write_ring(writer, "minutes", history.minutes());
  write_stretches(writer, "ribbon", history.seconds(), 1);
  write_stretches(writer, "ribbon_24h", history.minutes(), 60);
  writer.end_object();
  return without_brace(writer);
}

}  // namespace sluice::gateway
