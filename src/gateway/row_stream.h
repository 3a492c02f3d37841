#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/event_loop.h"
#include "gateway/in_flight.h"
#include "json/stream_encoder.h"
#include "sluice/query.h"
#include "sluice/result.h"

namespace sluice::gateway {

/// Takes the body of a streamed answer. On its request's worker; ends with exactly one of
/// `complete`, `refuse` and `fail`.
class StreamReceiver {
 public:
  virtual ~StreamReceiver() = default;
  /// The next piece; the first one begins the answer. False: no more, until `RowStream::drained`.
  virtual bool take(std::string_view piece) = 0;
  /// The body is complete with this piece, which may be the only one. `timings`: of the statement,
  /// if it was one.
  virtual void complete(std::string_view last_piece, const Timings* timings) = 0;
  /// It failed, and nothing was taken before.
  virtual void refuse(const Error& error) = 0;
  /// It failed in the middle; this piece, which may tell of it, is the last.
  virtual void fail(std::string_view last_piece, const Error& error) = 0;
};

/// A result on its way from the database to its reader, in pieces, with at most half a megabyte of
/// it in memory: when the reader takes no more, the rows pause. Rows come on the database's home
/// worker; `drained` and `end` are called on the request's worker. Made by a shared_ptr.
class RowStream final : public RowSink, public std::enable_shared_from_this<RowStream> {
 public:
  struct Ends {
    std::unique_ptr<json::StreamEncoder> encoder;
    std::shared_ptr<StreamReceiver> receiver;
    base::EventLoop& loop;  ///< the request's worker
    InFlight& in_flight;
  };
  explicit RowStream(Ends ends) : ends_(std::move(ends)), charge_(ends_.in_flight) {}

  void on_columns(const std::vector<Column>& columns) override;
  RowVerdict on_row(std::span<const Cell> cells) override;
  void on_lull() override;
  [[nodiscard]] bool may_pause() const override { return true; }
  void on_paused(std::function<void()> resume) override;
  [[nodiscard]] std::size_t bytes() const override { return handed_over_ + text_.size(); }

  /// The receiver that has refused a piece takes more now.
  void drained();
  /// The call has ended.
  void end(Result<Completion> result, std::chrono::microseconds elapsed);

 private:
  [[nodiscard]] bool hand_over();
  void deliver(std::string_view piece);
  void taken(std::size_t bytes);

  const Ends ends_;

  // The home worker's, and the request's worker's once the call has ended.
  json::TextBuffer text_;  // not yet handed over
  std::size_t handed_over_ = 0;
  ByteCharge charge_;
  bool starved_ = false;

  // Between the two.
  std::atomic<std::size_t> in_transit_{0};  // handed over, and too much for the receiver so far
  std::atomic<bool> paused_{false};
  std::function<void()> resume_;  // whoever sees `paused_` and ends it may use it

  // The request's worker's.
  std::size_t held_back_ = 0;  // of what is in transit: the receiver has it, and wants no more
  bool begun_ = false;
};

}  // namespace sluice::gateway
