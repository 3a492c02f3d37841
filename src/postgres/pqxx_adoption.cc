#include "postgres/pqxx_adoption.h"

#include <pqxx/pqxx>
#include <utility>

namespace sluice::postgres {
namespace {

/// libpqxx 6.4 opens and closes through a policy. Ours hands over what is open already, and closes
/// nothing: the PGconn outlives the pqxx object.
class AdoptionPolicy : public pqxx::connectionpolicy {
 public:
  explicit AdoptionPolicy(PGconn& open) : connectionpolicy({}), open_(open) {}

  handle do_startconnect(handle current) override { return current ? current : &open_; }
  handle do_completeconnect(handle current) override { return current; }
  handle do_dropconnect(handle) noexcept override { return let_go(); }
  handle do_disconnect(handle) noexcept override { return let_go(); }
  [[nodiscard]] bool let_go_of() const { return let_go_; }

 private:
  handle let_go() noexcept {
    let_go_ = true;
    return nullptr;
  }

  PGconn& open_;
  bool let_go_ = false;
};

struct PolicyHolder {
  explicit PolicyHolder(PGconn& open) : policy(open) {}
  AdoptionPolicy policy;
};

}  // namespace

class PqxxAdoption::Adopter : private PolicyHolder, public pqxx::connection_base {
 public:
  explicit Adopter(PGconn& open) : PolicyHolder(open), connection_base(policy) {
    init();
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
    // Otherwise 6.4 reconnects silently, and loses the session's state.
    inhibit_reactivation(true);
#pragma GCC diagnostic pop
  }
  ~Adopter() { close(); }

  [[nodiscard]] bool let_go() const { return policy.let_go_of(); }
};

PqxxAdoption::PqxxAdoption(ConnPtr connection)
    : connection_(std::move(connection)), adopter_(std::make_unique<Adopter>(*connection_)) {}

PqxxAdoption::~PqxxAdoption() = default;

void* PqxxAdoption::pqxx() { return static_cast<pqxx::connection_base*>(adopter_.get()); }

bool PqxxAdoption::closed_by_user() const { return adopter_->let_go(); }

void PqxxAdoption::renew() {
  adopter_.reset();
  adopter_ = std::make_unique<Adopter>(*connection_);
}

}  // namespace sluice::postgres
