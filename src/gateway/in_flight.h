#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace sluice::gateway {

/// How much the gateway has to do at this moment, and how much it may. Thread-safe, lock-free.
class InFlight {
 public:
  /// 0: no limit.
  struct Limits {
    std::int64_t requests = 0;
    std::int64_t bytes = 0;
  };
  explicit InFlight(Limits limits) : limits_(limits) {}

  [[nodiscard]] const Limits& limits() const { return limits_; }
  [[nodiscard]] std::int64_t requests() const { return requests_; }
  [[nodiscard]] std::int64_t bytes() const { return bytes_; }

  [[nodiscard]] bool add_request() { return add(requests_, 1, limits_.requests); }
  void remove_request() { requests_.fetch_sub(1, std::memory_order_relaxed); }
  [[nodiscard]] bool add_bytes(std::int64_t count) { return add(bytes_, count, limits_.bytes); }
  void remove_bytes(std::int64_t count) { bytes_.fetch_sub(count, std::memory_order_relaxed); }

 private:
  static bool add(std::atomic<std::int64_t>& sum, std::int64_t count, std::int64_t limit) {
    const auto before = sum.fetch_add(count, std::memory_order_relaxed);
    if (limit == 0 || before + count <= limit) return true;
    sum.fetch_sub(count, std::memory_order_relaxed);
    return false;
  }

  const Limits limits_;
  std::atomic<std::int64_t> requests_{0};
  std::atomic<std::int64_t> bytes_{0};
};

/// Bytes that something has taken; given back when it is destroyed.
class ByteCharge {
 public:
  ByteCharge() = default;
  explicit ByteCharge(InFlight& in_flight) : in_flight_(&in_flight) {}
  ByteCharge(ByteCharge&& other) noexcept
      : in_flight_(other.in_flight_), bytes_(std::exchange(other.bytes_, 0)) {}
  ByteCharge& operator=(ByteCharge&& other) noexcept {
    std::swap(in_flight_, other.in_flight_);
    std::swap(bytes_, other.bytes_);
    return *this;
  }
  ~ByteCharge() {
    if (bytes_ > 0) in_flight_->remove_bytes(bytes_);
  }

  [[nodiscard]] bool add(std::int64_t count) {
    if (!in_flight_->add_bytes(count)) return false;
    bytes_ += count;
    return true;
  }
  /// Takes over what the other has.
  void absorb(ByteCharge&& other) {
    in_flight_ = other.in_flight_ ? other.in_flight_ : in_flight_;
    bytes_ += std::exchange(other.bytes_, 0);
  }
  [[nodiscard]] std::int64_t bytes() const { return bytes_; }

 private:
  InFlight* in_flight_ = nullptr;
  std::int64_t bytes_ = 0;
};

}  // namespace sluice::gateway
