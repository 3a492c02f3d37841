#pragma once

#include <optional>
#include <vector>

#include "pool/connection.h"
#include "postgres/operation.h"
#include "postgres/session.h"

namespace sluice::postgres {

/// `SELECT 1`.
class Ping final : public Operation {
 public:
  Ping(Session& session, pool::Connection::Ended ended);

  void on_answer(const Pipeline::Answer& answer) override;
  void on_lost(const Error& why) override;
  [[nodiscard]] const std::optional<Error>& unusable() const override { return unusable_; }
  void report() override;

 private:
  pool::Connection::Ended ended_;
  Status status_;
  std::optional<Error> unusable_;
};

/// Makes a session fit for the next user, in one round trip (two after a cancel).
class SessionReset final : public Operation {
 public:
  struct Extent {
    bool after_cancel = false;  ///< one empty round trip first: a late cancel hits that
    bool roll_back = true;      ///< what is open
    bool clean = false;         ///< everything a user can leave behind
  };

  SessionReset(Session& session, Extent extent, pool::Connection::Ended ended);

  void on_answer(const Pipeline::Answer& answer) override;
  void on_lost(const Error& why) override;
  [[nodiscard]] const std::optional<Error>& unusable() const override { return unusable_; }
  void report() override;

 private:
  void send_cleaning();
  void send(const char* sql);
  void send_settings();
  void end_group();

  Session& session_;
  Extent extent_;
  pool::Connection::Ended ended_;
  Status status_;
  std::optional<Error> unusable_;
  bool absorbing_ = false;  // the empty round trip is under way
};

}  // namespace sluice::postgres
