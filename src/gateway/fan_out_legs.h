#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "gateway/buffered_result.h"
#include "json/fan_out_document.h"
#include "json/requests.h"
#include "sluice/result.h"

namespace sluice::gateway {

/// The legs of one fan-out, and what becomes of them. On one loop's thread.
class FanOutLegs {
 public:
  FanOutLegs(json::FanOutRequest request, std::vector<std::string> db_ids, InFlight& in_flight);
  virtual ~FanOutLegs() = default;
  FanOutLegs(const FanOutLegs&) = delete;
  FanOutLegs& operator=(const FanOutLegs&) = delete;

  /// Where the rows of a leg go that is sent now.
  [[nodiscard]] std::shared_ptr<RowSink> make_sink(std::size_t leg, std::int64_t max_bytes);
  void leg_done(std::size_t leg, Result<Completion> result, std::chrono::microseconds elapsed);
  /// All of them have ended.
  virtual void finish(std::chrono::microseconds elapsed) = 0;

 protected:
  [[nodiscard]] const json::FanOutRequest& request() const { return request_; }
  [[nodiscard]] std::vector<json::LegOutcome>& legs() { return legs_; }
  /// The memory of a leg's rows.
  [[nodiscard]] ByteCharge take_charge(std::size_t leg);
  /// 200, 207 or 503, and how many were what.
  [[nodiscard]] json::FanOutEnd verdict() const;

 private:
  using LegResult = BufferedResult<json::ResultEncoder>;

  /// Its outcome is in `legs`.
  virtual void on_leg_done(std::size_t /*leg*/) {}

  const json::FanOutRequest request_;
  InFlight& in_flight_;
  std::vector<json::LegOutcome> legs_;
  std::vector<std::shared_ptr<LegResult>> results_;  // of legs that were sent
};

}  // namespace sluice::gateway
