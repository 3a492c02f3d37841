#include "http/stream_answer.h"

#include <utility>

namespace sluice::http {
namespace {

metrics::StreamEnd end_of(const Error& error) {
  if (error.code == ErrorCode::kQueryTimeout) return metrics::StreamEnd::kTimeout;
  return error.code == ErrorCode::kCancelled ? metrics::StreamEnd::kCancelled
                                             : metrics::StreamEnd::kFailed;
}

}  // namespace

/// Proxies are told not to wait for the end.
Response StreamAnswer::head(const Timings& timings) const {
  Response response;
  response.content_type = content_type_;
  response.headers.emplace_back("Server-Timing", server_timing(call_.auth, timings, {}));
  response.headers.emplace_back("Vary", "Accept");
  response.headers.emplace_back("X-Accel-Buffering", "no");
  return response;
}

void StreamAnswer::begin() {
  begun_ = true;
  metrics().count_stream_start();
}

bool StreamAnswer::write(std::string_view piece) {
  metrics().count_stream_bytes(piece.size());
  return call_.exchange->write(piece);
}

/// The client's own end comes first: what follows it is only the consequence.
void StreamAnswer::count_end(metrics::StreamEnd end) const {
  const Departure departure = call_.exchange->departure();
  if (departure == Departure::kLeft) end = metrics::StreamEnd::kClientGone;
  if (departure == Departure::kGivenUp) end = metrics::StreamEnd::kSlowReader;
  metrics().count_stream_end(end);
}

bool StreamAnswer::take(std::string_view piece) {
  if (!begun_) {
    begin();
    call_.exchange->begin(head({}));
  }
  return write(piece);
}

void StreamAnswer::complete(std::string_view last_piece, const Timings* timings) {
  if (timings) metrics().record_stages({call_.auth, *timings, {}});
  if (!begun_) return complete_at_once(last_piece, timings ? *timings : Timings());
  (void)write(last_piece);
  count_end(metrics::StreamEnd::kComplete);
  call_.exchange->finish();
}

void StreamAnswer::complete_at_once(std::string_view whole, const Timings& timings) {
  begin();
  metrics().count_stream_bytes(whole.size());
  count_end(metrics::StreamEnd::kComplete);
  Response response = head(timings);
  response.body = whole;
  call_.exchange->respond(std::move(response));
}

void StreamAnswer::refuse(const Error& error) { call_.respond(error); }

void StreamAnswer::fail(std::string_view last_piece, const Error& error) {
  (void)write(last_piece);
  count_end(end_of(error));
  call_.exchange->break_off();
}

}  // namespace sluice::http
