#include "http/http_connection.h"

#include <algorithm>
#include <array>
#include <utility>

namespace sluice::http {
namespace {

using namespace std::chrono_literals;
using Pistache::Http::Method;

constexpr std::size_t kMaxPipelined = 16;
constexpr std::size_t kMaxBacklog = 256 * 1024;  // of unsent answers, before reading pauses
constexpr int kMaxReadsPerTurn = 16;             // so that one fast sender does not starve others
constexpr auto kProbeDelay = 100ms;              // most half-closed clients are answered sooner
constexpr auto kFreshPatience = 1s;   // for the first request of a connection, while draining
constexpr auto kLingerPatience = 2s;  // for a client that has its last answer to go away
constexpr std::size_t kMaxRequestId = 128;

bool is_safe(Method method) {
  return method == Method::Get || method == Method::Head || method == Method::Options;
}

bool is_sane_id(std::string_view id) {
  return !id.empty() && id.size() <= kMaxRequestId && std::all_of(id.begin(), id.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == ':' || c == '-';
  });
}

std::string new_id(base::Random& random) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string id(32, '0');
  for (std::size_t half = 0; half < 2; ++half) {
    std::uint64_t bits = random();
    for (std::size_t i = 0; i < 16; ++i, bits >>= 4) id[half * 16 + i] = kDigits[bits & 15];
  }
  return id;
}

}  // namespace

HttpConnection::HttpConnection(ConnectionContext& context, std::unique_ptr<ByteStream> stream,
                               std::string client)
    : context_(context),
      stream_(std::move(stream)),
      client_(std::move(client)),
      parser_(context.options.max_head_bytes, context.options.max_body_bytes),
      timer_(context.loop.timers(), [this] { on_time(); }) {}

HttpConnection::~HttpConnection() { detach_all(); }

void HttpConnection::open() { settle(); }

void HttpConnection::turn_away() {
  const auto self = shared_from_this();
  refuse({503, "overloaded", "the server has as many connections as it takes; try again later"});
  write_answers();
  flush();
  settle();
}

void HttpConnection::on_ready(Readiness readiness) {
  if (state_ == State::kClosed) return;
  const auto self = shared_from_this();
  peer_finished_ |= readiness.peer_finished;
  unread_ |= readiness.readable || readiness.peer_finished || readiness.broken;
  if (readiness.writable) flush();
  read_input();
  if (readiness.broken && state_ != State::kClosed) return finish();
  settle();
}

// --- reading and dispatching

bool HttpConnection::takes_requests() const {
  return state_ == State::kServing && !last_request_in_ && !parked_ &&
         exchanges_.size() < kMaxPipelined && output_.size() < kMaxBacklog;
}

bool HttpConnection::may_read() const {
  if (!unread_ || input_ended_) return false;
  return state_ == State::kLingering || (takes_requests() && pending_.empty());
}

void HttpConnection::read_input() {
  for (int reads = 0; may_read(); ++reads) {
    if (reads == kMaxReadsPerTurn) return;  // `settle` sees to the rest
    std::vector<char>& buffer = context_.read_buffer;
    const IoResult result = stream_->read(buffer);
    switch (result.kind) {
      case IoResult::Kind::kWouldBlock:
        unread_ = false;
        return;
      case IoResult::Kind::kEnd:
        return on_end_of_input();
      case IoResult::Kind::kBroken:
        return finish();
      case IoResult::Kind::kDone:
        break;
    }
    // Edge-triggered: a short read has emptied the socket, unless an end is waiting behind it.
    if (result.bytes < buffer.size() && !peer_finished_) unread_ = false;
    if (state_ == State::kLingering) continue;  // nobody will read what is sent now
    const std::string_view input(buffer.data(), result.bytes);
    pending_.assign(input.substr(consume(input)));
  }
}

void HttpConnection::on_end_of_input() {
  unread_ = false;
  input_ended_ = true;
  if (state_ == State::kServing && in_flight()) probe_at_ = context_.loop.now() + kProbeDelay;
}

std::size_t HttpConnection::consume(std::string_view input) {
  const std::size_t size = input.size();
  in_turn_ = true;
  for (;;) {
    write_answers();
    if (parked_ && may_run(*parked_)) {
      run(std::exchange(parked_, nullptr));
      continue;
    }
    if (input.empty() || !takes_requests()) break;
    switch (parser_.feed(input)) {
      case RequestParser::Status::kNeedMore:
        break;
      case RequestParser::Status::kRefused:
        refuse(parser_.refusal());
        break;
      case RequestParser::Status::kComplete:
        admit(parser_.take());
        break;
    }
  }
  in_turn_ = false;
  if (last_request_in_) input = {};  // what follows the last request means nothing
  if (state_ == State::kServing) flush();
  return size - input.size();
}

void HttpConnection::consume_pending() {
  pending_at_ += consume(std::string_view(pending_).substr(pending_at_));
  if (pending_at_ < pending_.size()) return;
  pending_ = {};
  pending_at_ = 0;
}

void HttpConnection::admit(ParsedRequest parsed) {
  ++request_count_;
  awaiting_ = Awaiting::kNothing;
  input_by_ = base::TimePoint::max();
  if (!parsed.keep_alive || context_.draining) last_request_in_ = true;
  auto exchange = make_exchange(std::move(parsed));
  if (may_run(*exchange)) return run(std::move(exchange));
  parked_ = std::move(exchange);
}

/// Pipelined requests may run side by side only if none of them has effects (RFC 9112, 9.3.2).
bool HttpConnection::may_run(const HttpExchange& exchange) const {
  if (exchanges_.empty()) return true;
  return is_safe(exchange.request().method) && is_safe(exchanges_.back()->request().method);
}

void HttpConnection::run(std::shared_ptr<HttpExchange> exchange) {
  exchanges_.push_back(exchange);
  context_.dispatcher.dispatch(exchange);
}

std::shared_ptr<HttpExchange> HttpConnection::make_exchange(ParsedRequest parsed) {
  auto exchange = std::make_shared<HttpExchange>(*this, context_.loop);
  Request& request = exchange->mutable_request();
  request.method = parsed.method;
  request.version_minor = parsed.version_minor;
  request.path = parsed.target;
  request.headers = std::move(parsed.headers);
  request.body = std::move(parsed.body);
  request.client = client_;
  const std::string_view id = request.header("x-request-id");
  request.request_id = is_sane_id(id) ? std::string(id) : new_id(context_.random);
  request.received_at = context_.loop.now();
  exchange->target = std::move(parsed.target);
  exchange->host = std::move(parsed.host);
  return exchange;
}

void HttpConnection::refuse(const Refusal& refusal) {
  last_request_in_ = true;
  const bool was_in_turn = std::exchange(in_turn_, true);
  exchanges_.push_back(make_exchange(parser_.partial()));
  exchanges_.back()->respond_problem(refusal.status, refusal.code, refusal.detail);
  in_turn_ = was_in_turn;
}

// --- answering

void HttpConnection::answered() {
  if (in_turn_ || state_ != State::kServing) return;
  if (!exchanges_.front()->answered()) return;  // not its turn yet
  const auto self = shared_from_this();
  consume_pending();
  settle();
}

void HttpConnection::write_answers() {
  while (!exchanges_.empty() && exchanges_.front()->answered() && !last_answer_out_) {
    const auto exchange = std::move(exchanges_.front());
    exchanges_.pop_front();
    if (context_.draining || (input_ended_ && pending_.empty())) last_request_in_ = true;
    last_answer_out_ = last_request_in_ && !in_flight();
    write_answer(*exchange, last_answer_out_);
  }
}

void HttpConnection::write_answer(HttpExchange& exchange, bool last) {
  const Request& request = exchange.request();
  Response& response = exchange.response();
  const int status = response.status;
  const std::size_t bytes = response.body.size();
  AnswerFraming framing;
  framing.version_minor = request.version_minor;
  framing.head_only = request.method == Method::Head;
  framing.close = last;
  framing.request_id = request.request_id;
  framing.further_headers = exchange.cors_headers;
  context_.encoder.append(output_, framing, std::move(response));
  if (!context_.access_log) return;
  const auto elapsed = std::chrono::duration_cast<std::chrono::microseconds>(context_.loop.now() -
                                                                             request.received_at);
  context_.access_log({request, status, bytes, elapsed});
}

void HttpConnection::write_interim() {
  output_.small().append("HTTP/1.1 100 Continue\r\n\r\n");
  flush();
}

void HttpConnection::flush() {
  if (output_.empty() || state_ != State::kServing) return;
  const IoResult result = output_.flush(*stream_);
  if (result.kind == IoResult::Kind::kBroken) return finish();
  const bool stuck_before = output_by_ != base::TimePoint::max();
  if (output_.empty()) {
    output_by_ = base::TimePoint::max();
  } else if (result.bytes > 0 || !stuck_before) {
    output_by_ = context_.loop.now() + context_.options.write_timeout;
  }
}

// --- the end of a turn

void HttpConnection::settle() {
  if (state_ == State::kServing && exchanges_.empty() && parser_.take_expectation()) {
    write_interim();
  }
  if (state_ == State::kServing && is_finished()) linger();
  if (state_ == State::kClosed) return;
  if (state_ == State::kLingering && input_ended_) return finish();
  update_busy();
  await_input();
  if (may_read() || (!pending_.empty() && takes_requests())) resume_soon();
  start_timer();
}

bool HttpConnection::is_finished() const {
  if (!output_.empty() || in_flight()) return false;
  if (last_answer_out_ || input_ended_) return pending_.empty() || last_answer_out_;
  return context_.draining && !is_fresh() && !parser_.started();
}

void HttpConnection::update_busy() {
  bool busy = in_flight() || !output_.empty();
  if (context_.draining && (is_fresh() || parser_.started())) busy = true;
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
  const auto next = std::min({input_by_, output_by_, probe_at_, linger_until_});
  if (next == base::TimePoint::max() || (timer_.armed() && timer_.at() <= next)) return;
  timer_.arm(next);
}

void HttpConnection::on_time() {
  const auto self = shared_from_this();
  const auto now = context_.loop.now();
  if (now >= output_by_) return finish();
  if (now >= linger_until_) return finish();
  if (now >= probe_at_) {
    probe_at_ = base::TimePoint::max();
    // A client that only closed its sending side ignores this; one that has left answers with a
    // reset, and so its query can be cancelled. HTTP/1.0 knows no interim answers.
    const bool useful = !exchanges_.empty() && output_.empty();
    if (useful && exchanges_.front()->request().version_minor == 1) write_interim();
  }
  if (now >= input_by_) on_input_timeout();
  settle();
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
    const auto self = weak.lock();
    if (!self) return;
    self->resuming_ = false;
    if (self->state_ == State::kClosed) return;
    if (self->state_ == State::kServing) self->consume_pending();
    self->read_input();
    self->settle();
  });
}

void HttpConnection::drain() {
  const auto self = shared_from_this();
  if (state_ != State::kServing) return;
  unread_ = true;  // what has already arrived counts as begun
  read_input();
  if (awaiting_ == Awaiting::kRequest) awaiting_ = Awaiting::kNothing;  // patience is shorter now
  settle();
}

/// Closing a socket that still holds unread input resets the connection and may destroy the last
/// answer on its way. So: say that nothing more comes, and wait for the client to close.
void HttpConnection::linger() {
  if (input_ended_) return finish();
  state_ = State::kLingering;
  stream_->shut_down_writing();
  linger_until_ = context_.loop.now() + kLingerPatience;
  input_by_ = output_by_ = probe_at_ = base::TimePoint::max();
  pending_ = {};
}

void HttpConnection::abort() {
  if (state_ == State::kClosed) return;
  const auto self = shared_from_this();
  finish();
}

void HttpConnection::finish() {
  if (state_ == State::kClosed) return;
  state_ = State::kClosed;
  update_busy();
  timer_.disarm();
  stream_->close();
  detach_all();
}

void HttpConnection::detach_all() {
  const auto exchanges = std::move(exchanges_);
  exchanges_.clear();
  for (const auto& exchange : exchanges) exchange->detach();
  if (const auto parked = std::exchange(parked_, nullptr)) parked->detach();
}

}  // namespace sluice::http
