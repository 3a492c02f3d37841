#include "gateway/version.h"

namespace sluice::gateway {

std::string_view version() { return SLUICE_VERSION; }

}  // namespace sluice::gateway
