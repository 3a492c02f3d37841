#pragma once

#include <memory>
#include <string>
#include <vector>

#include "gateway/fan_out_legs.h"
#include "gateway/row_stream.h"

namespace sluice::gateway {

/// Legs that are given on as soon as they have ended: each as a line, or (merged) each of its rows
/// as a line, and last how it went as a whole. Rows of merged legs stand as their database gave
/// them: which columns others have is not known yet.
class FanOutStream final : public FanOutLegs {
 public:
  FanOutStream(json::FanOutRequest request, std::vector<std::string> db_ids, InFlight& in_flight,
               std::shared_ptr<StreamReceiver> receiver)
      : FanOutLegs(std::move(request), std::move(db_ids), in_flight),
        receiver_(std::move(receiver)) {}

  void finish(std::chrono::microseconds elapsed) override;
  /// The receiver takes more now.
  void drained() { held_back_.clear(); }

 private:
  void on_leg_done(std::size_t leg) override;
  [[nodiscard]] std::string lines_of(json::LegOutcome& leg) const;

  const std::shared_ptr<StreamReceiver> receiver_;
  std::vector<ByteCharge> held_back_;  // the memory of lines that wait to be sent
};

}  // namespace sluice::gateway
