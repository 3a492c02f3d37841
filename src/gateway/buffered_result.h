#pragma once

#include <cstdint>
#include <memory>
#include <utility>

#include "gateway/in_flight.h"
#include "json/answer_format.h"
#include "sluice/result.h"

namespace sluice::gateway {

/// A result that was too large because of the others, `starved`, tells it so.
[[nodiscard]] Error judged(Error error, bool starved);

/// An answer on its way to the caller, and the memory it has taken of what the gateway may use.
struct BufferedAnswer {
  BufferedAnswer(InFlight& in_flight, json::AnswerEncoder& written)
      : encoder(written), charge(in_flight) {}
  BufferedAnswer(const BufferedAnswer&) = delete;
  BufferedAnswer& operator=(const BufferedAnswer&) = delete;

  /// Both in one, as the sink of a call.
  [[nodiscard]] static std::shared_ptr<RowSink> sink(
      const std::shared_ptr<BufferedAnswer>& buffered) {
    return {buffered, &buffered->encoder};
  }

  json::AnswerEncoder& encoder;
  ByteCharge charge;
};

/// One that holds its encoder.
template <typename Encoder>
struct BufferedResult final : BufferedAnswer {
  template <typename... Arguments>
  explicit BufferedResult(InFlight& in_flight, Arguments&&... arguments)
      : BufferedAnswer(in_flight, own), own(std::forward<Arguments>(arguments)...) {
    own.ask_before_growing(
        [this](std::size_t bytes) { return charge.add(static_cast<std::int64_t>(bytes)); });
  }

  Encoder own;
};

/// One for an answer in this format.
[[nodiscard]] std::shared_ptr<BufferedAnswer> buffered_answer(InFlight& in_flight,
                                                              const json::AnswerFormat& format,
                                                              std::int64_t max_bytes);

}  // namespace sluice::gateway
