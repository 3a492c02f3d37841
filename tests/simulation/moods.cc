#include "simulation/moods.h"

#include <array>

namespace sluice::simulation {
namespace {

using testing::Answer;
using testing::FakeDatabase;
using testing::Script;

constexpr int kRows = 3;

class Draw {
 public:
  explicit Draw(base::Random& random) : random_(random) {}

  int pick(int from, int to) { return std::uniform_int_distribution<int>(from, to)(random_); }
  milliseconds ms(int from, int to) { return milliseconds(pick(from, to)); }
  Answer ok(int longest) { return Answer::ok(ms(0, longest)); }

  Answer complaint() {
    constexpr std::array kStates = {"42601", "23505", "40001", "22012", "55P03", "XX000"};
    const auto* state = kStates[static_cast<std::size_t>(pick(0, 5))];
    return Answer::fails(testing::sql_error(state, "the statement failed"), ms(0, 20));
  }
  Answer any() {
    switch (pick(0, 4)) {
      case 0:
        return Answer::never();
      case 1:
        return Answer::loses_connection(ms(0, 500));
      case 2:
        return Answer::fails(testing::refused_connection(), ms(0, 500));
      default:
        return ok(50);
    }
  }
  Answer any_of_statement() {
    switch (pick(0, 5)) {
      case 0:
        return Answer::never();
      case 1:
        return Answer::loses_connection(ms(0, 500));
      case 2:
        return ok(2'000).echo(kRows).dirty();
      case 3:
        return complaint();
      default:
        return ok(50).echo(kRows);
    }
  }

 private:
  base::Random& random_;
};

Answer shut_down() {
  Answer answer = Answer::fails(
      testing::sql_error("57P01", "terminating connection", Fault::kDatabase), milliseconds(1));
  answer.loses_session = true;
  return answer;
}

void be_well(FakeDatabase& database, Draw& draw) {
  database.connects.always(draw.ok(3));
  database.pings.always(draw.ok(2));
  database.resets.always(draw.ok(2));
  database.settles.always(draw.ok(2));
  database.closes.always(draw.ok(2));
  const Answer answer = draw.ok(3).echo(kRows);
  database.executes.always(draw.pick(0, 1) == 0 ? answer : answer.flushed());
  database.cancels.always(draw.ok(1));
}

std::array<Script*, 7> scripts(FakeDatabase& database) {
  return {&database.connects, &database.pings,    &database.resets, &database.settles,
          &database.closes,   &database.executes, &database.cancels};
}

void be_silent(FakeDatabase& database) {
  for (Script* script : scripts(database)) script->always(Answer::never());
}

void be_mixed(FakeDatabase& database, Draw& draw) {
  for (Script* script : {&database.connects, &database.pings, &database.resets, &database.settles,
                         &database.closes}) {
    for (int i = draw.pick(1, 5); i > 0; --i) script->next(draw.any());
  }
  for (int i = draw.pick(1, 5); i > 0; --i) database.executes.next(draw.any_of_statement());
}

void be_slow(FakeDatabase& database, Draw& draw) {
  database.connects.always(draw.ok(1'500));
  database.pings.always(draw.ok(1'500));
  database.resets.always(draw.ok(6'000));
  database.settles.always(draw.ok(6'000));
  database.closes.always(draw.ok(3'000));
  database.executes.always(draw.ok(3'000).echo(kRows));
  database.cancels.always(draw.ok(700));
}

void leave_dirt(FakeDatabase& database, Draw& draw) {
  database.executes.always(draw.ok(5).echo(kRows).dirty());
  if (draw.pick(1, 3) == 1) {
    database.resets.always(Answer::fails(testing::sql_error("42501", "cannot be cleaned")));
  }
}

}  // namespace

void set_mood(FakeDatabase& database, Mood mood, base::Random& random) {
  Draw draw(random);
  be_well(database, draw);
  switch (mood) {
    case Mood::kHealthy:
      return;
    case Mood::kSlow:
      return be_slow(database, draw);
    case Mood::kRefusing:
      return database.connects.always(Answer::fails(testing::refused_connection(), draw.ms(0, 5)));
    case Mood::kFull:
      return database.connects.always(Answer::fails(testing::too_many_connections()));
    case Mood::kRejecting:
      return database.connects.always(Answer::fails(testing::rejected_credentials()));
    case Mood::kSilent:
      return be_silent(database);
    case Mood::kHanging:
      return database.executes.always(Answer::never());
    case Mood::kDying:
      return database.executes.always(Answer::loses_connection(draw.ms(0, 300)));
    case Mood::kComplaining:
      return database.executes.always(draw.complaint());
    case Mood::kShuttingDown:
      return database.executes.always(shut_down());
    case Mood::kSoiling:
      return leave_dirt(database, draw);
    case Mood::kMixed:
      return be_mixed(database, draw);
  }
}

void forget_plans(FakeDatabase& database) {
  for (Script* script : scripts(database)) script->forget_next();
}

void answer_late(FakeDatabase& database, base::TimePoint at) {
  for (Script* script : scripts(database)) script->answer_all_at(at, Answer::ok());
}

}  // namespace sluice::simulation
