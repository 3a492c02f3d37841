#pragma once

#include <pistache/reactor.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "base/epoll_loop.h"
#include "http/acceptor.h"
#include "http/http_connection.h"

namespace sluice::http {

/// What all workers of a server share.
struct WorkerEnvironment {
  const ServerOptions& options;
  const Dispatcher& dispatcher;
  const std::function<void(const AccessRecord&)>& access_log;
  std::vector<std::unique_ptr<base::EpollLoop>>& loops;
  std::atomic<int>& busy_connections;
};

/// The connections of one worker thread, on the poller of a Pistache reactor. It serves every event
/// itself: sockets are registered under tags of its own, (generation, slot), so that an event of a
/// closed socket never meets its successor; and the worker's EpollLoop is registered with the
/// poller as one more descriptor, so timers, mailbox and databases live on the same thread.
/// Used on its own thread only, but for `connection_count`. Nothing may throw out of onReady.
class Worker final : public Pistache::Aio::Handler {
 public:
  Worker(const WorkerEnvironment& environment, base::EpollLoop& loop);
  ~Worker() override;

  [[nodiscard]] std::shared_ptr<Pistache::Aio::Handler> clone() const override;
  void registerPoller(Pistache::Polling::Epoll& poller) override;
  void onReady(const Pistache::Aio::FdSet& events) override;

  void adopt(NewConnection& connection);
  void drain();
  void abort_all();

  /// From any thread. Counted up by whoever hands a connection over, and down when it ends.
  [[nodiscard]] std::atomic<int>& connection_count() { return connection_count_; }

 private:
  struct Slot {
    std::shared_ptr<HttpConnection> connection;
    int fd = -1;
    std::uint32_t generation = 1;
  };

  void serve(std::uint64_t tag, Readiness readiness);
  [[nodiscard]] std::uint32_t free_slot();
  void release(std::uint32_t index);
  [[nodiscard]] std::vector<std::shared_ptr<HttpConnection>> connections() const;

  base::EpollLoop& loop_;
  ConnectionContext context_;
  std::vector<Slot> slots_;
  std::vector<std::uint32_t> free_;
  std::atomic<int> connection_count_{0};
  bool thread_adopted_ = false;
};

/// The worker threads of a server: a Pistache reactor with one Worker and one EpollLoop per thread,
/// and the acceptor, which lives on the first of them. Started once. Any thread but the workers'
/// own.
class Workers {
 public:
  Workers(const WorkerEnvironment& environment, Listener& listener);
  ~Workers();  ///< like `stop`

  void start();  ///< throws as Server::run
  void start_accepting();
  void stop_accepting();
  void stop();

 private:
  void hand_over(std::shared_ptr<NewConnection> connection);
  [[nodiscard]] std::size_t least_loaded();
  void on_every_worker_and_wait(const std::function<void(std::size_t)>& task);

  const WorkerEnvironment environment_;
  std::shared_ptr<Pistache::Aio::Reactor> reactor_;
  std::vector<std::shared_ptr<Worker>> workers_;
  Acceptor acceptor_;
  std::size_t next_ = 0;  // where the search for the least loaded worker begins
};

}  // namespace sluice::http
