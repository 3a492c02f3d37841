#include "pool/client_table.h"

#include <algorithm>

namespace sluice::pool {

Client& ClientTable::find(ClientId id) {
  auto found = clients_.find(id);
  if (found == clients_.end()) {
    if (clients_.size() >= forget_at_) forget_idle();
    found = clients_.emplace(id, Client{}).first;
  }
  last_id_ = id;
  last_ = &found->second;
  return found->second;
}

void ClientTable::forget_idle() {
  std::erase_if(clients_,
                [](const auto& each) { return each.second.lent == 0 && each.second.waiting == 0; });
  forget_at_ = std::max(kFewest, 2 * clients_.size());
}

}  // namespace sluice::pool
