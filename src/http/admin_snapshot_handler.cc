// GET /admin/snapshot: what the dashboard reads. Waits for news without keeping a worker.
#include <charconv>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <utility>

#include "gateway/gateway.h"
#include "http/api.h"
#include "json/writer.h"

namespace sluice::http {
namespace {

using Pistache::Http::Method;

constexpr std::int64_t kLongestWait = 30'000;

Result<std::optional<std::int64_t>> number(const Request& request, const std::string& name,
                                           std::int64_t largest) {
  const auto text = request.parameter(name);
  if (text.empty()) return std::nullopt;
  std::int64_t value = 0;
  const auto* end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, value);
  if (read.ec == std::errc() && read.ptr == end && value >= 0 && value <= largest) return value;
  const auto what = "must be a whole number from 0 to " + std::to_string(largest);
  return fail(invalid_request(name + " " + what, {{name, what}}));
}

/// The document is shared by all who ask; who asks is not.
void respond_to_caller(const ApiCall& call, const std::string& members) {
  json::Writer writer;
  writer.begin_object().begin_object("caller");
  writer.field("name", call.principal->name).field("role", to_string(call.principal->role));
  writer.end_object();
  Response response;
  response.body = writer.take() + "," + members;
  response.headers.emplace_back("Cache-Control", "no-store");
  call.exchange->respond(std::move(response));
}

void history(const ApiCall& call, std::string db_id) {
  if (const auto known = call.gateway.options_of(db_id); !known) return call.respond(known.error());
  call.gateway.snapshots().history_of(
      std::move(db_id), call.loop(),
      [call](const gateway::Snapshots::Document& document) { respond_to_caller(call, *document); });
}

void snapshot(const ApiCall& call) {
  if (const auto db_id = call.request().parameter("db_id"); !db_id.empty()) {
    return history(call, std::string(db_id));
  }
  const auto since =
      number(call.request(), "since", std::numeric_limits<std::int64_t>::max() / 1'000'000);
  if (!since) return call.respond(since.error());
  const auto wait = number(call.request(), "wait_ms", kLongestWait);
  if (!wait) return call.respond(wait.error());
  call.gateway.snapshots().ask({*since, std::chrono::milliseconds(wait->value_or(0)), call.loop(),
                                [call](const gateway::Snapshots::Document& document) {
                                  respond_to_caller(call, *document);
                                }});
}

}  // namespace

void add_snapshot_routes(Api& api) {
  api.add(Method::Get, "/admin/snapshot?since&wait_ms&db_id", Access::kOperator, snapshot);
}

}  // namespace sluice::http
