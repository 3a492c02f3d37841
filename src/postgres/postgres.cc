#include "postgres/postgres.h"

#include <libpq-fe.h>

#include <utility>

#include "postgres/canceller.h"
#include "postgres/connector.h"
#include "postgres/resolver.h"

namespace sluice::postgres {
namespace {

/// OpenSSL clears up when the process ends, in the reverse order of first uses. A manager that is a
/// static object ends after whatever was first used later, and would log in without OpenSSL. So the
/// first use is here, before the manager is made; libpq hashes with OpenSSL.
void use_openssl_now() { PQfreemem(PQencryptPassword("", "")); }

class PostgresConnectorFactory final : public pool::ConnectorFactory {
 public:
  explicit PostgresConnectorFactory(const Options& options)
      : resolver_(options.resolver_threads),
        canceller_(options.cancel_threads),
        log_ins_("sluice-log-in", options.log_in_threads, TaskThreads::Urgency::kBackground) {}

  std::unique_ptr<pool::Connector> make(const Target& target, const DatabaseOptions& options,
                                        base::EventLoop& loop) override {
    return std::make_unique<Connector>(std::make_shared<ConnectorState>(
        target, options, loop, Helpers{resolver_, canceller_, log_ins_}));
  }

 private:
  Resolver resolver_;
  Canceller canceller_;
  TaskThreads log_ins_;
};

}  // namespace

std::unique_ptr<pool::ConnectorFactory> make_connector_factory(const Options& options) {
  use_openssl_now();
  return std::make_unique<PostgresConnectorFactory>(options);
}

std::string libpq_version() {
  const int number = PQlibVersion();  // 150008
  return std::to_string(number / 10'000) + "." + std::to_string(number % 10'000);
}

}  // namespace sluice::postgres
