#include "gateway/buffered_result.h"

#include <chrono>
#include <variant>

namespace sluice::gateway {

Error judged(Error error, bool starved) {
  if (error.code != ErrorCode::kResultTooLarge || !starved) return error;
  error.code = ErrorCode::kOverloaded;
  error.message =
      "the results under way need all the memory that server.max_in_flight_bytes allows, and this "
      "one did not fit beside them; try again, or ask for fewer rows or columns";
  error.fault = Fault::kOverload;
  error.retryable = true;  // it was a read, or was rolled back
  error.retry_after = std::chrono::seconds(1);
  return error;
}

std::shared_ptr<BufferedAnswer> buffered_answer(InFlight& in_flight,
                                                const json::AnswerFormat& format,
                                                std::int64_t max_bytes) {
  return std::visit(
      [&]<typename Format>(const Format& wanted) -> std::shared_ptr<BufferedAnswer> {
        using Encoder = typename json::EncoderOf<Format>::Type;
        return std::make_shared<BufferedResult<Encoder>>(in_flight, wanted, max_bytes);
      },
      format);
}

}  // namespace sluice::gateway
