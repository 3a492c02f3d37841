#include <string>
#include <string_view>

#include "gateway/admission.h"
#include "gateway/statement_table.h"
#include "http/request_parser.h"
#include "json/requests.h"
#include "micro.h"
#include "security/api_keys.h"
#include "support/simulated_loop.h"

namespace sluice {
namespace {

constexpr std::string_view kQuery =
    R"({"sql":"SELECT id,name,price,qty FROM items WHERE id=$1","params":[4711]})";
constexpr std::string_view kFanOut =
    R"({"sql":"SELECT id,name,price,qty FROM items WHERE id=$1","params":[4711],)"
    R"("db_ids":["db1","db2","db3","db4","db5"]})";
constexpr std::string_view kKey = "5f1c1a7e7c0c4e2f9b7d0a4466a3a2b15f1c1a7e7c0c4e2f";

/// What wrk sends.
std::string http_request() {
  return "POST /query/db1 HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nContent-Type: application/json\r\n"
         "Authorization: Bearer " +
         std::string(kKey) + "\r\nContent-Length: " + std::to_string(kQuery.size()) + "\r\n\r\n" +
         std::string(kQuery);
}

void http_head_and_body(benchmark::State& state) {
  const std::string request = http_request();
  http::RequestParser parser(16384, 1 << 20);
  for (auto _ : state) {
    std::string_view input = request;
    if (parser.feed(input) != http::RequestParser::Status::kComplete) {
      return state.SkipWithError("the request was not accepted");
    }
    benchmark::DoNotOptimize(parser.take());
  }
}
SLUICE_MICRO(http_head_and_body);

void decode_query(benchmark::State& state) {
  for (auto _ : state) {
    const auto request = json::decode_query(kQuery);
    if (!request) return state.SkipWithError(request.error().message.c_str());
    benchmark::DoNotOptimize(request->query.params.data());
  }
}
SLUICE_MICRO(decode_query);

void decode_fan_out(benchmark::State& state) {
  for (auto _ : state) {
    const auto request = json::decode_fan_out(kFanOut);
    if (!request) return state.SkipWithError(request.error().message.c_str());
    benchmark::DoNotOptimize(request->fan_out.query.params.data());
  }
}
SLUICE_MICRO(decode_fan_out);

/// What the figures of GET /admin/statements add to a query.
void count_statement(benchmark::State& state) {
  gateway::StatementTable table;
  const std::string sql = "SELECT id,name,price,qty FROM items WHERE id=$1";
  for (auto _ : state) {
    const auto statement = table.find("db1", sql);
    benchmark::DoNotOptimize(
        table.record(statement, {false, 1, std::chrono::microseconds(50), {}}));
  }
}
SLUICE_MICRO(count_statement);

/// What the limits on statements add to a query: 0 none is set, 1 those of the gateway, 2 the
/// client's as well.
void admit_statement(benchmark::State& state) {
  testing::SimulatedLoop loop;
  gateway::InFlight in_flight(state.range(0) > 0 ? gateway::InFlight::Limits{10'000, 1 << 30}
                                                 : gateway::InFlight::Limits{});
  gateway::RequestMetrics metrics({&loop});
  gateway::Admissions admissions(in_flight, metrics, {&loop});
  security::Principal client{"bench", security::Role::kQuery};
  if (state.range(0) > 1) client.limits = {.requests_per_second = 100'000, .concurrent = 100};
  for (auto _ : state) {
    std::string headers;
    loop.set_now(loop.now() + std::chrono::microseconds(10));
    const auto admission = admissions.admit({client, "127.0.0.1", 100, loop.now()}, headers);
    if (!admission) return state.SkipWithError(admission.error().message.c_str());
    benchmark::DoNotOptimize(headers.data());
  }
}
SLUICE_MICRO(admit_statement)->Arg(0)->Arg(1)->Arg(2);

void check_api_key(benchmark::State& state) {
  const security::ApiKeys keys({{"bench", Secret(std::string(kKey)), "query"}});
  const std::string header = "Bearer " + std::string(kKey);
  for (auto _ : state) {
    const auto principal = keys.authenticate(header);
    if (!principal) return state.SkipWithError("the key was refused");
    benchmark::DoNotOptimize(principal->role);
  }
}
SLUICE_MICRO(check_api_key);

}  // namespace
}  // namespace sluice
