#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/epoll_loop.h"
#include "http/exchange.h"
#include "http/router.h"
#include "sluice/result.h"

namespace sluice::http {

/// Where and how strictly to listen. Every limit is there because a client can otherwise hold
/// memory or connections for nothing.
struct ServerOptions {
  std::string listen = "127.0.0.1:8080";  ///< HOST:PORT, [V6]:PORT, or unix:/path; port 0: any
  int workers = 0;                        ///< 0: one per core
  int max_connections = 10'000;           ///< over all workers; more are answered 503 and closed
  std::size_t max_head_bytes = 16 * 1024;
  std::size_t max_body_bytes = 1024 * 1024;
  std::chrono::milliseconds head_timeout{
      10'000};  ///< from a request's first byte to its whole head
  std::chrono::milliseconds body_timeout{30'000};
  std::chrono::milliseconds idle_timeout{75'000};   ///< between requests
  std::chrono::milliseconds write_timeout{30'000};  ///< without progress on a slow reader
  std::int64_t min_read_bytes_per_second = 0;       ///< slower readers are dropped, see SlowReader
  bool gzip = true;                                 ///< compress answers when asked
  std::vector<std::string> cors_origins;            ///< empty: no CORS
  std::vector<std::string> allowed_hosts;  ///< Host values besides the listen address and loopback
};

/// What the access log and the metrics want to know of an answered request.
struct AccessRecord {
  const Request& request;
  const manager::Origin& origin;
  int status;
  std::size_t response_bytes;
  std::chrono::microseconds elapsed;
  bool incomplete = false;  ///< the body was broken off, or the client left in the middle of it
};

/// HTTP/1.1 on Pistache's reactor, with a transport of our own (docs/adr/0001). One worker thread
/// per reactor thread, each with one EpollLoop inside.
class Server {
 public:
  /// Binds and listens, but accepts nobody before `start_accepting`. Fails when the address cannot
  /// be had.
  [[nodiscard]] static Result<std::unique_ptr<Server>> create(const ServerOptions& options);
  virtual ~Server() = default;  ///< like `stop`

  /// The workers' loops, for those who do their work on them. They run from `run` on; tasks posted
  /// before wait for it. Valid as long as the server.
  [[nodiscard]] virtual std::vector<base::EpollLoop*> loops() = 0;
  /// The address with the real port: "127.0.0.1:8080".
  [[nodiscard]] virtual std::string address() const = 0;

  /// Starts the workers, without accepting anybody yet: what must exist before the first request
  /// can be made on their loops. The router must be complete, and outlive the server. Throws when
  /// the system has no descriptors or threads for them; then no loop runs.
  virtual void run(const Router& router, std::function<void(const AccessRecord&)> access_log) = 0;
  /// Begins to accept and serve. Once, after `run`.
  virtual void start_accepting() = 0;
  /// Both.
  void start(const Router& router, std::function<void(const AccessRecord&)> access_log) {
    run(router, std::move(access_log));
    start_accepting();
  }
  /// Closes the listener. Everything accepted is still served; idle keep-alive connections are
  /// closed, and each answer from now on says `Connection: close`.
  virtual void stop_accepting() = 0;
  /// Connections that still have a request in flight.
  [[nodiscard]] virtual int busy_connections() const = 0;
  /// Drops what is left and ends the threads.
  virtual void stop() = 0;
};

}  // namespace sluice::http
