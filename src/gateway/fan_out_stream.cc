#include "gateway/fan_out_stream.h"

#include <utility>

namespace sluice::gateway {

void FanOutStream::on_leg_done(std::size_t leg) {
  json::LegOutcome& outcome = legs()[leg];
  const bool rows_alone = request().merge && outcome.result;
  const std::string lines = rows_alone ? json::row_lines(outcome) : json::leg_line(outcome);
  ByteCharge charge = take_charge(leg);
  if (lines.empty() || receiver_->take(lines)) return;
  held_back_.push_back(std::move(charge));
}

void FanOutStream::finish(std::chrono::microseconds elapsed) {
  json::FanOutEnd end = verdict();
  end.elapsed = elapsed;
  receiver_->complete(json::end_line(end), nullptr);
}

}  // namespace sluice::gateway
