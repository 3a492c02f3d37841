#include "http/server.h"

#include <algorithm>
#include <atomic>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>

#include "http/dispatcher.h"
#include "http/listener.h"
#include "http/transport.h"

namespace sluice::http {
namespace {

class TransportServer final : public Server {
 public:
  TransportServer(const ServerOptions& options, Listener listener)
      : options_(options), listener_(std::move(listener)), address_(listener_.address()) {
    const unsigned cores = std::max(1u, std::thread::hardware_concurrency());
    const unsigned count = options.workers > 0 ? static_cast<unsigned>(options.workers) : cores;
    for (unsigned i = 0; i < count; ++i) loops_.push_back(std::make_unique<base::EpollLoop>(this));
  }
  ~TransportServer() override { stop(); }

  [[nodiscard]] std::vector<base::EpollLoop*> loops() override {
    std::vector<base::EpollLoop*> result;
    for (const auto& loop : loops_) result.push_back(loop.get());
    return result;
  }

  [[nodiscard]] std::string address() const override { return address_; }

  void run(const Router& router, std::function<void(const AccessRecord&)> access_log) override {
    access_log_ = std::move(access_log);
    dispatcher_.emplace(router, SitePolicy({.bound_host = listener_.host(),
                                            .allowed_hosts = options_.allowed_hosts,
                                            .cors_origins = options_.cors_origins}));
    workers_.emplace(WorkerEnvironment{.options = options_,
                                       .dispatcher = *dispatcher_,
                                       .access_log = access_log_,
                                       .loops = loops_,
                                       .busy_connections = busy_connections_},
                     listener_);
    workers_->start();
  }

  void start_accepting() override { workers_->start_accepting(); }

  void stop_accepting() override {
    if (std::exchange(stopped_accepting_, true)) return;
    if (workers_) workers_->stop_accepting();
  }

  [[nodiscard]] int busy_connections() const override { return busy_connections_; }

  void stop() override {
    if (workers_) workers_->stop();
    listener_.close();
  }

 private:
  const ServerOptions options_;
  Listener listener_;
  const std::string address_;
  std::vector<std::unique_ptr<base::EpollLoop>> loops_;
  std::atomic<int> busy_connections_{0};
  bool stopped_accepting_ = false;
  std::function<void(const AccessRecord&)> access_log_;
  std::optional<Dispatcher> dispatcher_;
  std::optional<Workers> workers_;
};

}  // namespace

Result<std::unique_ptr<Server>> Server::create(const ServerOptions& options) {
  auto listener = Listener::open(options.listen);
  if (!listener) return fail(listener.error());
  try {
    return std::make_unique<TransportServer>(options, std::move(*listener));
  } catch (const std::system_error& error) {
    Error failure;
    failure.message = std::string("cannot create the workers: ") + error.what();
    return fail(std::move(failure));
  }
}

}  // namespace sluice::http
