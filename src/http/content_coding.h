#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "http/exchange.h"

namespace sluice::http {

/// What a header such as Accept or Accept-Encoding says of one word: 0 to 1, by its own entry
/// alone. -1: it does not name it.
[[nodiscard]] double quality_of(std::string_view header, std::string_view word);

/// Whether the client would rather have it as gzip.
[[nodiscard]] bool wants_gzip(std::string_view accept_encoding);
/// Whether gzip makes this answer smaller: text, and not yet encoded.
[[nodiscard]] bool is_compressible(const Response& response);

/// Compresses one body. Favours speed: the workers have more to do.
class Gzip {
 public:
  Gzip();  ///< throws std::bad_alloc
  ~Gzip();
  Gzip(const Gzip&) = delete;
  Gzip& operator=(const Gzip&) = delete;

  enum class Then {
    kGoOn,   ///< more follows; some of the output is kept back
    kFlush,  ///< more follows, later: all of it can be read now
    kEnd,
  };
  [[nodiscard]] std::string compress(std::string_view text, Then then);

 private:
  struct State;
  const std::unique_ptr<State> state_;
};

}  // namespace sluice::http
