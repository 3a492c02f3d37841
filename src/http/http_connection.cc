#include "http/http_connection.h"

#include <algorithm>
#include <utility>

#include "http/request_id.h"

namespace sluice::http {
namespace {

using Pistache::Http::Method;

constexpr std::size_t kMaxPipelined = 16;
constexpr std::size_t kMaxBacklog = 256 * 1024;  // of unsent answers, before reading pauses
constexpr int kMaxReadsPerTurn = 16;             // so that one fast sender does not starve others

bool is_safe(Method method) {
  return method == Method::Get || method == Method::Head || method == Method::Options;
}

}  // namespace

HttpConnection::HttpConnection(ConnectionContext& context, std::unique_ptr<ByteStream> stream,
                               std::string client)
    : context_(context),
      stream_(std::move(stream)),
      client_(std::move(client)),
      parser_(context.options.max_head_bytes, context.options.max_body_bytes),
      reader_({context.options.write_timeout, context.options.min_read_bytes_per_second}),
      timer_(context.loop.timers(), [this] { on_time(); }) {}

HttpConnection::~HttpConnection() { detach_all(); }

void HttpConnection::open() {
  guarded([this] { settle(); });
}

void HttpConnection::turn_away() {
  guarded([this] {
    refuse({503, "overloaded", "the server has as many connections as it takes; try again later"});
    consume({});
    settle();
  });
}

void HttpConnection::on_ready(Readiness readiness) {
  if (state_ == State::kClosed) return;
  guarded([this, readiness] {
    peer_finished_ |= readiness.peer_finished;
    unread_ |= readiness.readable || readiness.peer_finished || readiness.broken;
    if (readiness.writable) flush();
    read_input();
    if (readiness.broken) return finish();
    settle();
  });
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
  peer_finished_ = true;
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
  request.request_id = request_id(request.header("x-request-id"), context_.random);
  request.received_at = context_.loop.now();
  exchange->target = std::move(parsed.target);
  exchange->host = std::move(parsed.host);
  return exchange;
}

void HttpConnection::refuse(const Refusal& refusal) {
  last_request_in_ = true;
  const bool was_in_turn = std::exchange(in_turn_, true);
  exchanges_.push_back(make_exchange(parser_.partial()));
  context_.dispatcher.let_pages_read(*exchanges_.back());
  std::vector<std::pair<std::string, std::string>> headers;
  if (refusal.status == 503) headers.emplace_back("Retry-After", "1");
  exchanges_.back()->respond_problem(refusal.status, refusal.code, refusal.detail,
                                     std::move(headers));
  in_turn_ = was_in_turn;
}

}  // namespace sluice::http
