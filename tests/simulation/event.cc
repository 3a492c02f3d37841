#include "simulation/event.h"

#include <vector>

#include "base/settings.h"

namespace sluice::simulation {
namespace {

std::string number(int id) { return "#" + std::to_string(id); }
std::string database(const Event& event) { return "db" + std::to_string(event.database); }
std::string in_ms(milliseconds time) { return std::to_string(time.count()) + " ms"; }

std::string caller(const Event& event) {
  if (event.flag) return caller({.from = event.from}) + " and again from its callback";
  return event.from == kOutside ? " from outside" : " from worker " + std::to_string(event.from);
}

std::string name(Mood mood) {
  static const std::vector<std::string> names = {"is healthy",
                                                 "is slow",
                                                 "refuses connects",
                                                 "has no connection left (53300)",
                                                 "rejects the password",
                                                 "answers nothing at all",
                                                 "lets statements hang",
                                                 "dies during statements",
                                                 "answers SQL errors",
                                                 "shuts down (57P01)",
                                                 "leaves dirty sessions",
                                                 "behaves mixedly"};
  return names.at(static_cast<std::size_t>(mood));
}

std::string of_caller(const Event& event) {
  switch (event.what) {
    case What::kQuery:
      return "query " + number(event.id) + " at " + database(event) + caller(event) +
             (event.client > 0 ? " of client " + std::to_string(event.client) : "") + ", " +
             in_ms(event.time);
    case What::kTransaction:
      return "transaction " + number(event.id) + " of " + std::to_string(event.count) +
             " statements at " + database(event) + caller(event) + ", " + in_ms(event.time);
    case What::kStream:
      return "stream " + number(event.id) + " of " + database(event) + ", " + in_ms(event.time) +
             ", its reader pauses after " + std::to_string(event.count) +
             (event.flag ? " for a moment" : "");
    case What::kOpenSession:
      return "open session " + number(event.id) + " at " + database(event) + ", " +
             in_ms(event.time);
    case What::kUseSession:
      return "query " + number(event.id) + " in session " + number(event.of) + ", " +
             in_ms(event.time);
    case What::kFanOut:
      return "fan-out " + number(event.id) + caller(event) + ", concurrency " +
             std::to_string(event.count) + ", " + in_ms(event.time);
    case What::kCancel:
      return "cancel " + number(event.id);
    case What::kGoOn:
      return "the reader of " + number(event.id) + " goes on";
    case What::kLend:
      return "lease " + number(event.id) + " of " + database(event) + ", " + in_ms(event.time);
    default:
      return "give lease " + number(event.id) + " back" + (event.flag ? ", broken" : "");
  }
}

std::string of_operator(const Event& event) {
  switch (event.what) {
    case What::kConnect:
      return (event.flag ? "connect " : "register ") + database(event) +
             different_settings(event.options);
    case What::kDisconnect:
      return "disconnect " + database(event) + ", patience " + in_ms(event.time);
    case What::kConfigure:
      return "configure " + database(event) + different_settings(event.options);
    case What::kPause:
      return "pause " + database(event);
    case What::kDrain:
      return "drain " + database(event);
    case What::kResume:
      return "resume " + database(event);
    case What::kReconnect:
      return "reconnect " + database(event);
    case What::kForceBreaker:
      return "breaker of " + database(event) + " to " +
             std::string(sluice::to_string(event.breaker)) +
             (event.time.count() > 0 ? " for " + in_ms(event.time) : "");
    case What::kEndSession:
      return "end session " + number(event.id);
    case What::kStats:
      return "look at the figures";
    case What::kHealth:
      return event.flag ? "probe the health" : "look at the health";
    default:
      return "close, patience " + in_ms(event.time);
  }
}

}  // namespace

std::string different_settings(const DatabaseOptions& options) {
  std::string text;
  for (const base::Setting& setting : base::settings()) {
    const auto value = setting.get(options);
    if (value == setting.get(DatabaseOptions{})) continue;
    text += (text.empty() ? "" : ", ") + std::string(setting.name) + "=" + value;
  }
  return " {" + text + "}";
}

std::string to_string(const Event& event) {
  if (event.what <= What::kGiveBack) return of_caller(event);
  if (event.what <= What::kClose) return of_operator(event);
  switch (event.what) {
    case What::kMood:
      return database(event) + " " + name(event.mood);
    case What::kLoseConnections:
      return database(event) + " loses " +
             (event.count == 0 ? "all its connections"
                               : std::to_string(event.count) + " connections");
    case What::kAnswerLate:
      return database(event) + " answers what has hung";
    case What::kTurns:
      return std::to_string(event.count) + " turns";
    case What::kAdvance:
      return "advance " + in_ms(event.time);
    case What::kToTimer:
      return "advance to the next timer";
    default:
      return "advance to just before the next timer";
  }
}

}  // namespace sluice::simulation
