#pragma once

#include <cstdint>
#include <memory>
#include <variant>

#include "json/neon_encoder.h"
#include "json/result_encoder.h"

namespace sluice::json {

/// How an answer is to be written.
using AnswerFormat = std::variant<ResultFormat, NeonFormat>;

/// The encoder of a format.
template <typename Format>
struct EncoderOf;
template <>
struct EncoderOf<ResultFormat> {
  using Type = ResultEncoder;
};
template <>
struct EncoderOf<NeonFormat> {
  using Type = NeonEncoder;
};

[[nodiscard]] inline std::unique_ptr<AnswerEncoder> make_encoder(const AnswerFormat& format,
                                                                 std::int64_t max_bytes) {
  return std::visit(
      [max_bytes]<typename Format>(const Format& wanted) -> std::unique_ptr<AnswerEncoder> {
        return std::make_unique<typename EncoderOf<Format>::Type>(wanted, max_bytes);
      },
      format);
}

}  // namespace sluice::json
