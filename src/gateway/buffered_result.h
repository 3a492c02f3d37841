#pragma once

#include <memory>
#include <string>
#include <utility>

#include "gateway/in_flight.h"
#include "json/result_encoder.h"
#include "sluice/result.h"

namespace sluice::gateway {

/// A result that was too large because of the others, `starved`, tells it so.
[[nodiscard]] Error judged(Error error, bool starved);

/// A result on its way to the caller, and the memory it has taken of what the gateway may use.
struct BufferedResult {
  BufferedResult(InFlight& in_flight, const json::ResultFormat& format, std::int64_t max_bytes,
                 std::string db_id_column = {})
      : encoder(format, max_bytes, std::move(db_id_column)), charge(in_flight) {
    encoder.ask_before_growing(
        [this](std::size_t bytes) { return charge.add(static_cast<std::int64_t>(bytes)); });
  }
  BufferedResult(const BufferedResult&) = delete;
  BufferedResult& operator=(const BufferedResult&) = delete;

  /// Both in one, as the sink of a call.
  [[nodiscard]] static std::shared_ptr<RowSink> sink(
      const std::shared_ptr<BufferedResult>& buffered) {
    return {buffered, &buffered->encoder};
  }

  json::ResultEncoder encoder;
  ByteCharge charge;
};

}  // namespace sluice::gateway
