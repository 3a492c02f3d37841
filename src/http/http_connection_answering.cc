// What a connection sends: whole answers, and answers whose body comes in pieces, in the order of
// their requests. The rest is in http_connection.cc.
#include <chrono>
#include <string>
#include <utility>

#include "http/http_connection.h"

namespace sluice::http {
namespace {

/// Less than that is unsent: whoever writes a body may go on.
constexpr std::size_t kRoomAgain = 64 * 1024;

}  // namespace

void HttpConnection::answered() {
  if (in_turn_ || state_ != State::kServing) return;
  const HttpExchange& first = *exchanges_.front();
  if (!first.answered() && !first.streams()) return;  // not its turn yet
  guarded([this] {
    consume_pending();
    settle();
  });
}

std::size_t HttpConnection::unsent(const HttpExchange& exchange) const {
  const bool has_its_turn = !exchanges_.empty() && exchanges_.front().get() == &exchange;
  return has_its_turn ? output_.size() : 0;
}

void HttpConnection::write_answers() {
  while (!exchanges_.empty() && !last_answer_out_) {
    const auto exchange = exchanges_.front();
    if (exchange->streams()) {
      write_pieces(*exchange);
    } else if (exchange->answered()) {
      exchanges_.pop_front();
      note_end(false);
      write_answer(*exchange, last_answer_out_);
    }
    if (!exchange->answered()) return;
  }
}

/// An answer is complete, and its exchange has left the queue.
void HttpConnection::note_end(bool closes) {
  if (closes || context_.draining || (input_ended_ && pending_.empty())) last_request_in_ = true;
  last_answer_out_ = closes || (last_request_in_ && !in_flight());
  if (closes) detach_all();  // nobody will be answered any more
}

void HttpConnection::write_answer(HttpExchange& exchange, bool last) {
  const std::size_t bytes = exchange.response().body.size();
  AnswerFraming framing = framing_of(exchange);
  framing.close = last;
  context_.encoder.append(output_, framing, std::move(exchange.response()));
  log_access(exchange, bytes);
}

AnswerFraming HttpConnection::framing_of(const HttpExchange& exchange) {
  AnswerFraming framing;
  framing.version_minor = exchange.request().version_minor;
  framing.head_only = exchange.request().method == Pistache::Http::Method::Head;
  framing.request_id = exchange.request().request_id;
  framing.further_headers = exchange.header_lines;
  return framing;
}

void HttpConnection::write_pieces(HttpExchange& exchange) {
  const bool chunked = exchange.request().version_minor == 1;
  const auto body = chunked ? BodyFraming::kChunked : BodyFraming::kUntilClose;
  if (!std::exchange(exchange.head_sent, true)) {
    last_request_in_ |= !chunked || context_.draining;
    until_close_ = !chunked;
    AnswerFraming framing = framing_of(exchange);
    framing.body = body;
    framing.close = !chunked || (last_request_in_ && exchanges_.size() == 1 && !parked_);
    context_.encoder.append_head(output_.small(), framing, exchange.response());
  }
  std::string written = exchange.take_written();
  exchange.body_bytes += written.size();
  append_piece(output_, body, std::move(written));
  if (exchange.answered()) end_pieces(exchange, body);
}

void HttpConnection::end_pieces(const HttpExchange& exchange, BodyFraming body) {
  const auto ended = std::move(exchanges_.front());
  exchanges_.pop_front();
  const bool whole = !exchange.broken_off();
  const bool head_only = exchange.request().method == Pistache::Http::Method::Head;
  if (whole && !head_only) append_end(output_, body);
  spoiled_ = !whole && body == BodyFraming::kUntilClose;
  note_end(!whole || body == BodyFraming::kUntilClose);
  log_access(exchange, exchange.body_bytes);
}

void HttpConnection::log_access(const HttpExchange& exchange, std::size_t bytes) {
  if (!context_.access_log) return;
  const Request& request = exchange.request();
  const auto elapsed = std::chrono::duration_cast<std::chrono::microseconds>(context_.loop.now() -
                                                                             request.received_at);
  context_.access_log({request, exchange.origin(), exchange.status(), bytes, elapsed,
                       exchange.streams() && (!exchange.answered() || exchange.broken_off())});
}

void HttpConnection::write_interim() {
  output_.small().append("HTTP/1.1 100 Continue\r\n\r\n");
  flush();
}

void HttpConnection::flush() {
  if (output_.empty() || state_ != State::kServing) return;
  const IoResult result = output_.flush(*stream_);
  if (result.kind == IoResult::Kind::kBroken) return finish();
  output_.empty() ? reader_.caught_up() : reader_.took(result.bytes, context_.loop.now());
}

/// Whoever writes the body that is being sent may go on.
void HttpConnection::tell_of_room() {
  if (state_ != State::kServing || exchanges_.empty() || output_.size() > kRoomAgain) return;
  const auto first = exchanges_.front();
  if (first->streams()) first->tell_drained();
}

/// A body that is being sent ends here.
void HttpConnection::log_unfinished() {
  if (exchanges_.empty() || !exchanges_.front()->head_sent) return;
  log_access(*exchanges_.front(), exchanges_.front()->body_bytes);
}

}  // namespace sluice::http
