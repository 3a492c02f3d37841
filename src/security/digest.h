#pragma once

#include <array>
#include <string_view>

namespace sluice::security {

/// What a text is known by without being kept: BLAKE2b, 256 bits.
using Digest = std::array<unsigned char, 32>;
[[nodiscard]] Digest digest_of(std::string_view text);

}  // namespace sluice::security
