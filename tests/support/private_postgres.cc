#include "support/private_postgres.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <grp.h>
#include <libpq-fe.h>
#include <netinet/in.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <thread>

namespace sluice::test {
namespace {

namespace fs = std::filesystem;
using ConnPtr = std::unique_ptr<PGconn, decltype(&PQfinish)>;
using ResultPtr = std::unique_ptr<PGresult, decltype(&PQclear)>;

std::string find_programs() {
  if (const char* chosen = std::getenv("SLUICE_PG_BINDIR")) return chosen;
  const fs::path versions = "/usr/lib/postgresql";
  std::string best;
  if (fs::exists(versions)) {
    for (const auto& version : fs::directory_iterator(versions)) {
      const fs::path bin = version.path() / "bin";
      if (fs::exists(bin / "initdb") && bin.string() > best) best = bin.string();
    }
  }
  if (best.empty()) throw std::runtime_error("no PostgreSQL server programs found; install them");
  return best;
}

std::uint16_t free_port() {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* plain = reinterpret_cast<sockaddr*>(&address);
  const bool known = ::bind(fd, plain, size) == 0 && ::getsockname(fd, plain, &size) == 0;
  ::close(fd);
  if (!known) throw std::runtime_error("no free port on 127.0.0.1");
  return ntohs(address.sin_port);
}

/// PostgreSQL refuses to run as root: then it runs as the user "postgres".
const passwd* other_user() {
  if (::geteuid() != 0) return nullptr;
  const passwd* user = ::getpwnam("postgres");
  if (!user) throw std::runtime_error("running as root, and there is no user `postgres`");
  return user;
}

/// Runs in the child between fork and exec.
[[noreturn]] void become(const passwd* user, const std::vector<std::string>& command,
                         const std::string& log, pid_t parent) {
  const int out = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
  const int in = ::open("/dev/null", O_RDONLY);
  ::dup2(in, 0), ::dup2(out, 1), ::dup2(out, 2);
  if (user && (::setgroups(0, nullptr) || ::setgid(user->pw_gid) || ::setuid(user->pw_uid)))
    ::_exit(126);
  ::setsid();
  ::prctl(PR_SET_PDEATHSIG, SIGQUIT);  // after setuid, which would clear it
  if (::getppid() != parent) ::_exit(126);
  std::vector<char*> arguments;
  for (const auto& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  ::execv(arguments[0], arguments.data());
  ::_exit(127);
}

pid_t launch(const std::vector<std::string>& command, const std::string& log) {
  const passwd* user = other_user();
  const pid_t parent = ::getpid();
  const pid_t child = ::fork();
  if (child == 0) become(user, command, log, parent);
  if (child < 0) throw std::runtime_error("fork failed");
  return child;
}

std::string contents(const fs::path& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

pid_t parent_of(pid_t pid) {
  std::ifstream in("/proc/" + std::to_string(pid) + "/stat");
  std::string line;
  std::getline(in, line);
  const auto after_name = line.rfind(')');
  if (after_name == std::string::npos) return -1;
  return static_cast<pid_t>(std::strtol(line.c_str() + after_name + 4, nullptr, 10));
}

std::vector<pid_t> children_of(pid_t parent) {
  std::vector<pid_t> children;
  for (const auto& entry : fs::directory_iterator("/proc")) {
    const pid_t pid = std::atoi(entry.path().filename().c_str());
    if (pid > 0 && parent_of(pid) == parent) children.push_back(pid);
  }
  return children;
}

ConnPtr connect(const Target& target) {
  const std::string port = std::to_string(target.port);
  const char* names[] = {"host", "port", "dbname", "user", "connect_timeout", nullptr};
  const char* values[] = {target.host.c_str(), port.c_str(), target.database.c_str(),
                          target.user.c_str(), "10",         nullptr};
  ConnPtr connection(PQconnectdbParams(names, values, 0), &PQfinish);
  if (PQstatus(connection.get()) != CONNECTION_OK)
    throw std::runtime_error(PQerrorMessage(connection.get()));
  return connection;
}

ResultPtr execute(const Target& target, const std::string& sql) {
  const ConnPtr connection = connect(target);
  ResultPtr result(PQexec(connection.get(), sql.c_str()), &PQclear);
  const auto status = PQresultStatus(result.get());
  if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
    throw std::runtime_error(sql + ": " + PQerrorMessage(connection.get()));
  return result;
}

}  // namespace

PrivatePostgres::PrivatePostgres(const std::vector<std::string>& settings)
    : programs_(find_programs()), port_(free_port()) {
  std::string pattern = (fs::temp_directory_path() / "sluice-pg-XXXXXX").string();
  if (!::mkdtemp(pattern.data())) throw std::runtime_error("cannot make a temporary directory");
  directory_ = pattern;
  try {
    initialise(settings);
    start();
    run("SET password_encryption = 'scram-sha-256'; CREATE ROLE scram_user LOGIN PASSWORD "
        "'secret'");
  } catch (...) {
    stop();
    fs::remove_all(directory_);
    throw;
  }
}

PrivatePostgres::~PrivatePostgres() {
  thaw();
  stop();
  std::error_code ignored;
  fs::remove_all(directory_, ignored);
}

void PrivatePostgres::initialise(const std::vector<std::string>& settings) {
  const std::string log = directory_ + "/initdb.log";
  std::ofstream(log) << "";
  if (const passwd* user = other_user()) {
    for (const std::string& path : {directory_, log}) {
      if (::chown(path.c_str(), user->pw_uid, user->pw_gid) != 0)
        throw std::runtime_error("cannot give " + path + " to postgres");
    }
  }
  fs::permissions(directory_, static_cast<fs::perms>(0755));
  const std::string data = directory_ + "/data";
  const pid_t child = launch({programs_ + "/initdb", "-D", data, "-U", "postgres", "-A", "trust",
                              "-E", "UTF8", "--locale=C.UTF-8", "--no-sync", "--no-instructions"},
                             log);
  int status = 0;
  ::waitpid(child, &status, 0);
  if (status != 0) throw std::runtime_error("initdb failed:\n" + contents(log));
  std::ofstream conf(data + "/postgresql.conf", std::ios::app);
  conf << "listen_addresses = '127.0.0.1'\nport = " << port_ << "\nunix_socket_directories = '"
       << directory_ << "'\nfsync = off\nfull_page_writes = off\n"
       << "shared_buffers = 32MB\nmax_connections = 60\nlog_min_messages = fatal\n";
  for (const auto& setting : settings) conf << setting << '\n';
  std::ofstream hba(data + "/pg_hba.conf");
  hba << "host all scram_user 127.0.0.1/32 scram-sha-256\nhost all all 127.0.0.1/32 trust\n"
      << "local all all trust\n";
}

void PrivatePostgres::start() {
  postmaster_ =
      launch({programs_ + "/postgres", "-D", directory_ + "/data"}, directory_ + "/initdb.log");
  wait_until_ready();
}

void PrivatePostgres::wait_until_ready() const {
  const std::string conninfo =
      "host=127.0.0.1 dbname=postgres user=postgres connect_timeout=5 port=" +
      std::to_string(port_);
  for (int tries = 0; tries < 1'200; ++tries) {
    if (PQping(conninfo.c_str()) == PQPING_OK) return;
    if (::waitpid(postmaster_, nullptr, WNOHANG) == postmaster_) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(25));
  }
  throw std::runtime_error("PostgreSQL did not start:\n" + contents(directory_ + "/initdb.log"));
}

void PrivatePostgres::stop() {
  if (postmaster_ < 0) return;
  ::kill(postmaster_, SIGQUIT);
  ::waitpid(postmaster_, nullptr, 0);
  postmaster_ = -1;
}

void PrivatePostgres::restart() {
  stop();
  start();
}

void PrivatePostgres::kill_backend(pid_t pid) {
  const std::string sql = "SELECT pid FROM pg_stat_activity WHERE backend_type = 'checkpointer'";
  const std::string before = value(sql);
  ::kill(pid, SIGKILL);
  for (int tries = 0; tries < 1'200; ++tries) {
    std::this_thread::sleep_for(std::chrono::milliseconds(25));
    try {
      const std::string now = value(sql);
      if (!now.empty() && now != before) return;
    } catch (const std::runtime_error&) {
      continue;  // it is not ready yet
    }
  }
  throw std::runtime_error("PostgreSQL did not restart itself");
}

void PrivatePostgres::signal_all(int signal) const {
  if (postmaster_ < 0) return;
  ::kill(postmaster_, signal);
  for (const pid_t child : children_of(postmaster_)) ::kill(child, signal);
}

void PrivatePostgres::freeze() { signal_all(SIGSTOP); }

void PrivatePostgres::thaw() { signal_all(SIGCONT); }

Target PrivatePostgres::target(const std::string& database, const std::string& user) const {
  Target target;
  target.port = port_;
  target.database = database;
  target.user = user;
  return target;
}

std::string PrivatePostgres::url(const std::string& database, const std::string& user) const {
  return "postgresql://" + user + "@127.0.0.1:" + std::to_string(port_) + "/" + database;
}

void PrivatePostgres::run(const std::string& sql, const std::string& database) const {
  execute(target(database), sql);
}

std::string PrivatePostgres::value(const std::string& sql, const std::string& database) const {
  const ResultPtr result = execute(target(database), sql);
  if (PQntuples(result.get()) == 0) return {};
  return {PQgetvalue(result.get(), 0, 0)};
}

int PrivatePostgres::backends(const std::string& application_name) const {
  std::string sql =
      "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' "
      "AND pid <> pg_backend_pid()";
  if (!application_name.empty()) sql += " AND application_name = '" + application_name + "'";
  return std::atoi(value(sql).c_str());
}

bool PrivatePostgres::wait_for_backends(int expected, const std::string& application_name) const {
  for (int tries = 0; tries < 400; ++tries) {
    if (backends(application_name) == expected) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(25));
  }
  return false;
}

}  // namespace sluice::test
