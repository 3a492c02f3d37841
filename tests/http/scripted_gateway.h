#pragma once

#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "gateway/gateway.h"
#include "http/api.h"
#include "http/server.h"
#include "http/test_client.h"
#include "manager/manager.h"
#include "support/fake_connection.h"

namespace sluice::http {

/// Scripted databases for several threads: each loop has databases of its own, which answer every
/// statement with its own text as the only row.
class EchoingDatabases final : public pool::ConnectorFactory {
 public:
  [[nodiscard]] std::unique_ptr<pool::Connector> make(const Target& target,
                                                      const DatabaseOptions& options,
                                                      base::EventLoop& loop) override {
    std::lock_guard lock(mutex_);
    auto& databases = of_loop_[&loop];
    databases.database(target.database).executes.always(testing::Answer::ok().echo());
    return databases.make(target, options, loop);
  }

 private:
  std::mutex mutex_;
  std::map<base::EventLoop*, testing::FakeConnectorFactory> of_loop_;
};

/// The whole gateway on a free port, in front of scripted databases: everything is real but the
/// connections. Everybody is admin.
class ScriptedGateway {
 public:
  explicit ScriptedGateway(const ServerOptions& options = default_options())
      : server_(make_server(options)),
        manager_({loops(), databases_, observer_, 1}),
        gateway_({manager_, events_, loops(), in_flight_, {}, {}}, rules()),
        api_(router_, gateway_) {
    add_all_routes(api_);
    server_->start(router_, nullptr);
  }
  ~ScriptedGateway() {
    std::promise<void> closed;
    manager_.close(std::chrono::seconds(0), [&closed] { closed.set_value(); });
    closed.get_future().wait();
    server_->stop();
  }

  [[nodiscard]] const Api& api() const { return api_; }

  static ServerOptions default_options() {
    ServerOptions options;
    options.listen = "127.0.0.1:0";
    options.workers = 2;
    return options;
  }

  [[nodiscard]] std::string address() const { return server_->address(); }
  [[nodiscard]] TestClient connect() const { return TestClient(address()); }
  [[nodiscard]] Server& server() { return *server_; }

 private:
  static std::unique_ptr<Server> make_server(const ServerOptions& options) {
    auto created = Server::create(options);
    if (!created) throw std::runtime_error(created.error().message);
    return std::move(*created);
  }
  [[nodiscard]] std::vector<base::EventLoop*> loops() const {
    const auto loops = server_->loops();
    return {loops.begin(), loops.end()};
  }
  static std::shared_ptr<const gateway::AccessRules> rules() {
    return std::make_shared<const gateway::AccessRules>(gateway::AccessRules{
        security::ApiKeys({}), security::HostRules::parse({"127.0.0.1"}).value(), {}});
  }

  EchoingDatabases databases_;
  Observer observer_;
  gateway::Events events_;
  gateway::InFlight in_flight_{{}};
  std::unique_ptr<Server> server_;
  manager::Manager manager_;
  gateway::Gateway gateway_;
  Router router_;
  Api api_;
};

}  // namespace sluice::http
