#pragma once

#include <pqxx/pqxx>
#include <string_view>
#include <type_traits>
#include <utility>

#include "sluice/export.h"
#include "sluice/lease.h"
#include "sluice/pool_manager.h"

namespace sluice {

/// The leased connection, for libpqxx: `pqxx::work transaction(sluice::pqxx_connection(lease));`.
/// Valid until the lease is given back. Destroy transactions, prepared streams and notification
/// receivers before that. Calls through it block the calling thread. Do not close it: the lease
/// does that, if need be. A connection that breaks is not reconnected (libpqxx would lose the
/// session's state); take another lease. Throws std::logic_error when the lease is empty.
[[nodiscard]] SLUICE_API pqxx::connection_base& pqxx_connection(const Lease& lease);

/// What libpqxx says of a transaction that failed on this lease, as an Error. libpqxx keeps the
/// SQLSTATE and the text only, so the other fields of `Error::sql` are empty. Its in_doubt_error
/// (the answer to a COMMIT was lost) has an unknown outcome; everything else was rolled back.
[[nodiscard]] SLUICE_API Error to_error(const pqxx::failure& failure, const Lease& lease);

/// Runs `function(transaction)` in a transaction on a leased connection, commits, and gives what
/// the function returned. Blocks the calling thread, as libpqxx does; each statement is limited by
/// SessionOptions::statement_timeout.
///
/// Rolls back when the function throws. What the database says (pqxx::failure) becomes an Error;
/// any other exception, the function's own for instance, passes through. After an Error that is
/// `retryable` the whole may be run again: nothing of it has taken effect.
///
/// `Transaction` is a transaction class of libpqxx, for instance
/// `pqxx::transaction<pqxx::serializable>`.
template <typename Transaction = pqxx::work, typename Function>
[[nodiscard]] auto in_transaction(PoolManager& manager, std::string_view db_id, Function function)
    -> Result<std::remove_cvref_t<std::invoke_result_t<Function&, Transaction&>>> {
  static_assert(std::is_base_of_v<pqxx::dbtransaction, Transaction>,
                "in_transaction needs a transaction that can be rolled back");
  auto lease = manager.acquire(db_id);
  if (!lease) return fail(std::move(lease.error()));
  try {
    Transaction transaction(pqxx_connection(*lease));
    if constexpr (std::is_void_v<std::invoke_result_t<Function&, Transaction&>>) {
      function(transaction);
      transaction.commit();
      return {};
    } else {
      auto value = function(transaction);
      transaction.commit();
      return value;
    }
  } catch (const pqxx::failure& failure) {
    return fail(to_error(failure, *lease));
  }
}

}  // namespace sluice
