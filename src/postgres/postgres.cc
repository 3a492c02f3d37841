#include "postgres/postgres.h"

#include <libpq-fe.h>

#include <utility>

#include "postgres/canceller.h"
#include "postgres/connector.h"
#include "postgres/resolver.h"

namespace sluice::postgres {
namespace {

class PostgresConnectorFactory final : public pool::ConnectorFactory {
 public:
  explicit PostgresConnectorFactory(const Options& options)
      : resolver_(options.resolver_threads), canceller_(options.cancel_threads) {}

  std::unique_ptr<pool::Connector> make(const Target& target, const DatabaseOptions& options,
                                        base::EventLoop& loop) override {
    return std::make_unique<Connector>(
        std::make_shared<ConnectorState>(target, options, loop, resolver_, canceller_));
  }

 private:
  Resolver resolver_;
  Canceller canceller_;
};

}  // namespace

std::unique_ptr<pool::ConnectorFactory> make_connector_factory(const Options& options) {
  return std::make_unique<PostgresConnectorFactory>(options);
}

std::string libpq_version() {
  const int number = PQlibVersion();  // 150008
  return std::to_string(number / 10'000) + "." + std::to_string(number % 10'000);
}

}  // namespace sluice::postgres
