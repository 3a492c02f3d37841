#include "security/token.h"

#include <sodium.h>

#include <array>

namespace sluice::security {

std::string new_token() {
  std::array<unsigned char, 32> bits{};
  randombytes_buf(bits.data(), bits.size());
  std::string token(2 * bits.size() + 1, '\0');  // with its NUL
  sodium_bin2hex(token.data(), token.size(), bits.data(), bits.size());
  token.pop_back();
  return token;
}

}  // namespace sluice::security
