#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/event_loop.h"
#include "base/random.h"
#include "http/byte_stream.h"
#include "http/dispatcher.h"
#include "http/http_exchange.h"
#include "http/output_queue.h"
#include "http/request_parser.h"
#include "http/response_encoder.h"
#include "http/server.h"
#include "http/slow_reader.h"

namespace sluice::http {

/// What the connections of one worker share. Used on the worker's thread only.
struct ConnectionContext {
  base::EventLoop& loop;
  const ServerOptions& options;
  const Dispatcher& dispatcher;
  const std::function<void(const AccessRecord&)>& access_log;
  std::atomic<int>& busy_connections;
  base::Random random;
  bool draining = false;
  ResponseEncoder encoder{};
  std::vector<char> read_buffer = std::vector<char>(64 * 1024);
};

/// What the poller saw.
struct Readiness {
  bool readable = false;
  bool writable = false;
  bool peer_finished = false;  ///< the client will send nothing more: read to the end
  bool broken = false;         ///< both directions are dead
};

/// One client's connection, from accept to close: framing, keep-alive, pipelining, timeouts,
/// half-close and lingering. Knows nothing of sockets and pollers. Expects edge-triggered
/// readiness: it remembers what it has not read. Lives on one worker's thread; never blocks, never
/// throws. Owned by the transport through a shared_ptr until it calls ByteStream::close.
class HttpConnection final : public AnswerSink,
                             public std::enable_shared_from_this<HttpConnection> {
 public:
  HttpConnection(ConnectionContext& context, std::unique_ptr<ByteStream> stream,
                 std::string client);
  ~HttpConnection() override;

  /// Starts to wait for the first request.
  void open();
  /// Instead of `open`, when the server has no room: says so and closes.
  void turn_away();

  void on_ready(Readiness readiness);
  /// The server is about to stop: what has begun is still served.
  void drain();
  /// Ends at once, dropping whatever is unfinished.
  void abort();

  void answered() override;
  [[nodiscard]] std::size_t unsent(const HttpExchange& exchange) const override;
  [[nodiscard]] bool compresses() const override { return context_.options.gzip; }

 private:
  enum class State { kServing, kLingering, kClosed };
  enum class Awaiting { kNothing, kRequest, kHead, kBody };

  /// Keeps the connection alive for the length of a call from outside, and ends it, alone, if
  /// something unforeseen is thrown (no memory, say): nothing may escape into the reactor.
  template <typename Call>
  void guarded(Call call) {
    const auto self = shared_from_this();
    try {
      call();
    } catch (...) {
      finish();
    }
  }

  // Reading and dispatching.
  void read_input();
  [[nodiscard]] bool may_read() const;
  [[nodiscard]] bool takes_requests() const;
  void on_end_of_input();
  std::size_t consume(std::string_view input);
  void consume_pending();
  void admit(ParsedRequest parsed);
  [[nodiscard]] bool may_run(const HttpExchange& exchange) const;
  void run(std::shared_ptr<HttpExchange> exchange);
  [[nodiscard]] std::shared_ptr<HttpExchange> make_exchange(ParsedRequest parsed);
  void refuse(const Refusal& refusal);

  // Answering.
  void write_answers();
  void write_answer(HttpExchange& exchange, bool last);
  void write_pieces(HttpExchange& exchange);
  void end_pieces(const HttpExchange& exchange, BodyFraming body);
  void note_end(bool closes);
  [[nodiscard]] static AnswerFraming framing_of(const HttpExchange& exchange);
  void log_access(const HttpExchange& exchange, std::size_t bytes);
  void log_unfinished();
  void tell_of_room();
  void write_interim();
  void flush();

  // The end of a turn: what to wait for, and whether it is over.
  void settle();
  [[nodiscard]] bool in_flight() const { return !exchanges_.empty() || parked_; }
  [[nodiscard]] bool is_fresh() const { return request_count_ == 0 && !parser_.started(); }
  [[nodiscard]] bool is_finished() const;
  void update_busy();
  void await_input();
  void start_timer();
  void on_time();
  void on_input_timeout();
  void probe();
  void resume_soon();
  void resume();
  void linger();
  void finish();
  void give_up_client();
  void detach_all();

  ConnectionContext& context_;
  const std::unique_ptr<ByteStream> stream_;
  const std::string client_;
  State state_ = State::kServing;
  Departure departure_ = Departure::kLeft;  // what those who are not answered are told
  RequestParser parser_;
  OutputQueue output_;
  std::deque<std::shared_ptr<HttpExchange>> exchanges_;  // dispatched, in the order of arrival
  std::shared_ptr<HttpExchange> parked_;  // complete, but must wait for those before it
  std::string pending_;                   // read, but not parsed yet
  std::size_t pending_at_ = 0;
  std::size_t request_count_ = 0;
  bool in_turn_ = false;        // `answered` only takes notes
  bool unread_ = false;         // the socket may hold more
  bool peer_finished_ = false;  // an end of input is on its way
  bool input_ended_ = false;    // it was read
  bool last_request_in_ = false;
  bool last_answer_out_ = false;
  bool probed_ = false;
  bool until_close_ = false;  // the last answer ends with the connection
  bool spoiled_ = false;      // it is incomplete, and only a reset can tell
  bool resuming_ = false;
  bool counted_busy_ = false;
  Awaiting awaiting_ = Awaiting::kNothing;
  base::TimePoint input_by_ = base::TimePoint::max();
  SlowReader reader_;
  base::TimePoint probe_at_ = base::TimePoint::max();
  base::TimePoint linger_until_ = base::TimePoint::max();
  base::Timer timer_;
};

}  // namespace sluice::http
