#pragma once

#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <utility>

#include "base/time.h"
#include "simulation/answers.h"
#include "simulation/event.h"
#include "simulation/met.h"
#include "simulation/readers.h"
#include "sluice/query.h"
#include "sluice/result.h"
#include "support/fake_connection.h"

namespace sluice::simulation {

/// What the world knows when a call is made or answered.
struct Surroundings {
  base::TimePoint now;
  int registration = 0;   ///< tells one registration of a database from the next; 0: none
  bool in_order = false;  ///< calls of one caller and client cannot overtake each other
  bool closing = false;
  bool drained = false;  ///< an operator has drained it, some time
  bool shared = false;   ///< databases share a number of connections, and may lack one for a while
};

/// The calls (and the legs of fan-outs) that were made, what databases saw of each, and how each
/// ended; holds all three against each other.
class Calls {
 public:
  using Key = std::pair<int, int>;  ///< the event's id, the database

  struct Order {
    Key key;
    int from = kOutside;
    int statements = 1;
    milliseconds timeout{};
    base::TimePoint deadline;
    int client = 0;
    int session = 0;     ///< that it runs in, or opens; named by the id of what opened it
    bool opens = false;  ///< that one
  };

  Calls(Verdict& verdict, Answers& answers, Met& met)
      : verdict_(verdict), answers_(answers), met_(met) {}

  /// The statement that stands for the call `id`, and names it.
  [[nodiscard]] static std::string statement(int id) { return "q" + std::to_string(id); }

  /// Whether it may be sent together with others, in a batch, and then once more by itself.
  [[nodiscard]] static bool is_short_read(const std::string& sql) { return sql.back() % 3 != 0; }

  void made(const Order& order, const Surroundings& now);
  /// The leg of a fan-out starts: its database may be another one by now.
  void starts(Key key, const Surroundings& now);
  void cancelled(int id);
  void answered(Key key, const Result<Completion>& result, const Surroundings& now);

  /// A database was sent a statement. `policy`: after which uses sessions are cleaned there. False
  /// when it is the next one of something that has begun.
  bool sent(int database, const std::string& sql, testing::FakeConnection& connection,
            ResetPolicy policy);

  /// Where the rows of a call go; it notes rows that are not the call's own, or come too late.
  [[nodiscard]] std::shared_ptr<RowSink> sink(Key key);
  struct Reading {
    int rows = 1;          ///< after which the reader pauses, each time
    bool briefly = false;  ///< it goes on from inside the pause
  };
  [[nodiscard]] std::shared_ptr<RowSink> stream(Key key, Readers& readers, Reading reading);

  /// Its connection is no longer its own.
  void session_over(int session);
  /// Whatever ends in between has ended by now.
  void check_sessions();

  [[nodiscard]] bool exists(Key key) const { return calls_.contains(key); }
  [[nodiscard]] int under_way(int database) const;
  /// Calls of which the database was sent anything at all.
  [[nodiscard]] std::int64_t begun(int database) const;

 private:
  using Place = std::pair<int, int>;  ///< a database, and the number of one of its connections
  struct Call {
    Order order;
    std::string name;
    Surroundings made;
    Answers::Ticket ticket = 0;
    int serial = 0;
    int sent = 0;
    bool repeated = false;
    bool cancelled = false;
    bool answered = false;
    Place place;  ///< where it was sent last
  };
  class Sink;
  class Stream;

  void check_user(Call* call, const std::string& sql, testing::FakeConnection& connection,
                  ResetPolicy policy);
  void check_session(Call* call, const std::string& sql, const Place& place);
  void check_order(const Call& call);
  /// Whether it is sent once more, as it may be.
  [[nodiscard]] bool is_repeat(Call& call, const std::string& sql);
  void check_success(const Call& call, const Surroundings& now);
  void check_error(const Call& call, const Error& error, const Surroundings& now);
  void check_code(const Call& call, const Error& error, const Surroundings& now);
  [[nodiscard]] static bool time_is_up(const Call& call, base::TimePoint now);

  Verdict& verdict_;
  Answers& answers_;
  Met& met_;
  std::map<Key, Call> calls_;
  std::map<const testing::FakeConnection*, Call*> users_;  ///< null: a transaction has begun
  /// By database, registration, caller, client.
  std::map<std::tuple<int, int, int, int>, int> last_sent_;
  std::map<int, Place> held_;             ///< by open sessions
  std::map<int, std::string> intruders_;  ///< statements, by the session whose place they took
  std::map<int, std::int64_t> unnamed_;   ///< transactions and probes, by database
  int next_serial_ = 1;
};

}  // namespace sluice::simulation
