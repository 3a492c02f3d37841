// Shows why Sluice has a transport of its own (docs/adr/0001): the same handler, "answer with the
// token in the path", behind Pistache's Http::Endpoint and behind our server, each beside clients
// of which half leave before they are answered. Servers run in processes of their own, because one
// of them may crash.
#include <pistache/endpoint.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "aborting_clients.h"
#include "http/server.h"

namespace {

constexpr int kThreads = 1;  // the fault needs no second thread

class TokenHandler final : public Pistache::Http::Handler {
 public:
  HTTP_PROTOTYPE(TokenHandler)
  void onRequest(const Pistache::Http::Request& request,
                 Pistache::Http::ResponseWriter response) override {
    const std::string path = request.resource();
    response.headers().add<Pistache::Http::Header::Connection>(
        Pistache::Http::ConnectionControl::KeepAlive);
    response.send(Pistache::Http::Code::Ok, path.substr(path.rfind('/') + 1));
  }
};

void report_port_and_serve(int to_parent, const std::string& port) {
  if (::write(to_parent, port.data(), port.size()) < 0) std::exit(1);
  ::close(to_parent);
  for (;;) ::pause();
}

void serve_stock(int to_parent) {
  using Pistache::Http::Endpoint;
  Endpoint endpoint(Pistache::Address("127.0.0.1", Pistache::Port(0)));
  endpoint.init(Endpoint::options().threads(kThreads).flags(Pistache::Tcp::Options::ReuseAddr));
  endpoint.setHandler(Pistache::Http::make_handler<TokenHandler>());
  endpoint.serveThreaded();
  report_port_and_serve(to_parent, endpoint.getPort().toString());
}

void serve_ours(int to_parent) {
  sluice::http::ServerOptions options;
  options.listen = "127.0.0.1:0";
  options.workers = kThreads;
  auto server = sluice::http::Server::create(options);
  if (!server) std::exit(1);
  sluice::http::Router router;
  router.add(Pistache::Http::Method::Get, "/token/:token", [](auto exchange) {
    sluice::http::Response response;
    response.body = exchange->request().path_parameters.at("token");
    exchange->respond(std::move(response));
  });
  (*server)->start(router, nullptr);
  const std::string address = (*server)->address();
  report_port_and_serve(to_parent, address.substr(address.rfind(':') + 1));
}

void measure(const char* name, void (*serve)(int), std::chrono::seconds duration) {
  int pipe[2];
  if (::pipe(pipe) != 0) std::exit(1);
  const pid_t server = ::fork();
  if (server == 0) {
    ::close(pipe[0]);
    serve(pipe[1]);
  }
  ::close(pipe[1]);
  char port[16] = {};
  if (::read(pipe[0], port, sizeof port - 1) <= 0) std::exit(1);
  ::close(pipe[0]);
  const Counts counts = run_aborting_clients(std::string("127.0.0.1:") + port, duration);
  int status = 0;
  const bool crashed = ::waitpid(server, &status, WNOHANG) == server;
  if (!crashed) {
    ::kill(server, SIGKILL);
    ::waitpid(server, &status, 0);
  }
  std::printf("%-28s %9d right %7d wrong %6d stuck%s\n", name, counts.right, counts.wrong,
              counts.stuck, crashed ? ", and the server crashed" : "");
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  const std::chrono::seconds duration(argc > 1 ? std::atoi(argv[1]) : 5);
  ::signal(SIGPIPE, SIG_IGN);
  measure("Pistache Http::Endpoint", serve_stock, duration);
  measure("sluice::http::Server", serve_ours, duration);
}
