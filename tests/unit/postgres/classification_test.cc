// The table of docs/circuit-breaker.md, line by line: what is made of every class of SQLSTATE, by
// where it came from, and of every failure of our own. The breaker is the judge.
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "breaker/breaker.h"
#include "pool/errors.h"
#include "postgres/connect_error.h"
#include "postgres/sql_error.h"
#include "postgres/sqlstate.h"

namespace sluice {
namespace {

enum class Effect { kCounts, kOpensAtOnce, kNever };

std::string word(Effect effect) {
  return effect == Effect::kCounts  ? "counts"
         : effect == Effect::kNever ? "never"
                                    : "opens at once";
}

/// What a breaker makes of one call that ends so.
Effect effect_of(const Error& error) {
  const base::TimePoint now{std::chrono::hours(1)};
  base::Random random{1};
  breaker::Breaker breaker({}, random, now);
  breaker.acquire(now)->settle(&error, now);
  const auto status = breaker.status(now);
  if (status.state == BreakerState::kOpen) return Effect::kOpensAtOnce;
  EXPECT_EQ(status.failed + status.not_counted, 1);
  return status.failed == 1 ? Effect::kCounts : Effect::kNever;
}

Error with_fault(Fault fault) {
  Error error;
  error.code = ErrorCode::kSqlError;
  error.fault = fault;
  return error;
}

struct Row {
  std::string sqlstate;
  Effect in_statement;   // the session lives on
  Effect ends_session;   // the same as FATAL
  Effect at_connecting;  // the server refuses the connect with it
};

constexpr auto kCounts = Effect::kCounts;
constexpr auto kAtOnce = Effect::kOpensAtOnce;
constexpr auto kNever = Effect::kNever;

const std::vector<Row> kTable = {
    {"57P01", kNever, kCounts, kCounts},  // an administrator's shutdown
    {"57P02", kNever, kCounts, kCounts},  {"57P03", kNever, kCounts, kCounts},  // starting up
    {"57P04", kNever, kAtOnce, kAtOnce},  // the database was dropped
    {"57P05", kNever, kNever, kCounts},   // idle_session_timeout
    {"58000", kCounts, kCounts, kCounts}, {"58030", kCounts, kCounts, kCounts},
    {"58P01", kNever, kCounts, kCounts},  // a file that a function asked for
    {"08000", kNever, kCounts, kCounts},  {"08006", kNever, kCounts, kCounts},
    {"08P01", kNever, kCounts, kCounts},  {"53000", kNever, kNever, kNever},
    {"53100", kNever, kNever, kNever},    {"53200", kNever, kNever, kNever},
    {"53300", kNever, kNever, kNever},    {"53400", kNever, kNever, kNever},
    {"57014", kNever, kCounts, kCounts},  {"28000", kNever, kCounts, kAtOnce},
    {"28P01", kNever, kCounts, kAtOnce},  {"3D000", kNever, kCounts, kAtOnce},
    {"42501", kNever, kCounts, kAtOnce},  // no CONNECT privilege
    {"25P03", kNever, kNever, kCounts},   // idle_in_transaction_session_timeout
    {"0A000", kNever, kCounts, kCounts},  {"21000", kNever, kCounts, kCounts},
    {"22012", kNever, kCounts, kCounts},  {"23505", kNever, kCounts, kCounts},
    {"25P02", kNever, kCounts, kCounts},  {"25006", kNever, kCounts, kCounts},
    {"26000", kNever, kCounts, kCounts},  {"40001", kNever, kCounts, kCounts},
    {"40P01", kNever, kCounts, kCounts},  {"42601", kNever, kCounts, kAtOnce},
    {"44000", kNever, kCounts, kCounts},  {"54001", kNever, kCounts, kCounts},
    {"55P03", kNever, kCounts, kCounts},  {"P0001", kNever, kCounts, kCounts},
    {"XX000", kNever, kCounts, kCounts},  {"XX001", kNever, kCounts, kCounts},
    {"", kNever, kCounts, kCounts},
};

TEST(Classification, OfEverySqlstateByWhereItCameFrom) {
  for (const Row& row : kTable) {
    const auto& state = row.sqlstate;
    EXPECT_EQ(effect_of(with_fault(postgres::fault_of_statement(state))), row.in_statement)
        << state << " in a statement should be: " << word(row.in_statement);
    EXPECT_EQ(effect_of(with_fault(postgres::fault_of_lost_session(state))), row.ends_session)
        << state << " that ends a session should be: " << word(row.ends_session);
    EXPECT_EQ(effect_of(with_fault(postgres::fault_of_connect(state))), row.at_connecting)
        << state << " at connecting should be: " << word(row.at_connecting);
  }
}

TEST(Classification, OfOurOwnFailures) {
  Target target;
  const pool::Load load;
  const auto second = std::chrono::seconds(1);
  struct Own {
    std::string name;
    Error error;
    Effect effect;
  };
  const std::vector<Own> table = {
      {"refused", postgres::connect_error(target, {"", "", "Connection refused"}), kCounts},
      {"no such host", postgres::unknown_host_error(target, "Name not known"), kCounts},
      {"connect timeout", postgres::connect_timeout_error(target, "waiting"), kCounts},
      {"silent connect", pool::silent_connect(second), kCounts},
      {"silent ping", pool::silent_ping(second), kCounts},
      {"socket lost", postgres::lost_session_error("EOF"), kCounts},
      {"queue full", pool::queue_full(load), kNever},
      {"acquire timeout", pool::acquire_timeout(load, second), kNever},
      {"paused", pool::paused(second), kNever},
      {"draining", pool::draining(), kNever},
      {"no slot for a probe", pool::no_slot_for_probe(), kNever},
      {"no leave for a probe", pool::no_leave_for_probe(second), kNever},
      {"cancelled", with_fault(Fault::kCaller), kNever},
      {"our time limit", with_fault(Fault::kOverload), kNever},
  };
  for (const Own& own : table) EXPECT_EQ(effect_of(own.error), own.effect) << own.name;
}

}  // namespace
}  // namespace sluice
