#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "http/content_coding.h"
#include "http/exchange.h"

namespace sluice::http {

class HttpExchange;

/// Whom an exchange tells that it has something to send.
class AnswerSink {
 public:
  virtual ~AnswerSink() = default;
  virtual void answered() = 0;
  /// How much of the exchange's answer is on its way to the client and not sent yet.
  [[nodiscard]] virtual std::size_t unsent(const HttpExchange& exchange) const = 0;
  /// Whether answers may be compressed.
  [[nodiscard]] virtual bool compresses() const = 0;
};

/// One request of a connection, from its dispatch until its answer is written. The connection keeps
/// it in its queue; handlers see it through a handle, and a handler that drops its last handle
/// without an answer (a bug, but no reason to let a client hang) gets a 500 sent, or what it began
/// broken off. Everything happens on the connection's thread, except that the last handle may be
/// dropped on any.
class HttpExchange final : public Exchange, public std::enable_shared_from_this<HttpExchange> {
 public:
  HttpExchange(AnswerSink& sink, base::EventLoop& loop) : sink_(&sink), loop_(loop) {}

  [[nodiscard]] const Request& request() const override { return request_; }
  [[nodiscard]] base::EventLoop& loop() const override { return loop_; }
  void identify(std::string actor, bool sees_others) override;
  void concern(std::string db_id) override { request_.path_parameters["db_id"] = std::move(db_id); }
  [[nodiscard]] const manager::Origin& origin() const override { return origin_; }
  void admit(gateway::Admission admission) override { admission_ = std::move(admission); }
  void add_header_lines(std::string_view lines) override { header_lines.append(lines); }
  void respond(Response response) override;
  void on_client_gone(std::function<void()> gone) override;
  [[nodiscard]] Departure departure() const override { return departure_; }
  void begin(Response head) override;
  bool write(std::string_view piece) override;
  void on_drained(std::function<void()> drained) override;
  void finish() override;
  void break_off() override;

  /// What a handler is given.
  [[nodiscard]] static std::shared_ptr<Exchange> handle(std::shared_ptr<HttpExchange> exchange);

  /// Answers with a problem document.
  void respond_problem(int status, std::string code, std::string detail,
                       std::vector<std::pair<std::string, std::string>> headers = {});

  /// The connection has ended: nothing will be sent any more. Calls what `on_client_gone` was
  /// given.
  void detach(Departure why);

  /// Whether the whole answer is there.
  [[nodiscard]] bool answered() const { return answered_; }
  /// Whether its body comes in pieces.
  [[nodiscard]] bool streams() const { return streams_; }
  /// Whether that body stays incomplete.
  [[nodiscard]] bool broken_off() const { return broken_off_; }
  [[nodiscard]] Response& response() { return response_; }
  [[nodiscard]] int status() const { return response_.status; }
  [[nodiscard]] Request& mutable_request() { return request_; }
  /// What was written since the last time.
  [[nodiscard]] std::string take_written() { return std::exchange(written_, {}); }
  /// The client has taken so much that there is room for more.
  void tell_drained();

  std::string target;          ///< path and query as they came
  std::string host;            ///< whom the client wanted to talk to
  std::string header_lines;    ///< further ones for the answer, each with its CR LF
  std::size_t body_bytes = 0;  ///< of a streamed body, as it was sent
  bool head_sent = false;      ///< of a streamed answer

 private:
  [[nodiscard]] bool may_compress(const Response& response) const;
  [[nodiscard]] bool compress(Response& response);
  void leave_out_body(Response& response);
  void compress_in_slices(Response response);
  void compress_slice();
  bool append(std::string_view piece, Gzip::Then then);
  void end(bool broken_off);
  void give_up();

  AnswerSink* sink_;  // null once the connection has ended
  base::EventLoop& loop_;
  std::atomic<bool> settled_{false};  // nothing more is expected of the handler
  Departure departure_ = Departure::kNone;
  bool answered_ = false;
  bool streams_ = false;
  bool broken_off_ = false;
  bool full_ = false;  // whoever writes waits to be told that there is room
  Request request_;
  std::string actor_;
  manager::Origin origin_;
  gateway::Admission admission_;
  Response response_;
  std::string written_;  // of a streamed body, and not yet taken by the connection
  std::unique_ptr<Gzip> gzip_;
  std::string plain_;  // a body that is compressed in slices
  std::size_t plain_at_ = 0;
  std::function<void()> gone_;
  std::function<void()> drained_;
};

}  // namespace sluice::http
