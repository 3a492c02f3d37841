#pragma once

#include "base/random.h"
#include "simulation/event.h"
#include "support/fake_connection.h"

namespace sluice::simulation {

/// From now on the database behaves like this. Answers it still owes stay as they are.
void set_mood(testing::FakeDatabase& database, Mood mood, base::Random& random);

/// It drops what it meant to answer to the next calls.
void forget_plans(testing::FakeDatabase& database);
/// It answers everything that has hung so far, well, at that moment.
void answer_late(testing::FakeDatabase& database, base::TimePoint at);

}  // namespace sluice::simulation
