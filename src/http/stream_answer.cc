#include "http/stream_answer.h"

#include <utility>

namespace sluice::http {

/// Proxies are told not to wait for the end.
Response StreamAnswer::head(const Timings& timings) const {
  Response response;
  response.content_type = content_type_;
  response.headers.emplace_back("Server-Timing", server_timing(call_.auth, timings, {}));
  response.headers.emplace_back("Vary", "Accept");
  response.headers.emplace_back("X-Accel-Buffering", "no");
  return response;
}

bool StreamAnswer::take(std::string_view piece) {
  if (!std::exchange(begun_, true)) call_.exchange->begin(head({}));
  return call_.exchange->write(piece);
}

void StreamAnswer::complete(std::string_view last_piece, const Timings* timings) {
  if (timings) call_.gateway.request_metrics().record_stages({call_.auth, *timings, {}});
  if (!begun_) {
    Response response = head(timings ? *timings : Timings());
    response.body = last_piece;
    return call_.exchange->respond(std::move(response));
  }
  (void)call_.exchange->write(last_piece);
  call_.exchange->finish();
}

void StreamAnswer::refuse(const Error& error) { call_.respond(error); }

void StreamAnswer::fail(std::string_view last_piece) {
  (void)call_.exchange->write(last_piece);
  call_.exchange->break_off();
}

}  // namespace sluice::http
