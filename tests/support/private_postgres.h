#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "sluice/target.h"

namespace sluice::test {

/// A PostgreSQL server of the test's own: in a temporary directory, on a free port of 127.0.0.1 and
/// on a Unix socket, without fsync. It is stopped and removed by the destructor, and by the kernel
/// when the test's process dies. Blocking; throws std::runtime_error when anything fails: a missing
/// PostgreSQL fails a test, it never skips one. SLUICE_PG_BINDIR names another directory of
/// programs.
/// Logging in: "postgres" and everybody else is trusted; "scram_user" (password "secret") must
/// prove the password.
class PrivatePostgres {
 public:
  /// `settings` go to postgresql.conf: "max_connections = 20".
  explicit PrivatePostgres(const std::vector<std::string>& settings = {});
  ~PrivatePostgres();
  PrivatePostgres(const PrivatePostgres&) = delete;
  PrivatePostgres& operator=(const PrivatePostgres&) = delete;

  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] std::string socket_directory() const { return directory_; }
  [[nodiscard]] Target target(const std::string& database = "postgres",
                              const std::string& user = "postgres") const;
  [[nodiscard]] std::string url(const std::string& database = "postgres",
                                const std::string& user = "postgres") const;

  /// Runs SQL on a connection of its own (several statements are possible).
  void run(const std::string& sql, const std::string& database = "postgres") const;
  /// The first column of the first row; empty when there is none or it is NULL.
  [[nodiscard]] std::string value(const std::string& sql,
                                  const std::string& database = "postgres") const;

  /// Client backends other than the one that counts; of one application_name if given.
  [[nodiscard]] int backends(const std::string& application_name = "") const;
  /// Waits up to 10 s until `backends` is `expected`.
  [[nodiscard]] bool wait_for_backends(int expected,
                                       const std::string& application_name = "") const;

  /// SIGSTOP and SIGCONT for the postmaster and all its children.
  void freeze();
  void thaw();
  /// Stops the server (immediately: as after a crash), and starts it on the same port and data.
  void stop();
  void start();
  void restart();
  /// kill -9 for one backend, which makes the server restart itself. Waits until it has.
  void kill_backend(pid_t pid);

 private:
  void initialise(const std::vector<std::string>& settings);
  void wait_until_ready() const;
  void signal_all(int signal) const;

  std::string programs_;
  std::string directory_;
  std::uint16_t port_ = 0;
  pid_t postmaster_ = -1;
};

}  // namespace sluice::test
