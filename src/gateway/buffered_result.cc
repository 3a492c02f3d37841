#include "gateway/buffered_result.h"

#include <chrono>

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

}  // namespace sluice::gateway
