#pragma once

#include <chrono>
#include <string>

/// What clients saw who each asked for a token of their own.
struct Counts {
  int right = 0;
  int wrong = 0;        ///< somebody else's token
  int stuck = 0;        ///< no answer within two seconds, or the connection ended without one
  int unreachable = 0;  ///< connections that were refused: the server has crashed
};

/// Runs eight threads of clients on loopback. Each asks for its own token again and again; half of
/// them leave right after asking, as browsers and applications with timeouts do.
Counts run_aborting_clients(const std::string& address, std::chrono::seconds duration);
