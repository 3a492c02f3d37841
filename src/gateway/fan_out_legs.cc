#include "gateway/fan_out_legs.h"

#include <algorithm>
#include <utility>

namespace sluice::gateway {

FanOutLegs::FanOutLegs(json::FanOutRequest request, std::vector<std::string> db_ids,
                       InFlight& in_flight)
    : request_(std::move(request)),
      in_flight_(in_flight),
      legs_(db_ids.size()),
      results_(db_ids.size()) {
  for (std::size_t i = 0; i < db_ids.size(); ++i) legs_[i].db_id = std::move(db_ids[i]);
}

std::shared_ptr<RowSink> FanOutLegs::make_sink(std::size_t leg, std::int64_t max_bytes) {
  const auto column = request_.merge ? legs_[leg].db_id : std::string();
  auto& result = results_[leg];
  result = std::make_shared<LegResult>(in_flight_, request_.format, max_bytes, column);
  legs_[leg].encoder = std::shared_ptr<json::ResultEncoder>(result, &result->own);
  return legs_[leg].encoder;
}

void FanOutLegs::leg_done(std::size_t leg, Result<Completion> result,
                          std::chrono::microseconds elapsed) {
  if (!result && results_[leg]) {
    result = fail(judged(std::move(result.error()), results_[leg]->own.starved()));
  }
  legs_[leg].result = std::move(result);
  legs_[leg].elapsed = elapsed;
  on_leg_done(leg);
}

ByteCharge FanOutLegs::take_charge(std::size_t leg) {
  const auto result = std::move(results_[leg]);
  legs_[leg].encoder.reset();
  return result ? std::move(result->charge) : ByteCharge();
}

json::FanOutEnd FanOutLegs::verdict() const {
  json::FanOutEnd end;
  const auto all = static_cast<int>(legs_.size());
  end.successes = static_cast<int>(
      std::ranges::count_if(legs_, [](const auto& leg) { return leg.result.has_value(); }));
  end.failures = all - end.successes;
  end.status = end.failures == 0 ? 200 : 207;
  const bool none = end.successes == 0 && all > 0;
  if (none || end.successes < request_.fan_out.min_successes) end.status = 503;
  return end;
}

}  // namespace sluice::gateway
