#pragma once

#include <string>
#include <vector>

#include "postgres/session.h"
#include "sluice/options.h"
#include "sluice/target.h"

namespace sluice::postgres {

/// What a server turned out not to take; remembered by the connector.
struct ServerQuirks {
  bool refuses_options = false;         ///< a proxy: settings are sent after connecting
  bool refuses_check_interval = false;  ///< PostgreSQL before 14, or not on Linux
  bool refuses_comforts = false;  ///< another engine: it lacks what makes no difference to results
};

/// The timeout that a session starts with; 0: none.
[[nodiscard]] std::chrono::milliseconds session_timeout(const DatabaseOptions& options);

/// The settings every session starts with.
[[nodiscard]] std::vector<Setting> session_settings(const DatabaseOptions& options,
                                                    const ServerQuirks& quirks);

/// The settings as the `options` of a start-up packet: "-c name=value …".
[[nodiscard]] std::string start_up_options(const std::vector<Setting>& settings);

/// Keywords and values for PQconnectStartParams. They leave libpq nothing to look for by itself:
/// no password, certificate, service or home directory.
class ConnectParameters {
 public:
  /// `address` is numeric, or empty for a Unix socket.
  ConnectParameters(const Target& target, const DatabaseOptions& options,
                    const ServerQuirks& quirks, const std::string& address);

  /// Null-terminated, valid while this lives.
  [[nodiscard]] const char* const* keywords() const { return keywords_.data(); }
  [[nodiscard]] const char* const* values() const { return values_.data(); }

 private:
  void add(const char* keyword, std::string value);
  void add_authentication(const Target& target);
  void add_tls(const Target& target);
  void add_socket_rules();

  std::vector<Setting> settings_;
  std::vector<const char*> keywords_;
  std::vector<const char*> values_;
};

}  // namespace sluice::postgres
