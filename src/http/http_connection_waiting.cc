// What a connection waits for at the end of each turn, what happens when that does not come, and
// how it ends. The rest is in http_connection.cc.
#include <algorithm>
#include <chrono>
#include <utility>

#include "http/http_connection.h"

namespace sluice::http {
namespace {

using namespace std::chrono_literals;

constexpr auto kProbeDelay = 100ms;   // most half-closed clients are answered sooner
constexpr auto kFreshPatience = 1s;   // for the first request of a connection, while draining
constexpr auto kLingerPatience = 2s;  // for a client that has its last answer to go away

}  // namespace

void HttpConnection::settle() {
  if (state_ == State::kServing && exchanges_.empty() && parser_.take_expectation()) {
    write_interim();
  }
  if (state_ == State::kServing && is_finished()) linger();
  if (state_ == State::kClosed) return;
  if (state_ == State::kLingering && input_ended_) return finish();
  update_busy();
  if (peer_finished_ && in_flight() && !std::exchange(probed_, true)) {
    probe_at_ = context_.loop.now() + kProbeDelay;
  }
  tell_of_room();
  if (state_ == State::kClosed) return;
  await_input();
  if (may_read() || (!pending_.empty() && takes_requests())) resume_soon();
  start_timer();
}

bool HttpConnection::is_finished() const {
  if (!output_.empty() || in_flight()) return false;
  if (last_answer_out_ || input_ended_) return pending_.empty() || last_answer_out_;
  return context_.draining && !is_fresh() && !parser_.started() && pending_.empty();
}

void HttpConnection::update_busy() {
  bool busy = in_flight() || !output_.empty();
  if (context_.draining && (is_fresh() || parser_.started() || !pending_.empty())) busy = true;
  if (state_ != State::kServing) busy = false;
  if (busy == counted_busy_) return;
  counted_busy_ = busy;
  context_.busy_connections += busy ? 1 : -1;
}

/// Sets the deadline for what the client has to send next. Runs once per turn, so it only touches
/// the clock when the kind of waiting changes.
void HttpConnection::await_input() {
  Awaiting now_awaiting = Awaiting::kNothing;
  if (state_ == State::kServing && takes_requests() && !input_ended_) {
    if (parser_.in_body())
      now_awaiting = Awaiting::kBody;
    else if (parser_.started())
      now_awaiting = Awaiting::kHead;
    else if (!in_flight() && output_.empty())
      now_awaiting = Awaiting::kRequest;
  }
  if (now_awaiting == awaiting_) return;
  awaiting_ = now_awaiting;
  const auto now = context_.loop.now();
  switch (awaiting_) {
    case Awaiting::kNothing:
      input_by_ = base::TimePoint::max();
      break;
    case Awaiting::kHead:
      input_by_ = now + context_.options.head_timeout;
      break;
    case Awaiting::kBody:
      input_by_ = now + context_.options.body_timeout;
      break;
    case Awaiting::kRequest:
      input_by_ = now + (context_.draining ? kFreshPatience : context_.options.idle_timeout);
      break;
  }
}

/// The timer is left armed when it would fire too early: firing once for nothing is cheaper than
/// moving it with every request.
void HttpConnection::start_timer() {
  const auto next = std::min({input_by_, reader_.due(), probe_at_, linger_until_});
  if (next == base::TimePoint::max() || (timer_.armed() && timer_.at() <= next)) return;
  timer_.arm(next);
}

void HttpConnection::on_time() {
  guarded([this] {
    const auto now = context_.loop.now();
    if (now >= linger_until_) return finish();
    if (now >= reader_.due()) flush();  // the poller tells of room only when there is much of it
    if (state_ == State::kClosed) return;
    if (reader_.given_up(now)) return give_up_client();
    if (now >= probe_at_) probe();
    if (now >= input_by_) on_input_timeout();
    settle();
  });
}

/// A client that only closed its sending side ignores this; one that has left answers with a reset,
/// and so its query can be cancelled. HTTP/1.0 knows no interim answers, and none may come inside
/// an answer.
void HttpConnection::probe() {
  probe_at_ = base::TimePoint::max();
  if (exchanges_.empty() || !output_.empty()) return;
  const HttpExchange& first = *exchanges_.front();
  if (first.request().version_minor == 1 && !first.head_sent) write_interim();
}

void HttpConnection::on_input_timeout() {
  input_by_ = base::TimePoint::max();
  if (awaiting_ == Awaiting::kRequest) return finish();
  refuse({408, "request_timeout", "the request did not arrive in time"});
  consume({});
}

/// Later, because the worker's buffer may be in use right now: this may run inside the handler of
/// another connection.
void HttpConnection::resume_soon() {
  if (std::exchange(resuming_, true)) return;
  context_.loop.post([weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->guarded([&self] { self->resume(); });
  });
}

void HttpConnection::resume() {
  resuming_ = false;
  if (state_ == State::kClosed) return;
  if (state_ == State::kServing) consume_pending();
  read_input();
  settle();
}

void HttpConnection::drain() {
  if (state_ != State::kServing) return;
  guarded([this] {
    unread_ = true;  // what has already arrived counts as begun
    read_input();
    if (awaiting_ == Awaiting::kRequest) awaiting_ = Awaiting::kNothing;  // patience is shorter now
    settle();
  });
}

/// Closing a socket that still holds unread input resets the connection and may destroy the last
/// answer on its way. So: say that nothing more comes, and wait for the client to close.
void HttpConnection::linger() {
  if (input_ended_ || spoiled_) return finish();
  state_ = State::kLingering;
  stream_->shut_down_writing();
  linger_until_ = context_.loop.now() + kLingerPatience;
  input_by_ = probe_at_ = base::TimePoint::max();
  reader_.caught_up();
  pending_ = {};
}

void HttpConnection::abort() {
  guarded([this] { finish(); });
}

void HttpConnection::finish() {
  if (state_ == State::kClosed) return;
  state_ = State::kClosed;
  update_busy();
  timer_.disarm();
  log_unfinished();
  spoiled_ |= until_close_ && (in_flight() || !output_.empty());
  if (spoiled_) stream_->spoil();
  stream_->close();
  detach_all();
}

void HttpConnection::give_up_client() {
  departure_ = Departure::kGivenUp;
  finish();
}

void HttpConnection::detach_all() {
  const auto exchanges = std::move(exchanges_);
  exchanges_.clear();
  for (const auto& exchange : exchanges) exchange->detach(departure_);
  if (const auto parked = std::exchange(parked_, nullptr)) parked->detach(departure_);
}

}  // namespace sluice::http
