#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "http/exchange.h"

namespace sluice::http {

/// Whom an exchange tells that its answer is there.
class AnswerSink {
 public:
  virtual ~AnswerSink() = default;
  virtual void answered() = 0;
};

/// One request of a connection, from its dispatch until its answer is written. The connection keeps
/// it in its queue; handlers see it through a handle, and a handler that drops its last handle
/// without an answer (a bug, but no reason to let a client hang) gets a 500 sent. Everything
/// happens on the connection's thread, except that the last handle may be dropped on any.
class HttpExchange final : public Exchange {
 public:
  HttpExchange(AnswerSink& sink, base::EventLoop& loop) : sink_(&sink), loop_(loop) {}

  [[nodiscard]] const Request& request() const override { return request_; }
  [[nodiscard]] base::EventLoop& loop() const override { return loop_; }
  void identify(std::string actor) override;
  void concern(std::string db_id) override { request_.path_parameters["db_id"] = std::move(db_id); }
  [[nodiscard]] const manager::Origin& origin() const override { return origin_; }
  void admit(gateway::Admission admission) override { admission_ = std::move(admission); }
  void add_header_lines(std::string_view lines) override { header_lines.append(lines); }
  void respond(Response response) override;
  void on_client_gone(std::function<void()> gone) override;

  /// What a handler is given.
  [[nodiscard]] static std::shared_ptr<Exchange> handle(std::shared_ptr<HttpExchange> exchange);

  /// Answers with a problem document.
  void respond_problem(int status, std::string code, std::string detail,
                       std::vector<std::pair<std::string, std::string>> headers = {});

  /// The connection has ended: nothing will be sent any more. Calls what `on_client_gone` was
  /// given.
  void detach();

  [[nodiscard]] bool answered() const { return answered_; }
  [[nodiscard]] Response& response() { return response_; }
  [[nodiscard]] Request& mutable_request() { return request_; }

  std::string target;        ///< path and query as they came
  std::string host;          ///< whom the client wanted to talk to
  std::string header_lines;  ///< further ones for the answer, each with its CR LF

 private:
  AnswerSink* sink_;  // null once the connection has ended
  base::EventLoop& loop_;
  std::atomic<bool> answered_{false};
  Request request_;
  std::string actor_;
  manager::Origin origin_;
  gateway::Admission admission_;
  Response response_;
  std::function<void()> gone_;
};

}  // namespace sluice::http
