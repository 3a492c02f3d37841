#pragma once

#include <sys/resource.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>

#include "base/timer.h"
#include "http/server.h"
#include "http/test_client.h"

namespace sluice::http {

/// A real server on a free port, with handlers that do what tests need:
///   /token/:token  answers with the token: at once, through a timer, or after a hop to another
///                  worker
///   /late/:token   answers with the token after 200 ms
///   /big           answers with 32 MiB
///   /hang          never answers, but counts clients that leave
///   /throws        throws
///   /echo          answers with the body
class ScriptedServer {
 public:
  explicit ScriptedServer(ServerOptions options = default_options()) {
    auto created = Server::create(options);
    if (!created) throw std::runtime_error(created.error().message);
    server_ = std::move(*created);
    add_routes();
    server_->start(router_, nullptr);
  }
  ~ScriptedServer() { server_->stop(); }

  static ServerOptions default_options() {
    ServerOptions options;
    options.listen = "127.0.0.1:0";
    options.workers = 2;
    return options;
  }

  [[nodiscard]] Server& server() { return *server_; }
  [[nodiscard]] std::string address() const { return server_->address(); }
  [[nodiscard]] TestClient connect() const { return TestClient(address()); }
  [[nodiscard]] int hanging() const { return hanging_; }
  [[nodiscard]] int gone() const { return gone_; }
  /// Requests for tokens so far.
  [[nodiscard]] unsigned tokens() const { return turn_; }

 private:
  void add_routes() {
    using Pistache::Http::Method;
    router_.add(Method::Get, "/token/:token", [this](auto exchange) { give_token(exchange); });
    router_.add(Method::Get, "/late/:token",
                [](auto exchange) { answer_by_timer(exchange, std::chrono::milliseconds(200)); });
    router_.add(Method::Get, "/big", [](auto exchange) {
      Response response;
      response.body.assign(32 << 20, 'b');
      exchange->respond(std::move(response));
    });
    router_.add(Method::Get, "/hang", [this](auto exchange) {
      ++hanging_;
      // The cycle ends when the client leaves or the server stops: nothing is leaked.
      exchange->on_client_gone([this, exchange] { ++gone_; });
    });
    router_.add(Method::Get, "/throws", [](auto) { throw std::runtime_error("secret"); });
    router_.add(Method::Post, "/echo", [](auto exchange) {
      Response response;
      response.body = exchange->request().body;
      exchange->respond(std::move(response));
    });
  }

  static void answer(Exchange& exchange) {
    Response response;
    response.body = exchange.request().path_parameters.at("token");
    exchange.respond(std::move(response));
  }

  void give_token(const std::shared_ptr<Exchange>& exchange) {
    switch (turn_++ % 3) {
      case 0:
        return answer(*exchange);
      case 1:
        return answer_by_timer(exchange, std::chrono::microseconds(300));
      default:
        return answer_by_hop(exchange);
    }
  }

  static void answer_by_timer(const std::shared_ptr<Exchange>& exchange, base::Duration delay) {
    struct Delayed {
      explicit Delayed(std::shared_ptr<Exchange> e)
          : exchange(std::move(e)), timer(exchange->loop().timers(), [this] {
              const auto self = std::move(me);
              answer(*exchange);
            }) {}
      std::shared_ptr<Exchange> exchange;
      std::shared_ptr<Delayed> me;
      base::Timer timer;
    };
    const auto delayed = std::make_shared<Delayed>(exchange);
    delayed->me = delayed;
    delayed->timer.arm(exchange->loop().now() + delay);
    // Like a cancelled query: whoever has gone is not answered.
    exchange->on_client_gone([weak = std::weak_ptr(delayed)] {
      const auto left = weak.lock();
      if (!left) return;
      left->timer.disarm();
      left->me.reset();
    });
  }

  void answer_by_hop(const std::shared_ptr<Exchange>& exchange) {
    const auto loops = server_->loops();
    base::EpollLoop* other = loops[turn_ % loops.size()];
    other->post(
        [exchange, home = &exchange->loop()] { home->post([exchange] { answer(*exchange); }); });
  }

  Router router_;
  std::unique_ptr<Server> server_;
  std::atomic<unsigned> turn_{0};
  std::atomic<int> hanging_{0};
  std::atomic<int> gone_{0};
};

/// Processor time of this process so far.
inline std::chrono::microseconds cpu_time() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return std::chrono::seconds(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         std::chrono::microseconds(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

/// Waits until the condition holds; false when it does not within ten seconds.
inline bool eventually(const std::function<bool()>& condition) {
  for (int i = 0; i < 1000; ++i) {
    if (condition()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return condition();
}

}  // namespace sluice::http
