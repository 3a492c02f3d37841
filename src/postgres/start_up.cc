#include "postgres/start_up.h"

#include <libpq-fe.h>

#include <array>
#include <filesystem>
#include <system_error>

#include "postgres/resolver.h"

namespace sluice::postgres {
namespace {

/// A file that cannot exist: /dev/null is no directory. libpq takes it for "none".
constexpr const char* kNoFile = "/dev/null/none";

/// Where the systems keep the certificate authorities that they trust.
std::string system_root_certificates() {
  constexpr std::array<const char*, 4> kPlaces{
      "/etc/ssl/certs/ca-certificates.crt",                 // Debian, Ubuntu, Arch
      "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",  // Fedora, RHEL
      "/etc/ssl/ca-bundle.pem",                             // SUSE
      "/etc/ssl/cert.pem",                                  // Alpine
  };
  for (const char* place : kPlaces) {
    std::error_code ignored;
    if (std::filesystem::exists(place, ignored)) return place;
  }
  return kNoFile;
}

std::string milliseconds(std::chrono::milliseconds time) { return std::to_string(time.count()); }

}  // namespace

std::chrono::milliseconds session_timeout(const DatabaseOptions& options) {
  const auto own = options.session.statement_timeout;
  return own.count() < 0 ? options.query.timeout : own;
}

std::vector<Setting> session_settings(const DatabaseOptions& options, const ServerQuirks& quirks) {
  const SessionOptions& session = options.session;
  std::vector<Setting> settings{
      {"statement_timeout", milliseconds(session_timeout(options))},
      {"TimeZone", session.time_zone},
      // What our reading of values relies on.
      {"DateStyle", "ISO"},
      {"IntervalStyle", "iso_8601"},
      {"bytea_output", "hex"},
      {"extra_float_digits", "1"},
      {"standard_conforming_strings", "on"},
  };
  if (!quirks.refuses_comforts) {
    settings.emplace_back("idle_in_transaction_session_timeout",
                          milliseconds(session.idle_in_transaction_timeout));
    settings.emplace_back("jit", session.jit ? "on" : "off");
  }
  if (!session.search_path.empty()) settings.emplace_back("search_path", session.search_path);
  // The server gives up a statement whose client has gone.
  if (!quirks.refuses_check_interval)
    settings.emplace_back("client_connection_check_interval", "10s");
  for (const auto& [name, value] : session.settings) settings.emplace_back(name, value);
  return settings;
}

std::string start_up_options(const std::vector<Setting>& settings) {
  std::string options;
  for (const auto& [name, value] : settings) {
    options += options.empty() ? "-c " : " -c ";
    for (const char c : name + "=" + value) {
      const bool special =
          c == '\\' || c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\v' || c == '\f';
      if (special) options += '\\';
      options += c;
    }
  }
  return options;
}

ConnectParameters::ConnectParameters(const Target& target, const DatabaseOptions& options,
                                     const ServerQuirks& quirks, const std::string& address) {
  add("host", target.host);  // what a certificate must name
  if (!address.empty()) add("hostaddr", address);
  add("port", std::to_string(target.port));
  add("dbname", target.database);  // taken as it is: the connect does not expand it
  add("user", target.user);
  add("application_name", options.session.application_name);
  add("client_encoding", "UTF8");
  add("options", quirks.refuses_options ? "" : start_up_options(session_settings(options, quirks)));
  add_authentication(target);
  add_tls(target);
  add_socket_rules();
  keywords_.reserve(settings_.size() + 1);
  values_.reserve(settings_.size() + 1);
  for (const auto& [keyword, value] : settings_) {
    keywords_.push_back(keyword.c_str());
    values_.push_back(value.c_str());
  }
  keywords_.push_back(nullptr);
  values_.push_back(nullptr);
}

void ConnectParameters::add(const char* keyword, std::string value) {
  settings_.emplace_back(keyword, std::move(value));
}

void ConnectParameters::add_authentication(const Target& target) {
  // Without a password libpq would consult PGPASSWORD and the password file. Where one is asked
  // for, this placeholder is refused, which is the right answer.
  add("password", target.password.empty() ? "-" : target.password.reveal());
  add("passfile", kNoFile);
  add("gssencmode", "disable");
  add("krbsrvname", "none");  // no tickets of the process' own
  if (PQlibVersion() >= 160000) add("require_auth", "password,md5,scram-sha-256,none");
}

void ConnectParameters::add_tls(const Target& target) {
  const bool verifies = target.ssl == SslMode::kVerifyCa || target.ssl == SslMode::kVerifyFull;
  add("sslmode", std::string(to_string(target.ssl)));
  add("sslcert", kNoFile);
  add("sslkey", kNoFile);
  add("sslcrl", kNoFile);
  if (!target.ssl_root_cert.empty()) {
    add("sslrootcert", target.ssl_root_cert);
  } else {
    add("sslrootcert", verifies ? system_root_certificates() : kNoFile);
  }
}

/// A peer that has gone silently is noticed within about twenty seconds.
void ConnectParameters::add_socket_rules() {
  add("keepalives", "1");
  add("keepalives_idle", "5");
  add("keepalives_interval", "5");
  add("keepalives_count", "3");
  add("tcp_user_timeout", "10000");
  add("target_session_attrs", "any");
}

}  // namespace sluice::postgres
