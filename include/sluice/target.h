#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/export.h"
#include "sluice/result.h"
#include "sluice/secret.h"

namespace sluice {

/// How the connection to PostgreSQL is protected; the words are libpq's (`to_string`: "disable",
/// "allow", "prefer", "require", "verify-ca", "verify-full").
enum class SslMode { kDisable, kAllow, kPrefer, kRequire, kVerifyCa, kVerifyFull };
/// libpq's word for a mode.
[[nodiscard]] SLUICE_API std::string_view to_string(SslMode mode);
/// The mode of that name; fails with a message that lists the names.
[[nodiscard]] SLUICE_API Result<SslMode> parse_ssl_mode(std::string_view name);

/// Where one server listens.
struct Host {
  std::string name = "127.0.0.1";  ///< name, address, or the directory of a Unix socket ("/…")
  std::uint16_t port = 5432;       ///< also names the Unix socket

  /// "name:port"; an IPv6 address stands in brackets.
  [[nodiscard]] SLUICE_API std::string display() const;
  /// As written, letter by letter.
  friend bool operator==(const Host&, const Host&) = default;
};

/// Which PostgreSQL database to reach, and as whom. Credentials are only ever taken from here:
/// PGPASSWORD, .pgpass and service files are not consulted.
struct Target {
  std::string host = "127.0.0.1";  ///< name, address, or the directory of a Unix socket ("/…")
  std::uint16_t port = 5432;       ///< also names the Unix socket
  std::string database;            ///< which database of the server
  std::string user;                ///< whom to log in as
  Secret password;                 ///< empty: none is sent
  SslMode ssl = SslMode::kPrefer;  ///< how the way to the server is protected
  /// PEM file for verify-ca and verify-full; empty: the system's bundle.
  std::string ssl_root_cert;
  /// Where else the same database is to be found: a primary and its replicas, in any order. Which
  /// is which is found out, again and again. User, password and ssl are those of all of them.
  std::vector<Host> other_hosts;

  /// All of them: `host` with `port`, then `other_hosts`.
  [[nodiscard]] SLUICE_API std::vector<Host> hosts() const;
  /// The database at one of its hosts alone.
  [[nodiscard]] SLUICE_API Target at(const Host& one) const;

  /// Reads "postgresql://user:password@host:port/database?sslmode=require". User, password and
  /// database are percent-decoded. Several hosts are written as libpq has them, "a:5432,b:5433".
  /// Understood parameters: sslmode, sslrootcert, host, port, dbname, user, password, and
  /// application_name, connect_timeout, target_session_attrs and load_balance_hosts, which are
  /// ignored. Anything else (options, service, files) is refused by name.
  [[nodiscard]] SLUICE_API static Result<Target> parse(std::string_view url);

  /// "user@host:port/database", for messages; several hosts with commas between them. Never
  /// contains the password.
  [[nodiscard]] SLUICE_API std::string display() const;

  /// Hosts (in any order), database and user are the same: it is the same database to us.
  [[nodiscard]] SLUICE_API bool same_as(const Target& other) const;

  /// The id this target gets when nobody chooses one: a slug of the database's name, a dash and
  /// eight hex digits of FNV-1a (32 bits) over host, port, database and user with a NUL between
  /// each; of several hosts, over all of them in order of their names. The same on every machine
  /// and in every version.
  [[nodiscard]] SLUICE_API std::string default_db_id() const;
};

/// Checks an id that somebody chose: `[a-z0-9][a-z0-9_.-]{0,62}`, and not "connect". Fails with
/// kInvalidRequest.
[[nodiscard]] SLUICE_API Status check_db_id(std::string_view db_id);

}  // namespace sluice
