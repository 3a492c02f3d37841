#include "simulation/laboratory.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <system_error>

namespace sluice::simulation {
namespace {

constexpr std::uint64_t kSeedsPerChild = 500;
constexpr time_t kLongestLife =
    60;  // seconds of CPU, as the machine may be busy; it takes some milliseconds
constexpr int kFailed = 1;

void copy(const std::string& text, std::array<char, 1'000>& into) {
  std::snprintf(into.data(), into.size(), "%s", text.c_str());
}

/// From now on.
void limit_life() {
  const itimerval limit{.it_interval = {}, .it_value = {.tv_sec = kLongestLife, .tv_usec = 0}};
  ::setitimer(ITIMER_PROF, &limit, nullptr);
}

/// Runs it in a child; its exit status as `waitpid` gives it.
int in_child(const std::function<int()>& run, bool quiet) {
  std::fflush(nullptr);
  const pid_t child = ::fork();
  if (child < 0) throw std::system_error(errno, std::generic_category(), "fork");
  if (child == 0) {
    if (quiet) ::dup2(::open("/dev/null", O_WRONLY | O_CLOEXEC), STDERR_FILENO);
    std::exit(run());  // not _exit: a leak checker must have its say
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return status;
}

}  // namespace

/// What a child tells its parent, even by dying.
struct Laboratory::Shared {
  std::uint64_t seed = 0;  // under way
  std::array<char, 1'000> promise{};
  std::array<char, 1'000> seen{};
  Met met;

  int note(const Violation& violation) {
    copy(violation.promise, promise);
    copy(violation.seen, seen);
    return kFailed;
  }
};

Laboratory::Laboratory() {
  void* memory =
      ::mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw std::system_error(errno, std::generic_category(), "mmap");
  shared_ = new (memory) Shared;
}

Laboratory::~Laboratory() { ::munmap(shared_, sizeof(Shared)); }

const Met& Laboratory::met() const { return shared_->met; }

std::optional<std::uint64_t> Laboratory::first_failure(std::uint64_t first, std::uint64_t count,
                                                       const LifeOf& live) {
  for (std::uint64_t begin = first; begin < first + count; begin += kSeedsPerChild) {
    const auto end = std::min(first + count, begin + kSeedsPerChild);
    const int status = in_child(
        [this, begin, end, &live] {
          for (shared_->seed = begin; shared_->seed < end; ++shared_->seed) {
            limit_life();
            if (live(shared_->seed, shared_->met)) return kFailed;
            ++shared_->met.scenarios;
          }
          return 0;
        },
        false);
    if (status != 0) return shared_->seed;
  }
  return std::nullopt;
}

std::optional<Violation> Laboratory::try_out(const Life& live) {
  const int status = in_child(
      [this, &live] {
        limit_life();
        Met met;
        const auto violation = live(met);
        return violation ? shared_->note(*violation) : 0;
      },
      true);
  if (status == 0) return std::nullopt;
  if (WIFEXITED(status) && WEXITSTATUS(status) == kFailed) {
    return Violation{shared_->promise.data(), shared_->seen.data()};
  }
  const std::string how = WIFSIGNALED(status) ? ::strsignal(WTERMSIG(status)) : "a sanitizer";
  return Violation{"nothing crashes or hangs", "the process was ended by: " + how};
}

}  // namespace sluice::simulation
