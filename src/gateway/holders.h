#pragma once

#include "sluice/error.h"

namespace sluice::gateway {

/// Makes what an error says of those who hold the connections fit for people: their statements
/// without literals, as `displayed_sql`, and all of it also in the error's message.
void show_holders(Error& error);

}  // namespace sluice::gateway
