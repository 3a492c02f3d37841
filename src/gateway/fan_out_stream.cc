#include "gateway/fan_out_stream.h"

#include <utility>

namespace sluice::gateway {

std::string FanOutStream::lines_of(json::LegOutcome& leg) const {
  if (!request().merge) return json::leg_line(leg);
  return leg.result ? json::row_lines(leg) : json::merged_failure_line(leg);
}

void FanOutStream::on_leg_done(std::size_t leg) {
  json::LegOutcome& outcome = legs()[leg];
  const std::string lines = lines_of(outcome);
  ByteCharge charge = take_charge(leg);
  if (lines.empty() || receiver_->take(lines)) return;
  held_back_.push_back(std::move(charge));
}

void FanOutStream::finish(std::chrono::microseconds elapsed) {
  json::FanOutEnd end = verdict();
  end.elapsed = elapsed;
  const bool merged = request().merge;
  receiver_->complete(merged ? json::merged_end_line(end, legs()) : json::end_line(end), nullptr);
}

}  // namespace sluice::gateway
