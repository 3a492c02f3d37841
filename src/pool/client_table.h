#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>

#include "base/time.h"

namespace sluice::pool {

/// Names whoever shares a pool with others. 0: nobody in particular.
using ClientId = std::uint64_t;

struct WaiterNode;

/// What one client has of a pool.
struct Client {
  int lent = 0;     ///< connections; one that several share counts for the first of them
  int waiting = 0;  ///< callers in the queue

  // Since shares were judged last (fair_shares.h):
  base::Duration taken{};  ///< for how long it had connections, all of them together
  int most = 0;            ///< how many it had or wanted at once
  bool greedy = false;     ///< it was found to ask for more than its share

  WaiterNode* first = nullptr;  ///< of its callers in the queue, the one that came first
  WaiterNode* last = nullptr;
  Client* before = nullptr;  ///< in the ring of clients with callers in the queue
  Client* after = nullptr;
};

/// The clients of a pool. References stay valid as long as a client has or wants something; those
/// who do not are forgotten now and then, so that many that come once cost no memory. A client that
/// is known costs no allocation.
class ClientTable {
 public:
  Client& of(ClientId id) {
    if (last_ && id == last_id_) return *last_;
    return find(id);
  }
  [[nodiscard]] std::size_t size() const { return clients_.size(); }
  template <typename Action>
  void for_each(Action action) {
    for (auto& [id, client] : clients_) action(client);
  }

 private:
  Client& find(ClientId id);
  void forget_idle();

  static constexpr std::size_t kFewest = 256;

  std::unordered_map<ClientId, Client> clients_;
  std::size_t forget_at_ = kFewest;
  ClientId last_id_ = 0;
  Client* last_ = nullptr;
};

}  // namespace sluice::pool
