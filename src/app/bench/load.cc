#include "app/bench/load.h"

#include <algorithm>
#include <charconv>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "app/client/problem.h"

namespace sluice::app::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kTick(200);

/// What the users of one run share.
struct Run {
  const Plan& plan;
  const OpenGateway& open;
  Clock::time_point start;
  Clock::time_point end;
  std::atomic<bool> stop{false};
  std::atomic<std::int64_t> next{0};
  std::atomic<std::int64_t> answered{0};
  std::atomic<int> busy_users{0};
};

/// Takes the next request: when it should be sent. Nothing when there are no more.
std::optional<Clock::time_point> take(Run& run) {
  const std::int64_t number = run.next.fetch_add(1, std::memory_order_relaxed);
  if (run.plan.requests > 0 && number >= run.plan.requests) return std::nullopt;
  if (run.plan.rate <= 0) {
    const auto now = Clock::now();
    return now < run.end ? std::optional(now) : std::nullopt;
  }
  const std::chrono::duration<double> after(static_cast<double>(number) / run.plan.rate);
  const auto due = run.start + std::chrono::duration_cast<Clock::duration>(after);
  return due < run.end ? std::optional(due) : std::nullopt;
}

/// Until then, or until somebody stops the run.
void wait_until(Clock::time_point due, const std::atomic<bool>& stop) {
  while (!stop && Clock::now() < due) {
    std::this_thread::sleep_until(std::min(due, Clock::now() + kTick));
  }
}

std::string code_of(const client::Reply& reply) {
  const auto answer = client::Answer::parse(reply.body);
  std::string code(answer ? client::text_at(answer->root(), "code") : "");
  return code.empty() ? "status " + std::to_string(reply.status) : code;
}

void note_failure(Measured& measured, const std::string& code, const std::string& words) {
  ++measured.failures[code];
  if (measured.first_failure.empty()) measured.first_failure = words;
}

void note(Measured& measured, const client::Outcome<client::Reply>& reply, Nanoseconds time) {
  if (!reply) return note_failure(measured, "connection", reply.error().message);
  measured.latencies.add(time);
  if (add_stages(reply->server_timing, measured.stage_ms)) ++measured.staged;
  if (reply->status < 400) {
    ++measured.succeeded;
    return;
  }
  const auto problem = client::Answer::parse(reply->body);
  note_failure(measured, code_of(*reply),
               problem ? client::describe_problem(problem->root()).message : "no explanation");
}

/// One user: sends, waits for the answer, sends the next.
void live(Run& run, Measured& measured) {
  const auto gateway = run.open(&run.stop);
  while (!run.stop) {
    const auto due = take(run);
    if (!due) break;
    wait_until(*due, run.stop);
    if (run.stop) break;
    const auto reply = gateway->ask(run.plan.request);
    if (run.stop && !reply) break;  // it was cut off
    const auto now = Clock::now();
    note(measured, reply, now - *due);
    measured.elapsed = now - run.start;
    run.answered.fetch_add(1, std::memory_order_relaxed);
    if (!reply) std::this_thread::sleep_for(std::chrono::milliseconds(10));  // no busy loop
  }
  --run.busy_users;
}

}  // namespace

std::int64_t Measured::total() const {
  std::int64_t sum = succeeded;
  for (const auto& [code, count] : failures) sum += count;
  return sum;
}

double Measured::per_second() const {
  return elapsed.count() > 0 ? static_cast<double>(succeeded) / elapsed.count() : 0;
}

void Measured::merge(const Measured& other) {
  latencies.merge(other.latencies);
  succeeded += other.succeeded;
  staged += other.staged;
  elapsed = std::max(elapsed, other.elapsed);  // until the last answer came
  for (const auto& [code, count] : other.failures) failures[code] += count;
  for (std::size_t i = 0; i < kStages.size(); ++i) stage_ms[i] += other.stage_ms[i];
  if (first_failure.empty()) first_failure = other.first_failure;
}

bool add_stages(std::string_view server_timing, std::array<double, kStages.size()>& sums) {
  bool found = false;
  for (std::size_t i = 0; i < kStages.size(); ++i) {
    const std::string name = std::string(kStages[i]) + ";dur=";
    const auto at = server_timing.find(name);
    if (at == std::string_view::npos) continue;
    double time = 0;
    const char* begin = server_timing.data() + at + name.size();
    std::from_chars(begin, server_timing.data() + server_timing.size(), time);
    sums[i] += time;
    found = true;
  }
  return found;
}

Measured run_load(const Plan& plan, const OpenGateway& open, const std::atomic<bool>& stop,
                  const OnTick& on_tick) {
  const auto start = Clock::now();
  const auto whole = std::chrono::duration_cast<Clock::duration>(plan.duration);
  Run run{.plan = plan,
          .open = open,
          .start = start,
          .end = plan.requests > 0 ? Clock::time_point::max() : start + whole};
  std::vector<Measured> measured(static_cast<std::size_t>(plan.users));
  std::vector<std::jthread> users;
  run.busy_users = plan.users;
  for (Measured& each : measured) users.emplace_back([&run, &each] { live(run, each); });
  while (run.busy_users > 0) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    run.stop = stop.load();
    on_tick(Clock::now() - start, run.answered);
  }
  users.clear();  // joins
  Measured sum;
  for (const Measured& each : measured) sum.merge(each);
  return sum;
}

}  // namespace sluice::app::bench
