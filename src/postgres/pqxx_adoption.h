#pragma once

#include <libpq-fe.h>

#include <memory>

#include "postgres/pg_handles.h"

namespace sluice::postgres {

/// A PostgreSQL connection as libpqxx sees it: an open PGconn and the pqxx connection object that
/// has adopted it, without any network traffic. Owns both. All that differs between versions of
/// libpqxx is in the .cc file.
class PqxxAdoption {
 public:
  /// May throw what libpqxx throws.
  explicit PqxxAdoption(ConnPtr connection);
  ~PqxxAdoption();
  PqxxAdoption(const PqxxAdoption&) = delete;
  PqxxAdoption& operator=(const PqxxAdoption&) = delete;

  [[nodiscard]] PGconn& raw() const { return *connection_; }
  /// The pqxx::connection_base, for <sluice/pqxx.h>.
  [[nodiscard]] void* pqxx();
  /// Whether somebody closed the connection through libpqxx; it is of no more use then.
  [[nodiscard]] bool closed_by_user() const;
  /// Replaces the pqxx object by a new one, which remembers nothing of its user (statements,
  /// variables, handlers). The connection itself stays open.
  void renew();

 private:
  class Adopter;

  ConnPtr connection_;
  std::unique_ptr<Adopter> adopter_;
};

}  // namespace sluice::postgres
