#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/event_loop.h"
#include "base/timer.h"
#include "pool/connection.h"
#include "postgres/batch.h"
#include "postgres/connector.h"
#include "postgres/operation.h"
#include "postgres/pqxx_adoption.h"
#include "postgres/return_ticket.h"
#include "postgres/session.h"
#include "postgres/session_operations.h"

namespace sluice::postgres {

/// One PostgreSQL connection on its loop's thread. libpq does the talking, in pipeline mode and
/// without ever blocking; what is talked about is an Operation, one at a time; several
/// statements may be one, a Batch. This class moves bytes, watches the socket, cancels, and judges
/// whether the connection lives.
class AsyncConnection final : public pool::Connection, private base::FdWatcher {
 public:
  /// Adopts an open connection. `settings_to_repeat` are those that its session still lacks.
  AsyncConnection(std::shared_ptr<ConnectorState> state, std::unique_ptr<PqxxAdoption> adoption,
                  std::vector<Setting> settings_to_repeat);
  ~AsyncConnection() override;

  void execute(const Query& query, const pool::ExecuteOptions& options, RowSink& sink,
               Done done) override;
  [[nodiscard]] std::optional<base::Duration> short_read(const pool::Errand& errand) override {
    const auto read = Execution::short_read(session_, errand.query);
    return read ? std::optional(read->quickest) : std::nullopt;
  }
  void transact(const pool::TransactionOrder& order, const pool::ExecuteOptions& options,
                RowSink& sink, Done done) override;
  [[nodiscard]] bool may_join(const pool::Errand& errand) override;
  void cancel() override;
  void resume() override;
  void abandon() override;
  void ping(Ended ended) override;
  void reset(ResetPolicy policy, Ended ended) override;
  void settle(Ended ended) override;
  [[nodiscard]] bool unsettled() const override;
  [[nodiscard]] bool in_transaction() const override { return session_.in_transaction(); }
  void close(std::function<void()> closed) override;
  [[nodiscard]] bool needs_reset(ResetPolicy policy) const override;
  [[nodiscard]] bool broken() const override;
  void on_idle_broken(std::function<void()> broken) override;
  void detach() override;
  void attach() override;
  [[nodiscard]] void* native() override { return adoption_ ? adoption_->pqxx() : nullptr; }
  [[nodiscard]] std::string server_version() const override;

  [[nodiscard]] bool must_repeat_settings() const {
    return !session_.settings_to_repeat.empty() && !session_.settings_in_each_group;
  }

 private:
  enum class CancelState { kNone, kUnderWay, kReturned };
  struct WantedReset {
    ResetPolicy policy;
    bool keeps_session;
    Ended ended;
  };

  // Input and output.
  void on_ready(bool readable, bool writable) override;
  void process();
  [[nodiscard]] std::optional<Pipeline::Answer> next_answer();
  void note_loss();
  void drop_unasked_messages();
  void after_sending();
  void await(bool sending);
  void watch(base::Interest interest);
  void unwatch();
  static void on_notice(void* self, const PGresult* notice);

  // The life of an operation.
  void start_batch();
  void begun();
  void expect_answers();
  void watch_size();
  void conclude();
  void report_early();
  void lose(Error why);
  void tell_idle_broken();

  // Cancelling.
  void send_cancel();
  void on_cancel_returned(bool could_be_sent);
  void on_cancel_refused();
  void on_cancel_timer();
  [[nodiscard]] Error abandoned_error() const;

  // Resetting.
  [[nodiscard]] bool cleans(ResetPolicy policy) const;
  void begin_wanted_reset();
  void start_wanted_reset();

  // Coming and going.
  void enter_pipeline_mode();
  void drain_until_closed();

  const std::shared_ptr<ConnectorState> state_;
  std::unique_ptr<PqxxAdoption> adoption_;
  Session session_;
  std::unique_ptr<Operation> operation_;
  Batch* batch_ = nullptr;  // what runs, while it takes more
  std::optional<Error> lost_;
  std::optional<Error> last_words_;  // a FATAL that came while nothing ran
  bool abandoned_ = false;
  bool detached_ = false;
  bool draining_ = false;  // the operation has been reported, its result is being thrown away

  int watched_ = -1;
  base::Interest interest_ = base::Interest::kRead;
  base::Timer wake_;
  base::Timer cancel_timer_;
  CancelState cancel_state_ = CancelState::kNone;
  bool cancel_wanted_ = false;  // of what runs now
  int cancels_sent_ = 0;        // likewise
  int more_readings_ = 0;       // that this turn may try
  int readings_ = 0;            // of what it collects
  std::int64_t collected_ = 0;
  bool cancel_refused_ = false;
  std::optional<WantedReset> wanted_reset_;
  std::function<void()> idle_broken_;
  std::function<void()> closed_;
  int closing_ = -1;  // our own descriptor of a socket that libpq has closed
  ReturnTicket ticket_;
};

}  // namespace sluice::postgres
