#include "app/commands/bench_options.h"

#include <algorithm>

#include "app/commands/query_options.h"
#include "app/terminal/figures.h"
#include "base/setting_text.h"

namespace sluice::app::commands {
namespace {

using client::ExitStatus;
using client::Outcome;

constexpr int kLargestPool = 1000;
constexpr std::chrono::seconds kGrace(2);  // the gateway's own timeout comes first

Outcome<std::chrono::milliseconds> time_or(const std::string& text,
                                           std::chrono::milliseconds otherwise) {
  if (text.empty()) return otherwise;
  return terminal::read_duration(text);
}

Outcome<client::Request> request_of(const BenchOptions& options) {
  const QueryOptions query{.db_id = options.db_id,
                           .sql = options.sql,
                           .params = options.params,
                           .write = options.write,
                           .max_rows = 0,
                           .timeout = options.timeout};
  const auto body = query_body(query, Format::kJson);
  if (!body) return tl::unexpected(body.error());
  const auto timeout = terminal::read_duration(options.timeout);
  return client::Request{.method = "POST",
                         .path = "/query/" + client::percent_encoded(options.db_id),
                         .body = *body,
                         .patience = *timeout + kGrace};
}

}  // namespace

Outcome<BenchPlan> plan_of(const BenchOptions& options) {
  const auto request = request_of(options);
  if (!request) return tl::unexpected(request.error());
  const bool by_time = options.requests == 0;
  const auto duration = time_or(options.duration, std::chrono::seconds(10));
  const auto warm_up = time_or(options.warm_up, std::chrono::seconds(by_time ? 1 : 0));
  for (const auto* time : {&duration, &warm_up}) {
    if (!*time) return tl::unexpected(time->error());
  }
  BenchPlan plan{.load = {.request = *request,
                          .users = options.users,
                          .requests = options.requests,
                          .duration = *duration,
                          .rate = options.rate},
                 .warm_up = *warm_up,
                 .thresholds = {},
                 .db_id = options.db_id};
  for (const std::string& text : options.thresholds) {
    auto threshold = bench::parse_threshold(text);
    if (!threshold) return tl::unexpected(threshold.error());
    plan.thresholds.push_back(*std::move(threshold));
  }
  return plan;
}

Outcome<std::vector<int>> sizes_in(const std::string& text) {
  std::vector<int> sizes;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    const auto size = base::read_integer(std::string_view(text).substr(begin, end - begin),
                                         {.low = 1, .high = kLargestPool});
    if (!size) {
      return client::failed(ExitStatus::kFailure,
                            "a pool size " + size.error() + "; write --sweep-pool 1,2,4,8");
    }
    sizes.push_back(static_cast<int>(*size));
    begin = end + 1;
  }
  return sizes;
}

}  // namespace sluice::app::commands
