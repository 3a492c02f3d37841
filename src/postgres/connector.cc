#include "postgres/connector.h"

#include <utility>

#include "postgres/connecting.h"

namespace sluice::postgres {

std::shared_ptr<TypeCatalog> ConnectorState::types() {
  auto known = types_.lock();
  if (!known) types_ = known = std::make_shared<TypeCatalog>();
  return known;
}

std::unique_ptr<pool::ConnectAttempt> Connector::connect(base::Deadline deadline,
                                                         Connected connected) {
  return std::make_unique<Connecting>(state_, deadline, std::move(connected));
}

}  // namespace sluice::postgres
