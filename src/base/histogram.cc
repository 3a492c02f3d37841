#include "base/histogram.h"

#include <algorithm>
#include <array>
#include <bit>

#include "base/duration_counts.h"

namespace sluice::base {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

// Fine buckets: one per microsecond below 8, then eight per power of two up to 2^29 us (9 minutes).
constexpr int kPerOctave = 8;
constexpr int kFirstOctave = 3;
constexpr int kOctaves = 29 - kFirstOctave;
constexpr std::size_t kFineBuckets = kPerOctave * (kOctaves + 1);

constexpr Duration kSlice = seconds(10);
constexpr std::size_t kSlices = 6;
constexpr std::int64_t kSeconds = 60;

std::size_t fine_bucket(std::int64_t micros) {
  if (micros < kPerOctave) return static_cast<std::size_t>(micros);
  const int octave = std::bit_width(static_cast<std::uint64_t>(micros)) - 1;
  const auto within = micros >> (octave - kFirstOctave);  // 8 to 15
  const auto bucket = static_cast<std::size_t>((octave - kFirstOctave) * kPerOctave + within);
  return std::min(bucket, kFineBuckets - 1);
}

// The middle of a fine bucket: at most 6 % away from every value in it.
microseconds fine_value(std::size_t bucket) {
  const auto index = static_cast<std::int64_t>(bucket);
  if (index < kPerOctave) return microseconds(index);
  const std::int64_t octave = index / kPerOctave - 1;
  const std::int64_t width = std::int64_t{1} << octave;
  return microseconds((index % kPerOctave + kPerOctave) * width + width / 2);
}

std::int64_t number_of(TimePoint now, Duration unit) { return now.time_since_epoch() / unit; }

}  // namespace

struct LatencyRecorder::Counts {
  struct Slice {
    std::int64_t number = -1;  // which ten seconds it holds, counted from the clock's start
    std::array<std::uint32_t, kFineBuckets> fine{};
  };

  DurationCounts total;
  std::array<Slice, kSlices> slices;
  std::array<std::uint32_t, kSeconds> per_second{};
  std::int64_t last_second = -1;  // per_second holds this second and the 59 before it

  void advance(std::int64_t second);
  Slice* slice(std::int64_t number);
};

// Forgets the seconds that leave the minute.
void LatencyRecorder::Counts::advance(std::int64_t second) {
  const std::int64_t first_new = std::max(last_second + 1, second - kSeconds + 1);
  for (std::int64_t s = first_new; s <= second; ++s) {
    per_second[static_cast<std::size_t>(s % kSeconds)] = 0;
  }
  last_second = std::max(last_second, second);
}

// The slice of that number, emptied if it held an older one; null if it holds a newer one.
LatencyRecorder::Counts::Slice* LatencyRecorder::Counts::slice(std::int64_t number) {
  Slice& slice = slices[static_cast<std::size_t>(number) % kSlices];
  if (slice.number > number) return nullptr;
  if (slice.number < number) slice = Slice{number, {}};
  return &slice;
}

LatencyRecorder::LatencyRecorder() noexcept = default;
LatencyRecorder::LatencyRecorder(LatencyRecorder&&) noexcept = default;
LatencyRecorder& LatencyRecorder::operator=(LatencyRecorder&&) noexcept = default;
LatencyRecorder::~LatencyRecorder() = default;

LatencyRecorder::Counts& LatencyRecorder::counts() {
  if (!counts_) counts_ = std::make_unique<Counts>();
  return *counts_;
}

void LatencyRecorder::record(Duration value, TimePoint now) {
  Counts& counts = this->counts();
  value = std::max(value, Duration::zero());
  counts.total.record(value);
  const std::int64_t second = number_of(now, seconds(1));
  counts.advance(second);
  if (second > counts.last_second - kSeconds) {
    ++counts.per_second[static_cast<std::size_t>(second % kSeconds)];
  }
  const auto micros = std::chrono::duration_cast<microseconds>(value).count();
  if (auto* slice = counts.slice(number_of(now, kSlice))) ++slice->fine[fine_bucket(micros)];
}

Percentiles LatencyRecorder::recent(TimePoint now) const {
  if (!counts_) return {};
  const std::int64_t oldest = number_of(now, kSlice) - static_cast<std::int64_t>(kSlices) + 1;
  std::array<std::int64_t, kFineBuckets> fine{};
  std::int64_t count = 0;
  for (const auto& slice : counts_->slices) {
    if (slice.number < oldest) continue;
    for (std::size_t i = 0; i < kFineBuckets; ++i) {
      fine[i] += slice.fine[i];
      count += slice.fine[i];
    }
  }
  if (count == 0) return {};
  const auto at = [&](std::int64_t percent) {
    std::int64_t rank = (count * percent + 99) / 100;  // the value that so many are at most
    std::size_t bucket = 0;
    while (rank > fine[bucket]) rank -= fine[bucket++];
    return fine_value(bucket);
  };
  return {at(50), at(95), at(99)};
}

Histogram LatencyRecorder::total() const {
  return counts_ ? counts_->total.histogram() : DurationCounts().histogram();
}

std::int64_t LatencyRecorder::count_within(Duration span, TimePoint now) const {
  if (!counts_) return 0;
  const std::int64_t current = number_of(now, seconds(1));
  const std::int64_t wanted = std::clamp<std::int64_t>(span / seconds(1), 0, kSeconds);
  const std::int64_t first =
      std::max({current - wanted + 1, counts_->last_second - kSeconds + 1, std::int64_t{0}});
  std::int64_t count = 0;
  for (std::int64_t s = first; s <= std::min(current, counts_->last_second); ++s) {
    count += counts_->per_second[static_cast<std::size_t>(s % kSeconds)];
  }
  return count;
}

void LatencyRecorder::merge(const LatencyRecorder& other) {
  if (!other.counts_) return;
  Counts& mine = counts();
  const Counts& theirs = *other.counts_;
  mine.total.merge(theirs.total);
  for (const auto& from : theirs.slices) {
    if (from.number < 0) continue;
    auto* to = mine.slice(from.number);
    if (!to) continue;
    for (std::size_t i = 0; i < kFineBuckets; ++i) to->fine[i] += from.fine[i];
  }
  mine.advance(theirs.last_second);
  const std::int64_t first = std::max(mine.last_second, theirs.last_second) - kSeconds + 1;
  for (std::int64_t s = std::max<std::int64_t>(first, 0); s <= theirs.last_second; ++s) {
    const auto index = static_cast<std::size_t>(s % kSeconds);
    mine.per_second[index] += theirs.per_second[index];
  }
}

}  // namespace sluice::base
