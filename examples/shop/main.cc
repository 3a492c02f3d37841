// A small shop as a REST service; README.md shows how to run and to ask it.
#include <csignal>
#include <iostream>
#include <thread>

#include "api.h"

namespace {

/// SIGINT and SIGTERM, kept for `sigwait`. Before any thread starts, as threads inherit it.
sigset_t hold_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  return signals;
}

int serve(sluice::PoolManager& manager, int port, const sigset_t& signals) {
  shop::Shop shop(manager);
  try {
    shop.create_schema();
  } catch (const shop::Problem& problem) {
    std::cerr << problem.message << "\n";
    return 1;
  }
  httplib::Server server;
  add_routes(server, shop, manager);
  if (!server.bind_to_port("127.0.0.1", port)) {
    std::cerr << "port " << port << " is taken\n";
    return 1;
  }
  std::thread listener([&server] { server.listen_after_bind(); });
  std::cout << "http://127.0.0.1:" << port << std::endl;
  int signal = 0;
  sigwait(&signals, &signal);
  server.stop();  // answers what it has accepted
  listener.join();
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: " << argv[0] << " postgresql://user:password@host:port/database PORT\n";
    return 2;
  }
  const auto target = sluice::Target::parse(argv[1]);
  if (!target) {
    std::cerr << target.error().message << "\n";
    return 2;
  }
  const sigset_t signals = hold_signals();
  sluice::PoolManager manager;
  const auto connected = manager.connect(*target, "shop");
  if (!connected) {
    std::cerr << connected.error().message << "\n";
    return 1;
  }
  return serve(manager, std::atoi(argv[2]), signals);
}
