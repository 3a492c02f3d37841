#include "gateway/row_stream.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "support/simulated_loop.h"

namespace sluice::gateway {
namespace {

/// A client that takes pieces as long as it is told to.
class Reader final : public StreamReceiver {
 public:
  bool take(std::string_view piece) override {
    text += piece;
    ++pieces;
    return reads;
  }
  void complete(std::string_view last_piece, const Timings*) override {
    text += last_piece;
    end += "complete";
  }
  void refuse(const Error& error) override { end += "refused: " + error.message; }
  void fail(std::string_view last_piece, const Error& error) override {
    text += last_piece;
    end += "failed: " + error.message;
  }

  std::string text;
  int pieces = 0;
  bool reads = true;
  std::string end;
};

class RowStreamTest : public ::testing::Test {
 protected:
  RowStreamTest() {
    Column column;
    column.name = "a";
    stream->on_columns({column});
  }
  RowVerdict put(const std::string& value) {
    const Cell cell{value.data(), value.size()};
    return stream->on_row({&cell, 1});
  }
  /// Until it asks for a pause.
  std::size_t fill() {
    const std::string kilobyte(1000, 'x');
    std::size_t rows = 1;
    while (put(kilobyte) == RowVerdict::kContinue) ++rows;
    stream->on_paused([this] { ++resumed; });
    return rows;
  }
  void end(Result<Completion> result = Completion{}) {
    stream->end(std::move(result), std::chrono::microseconds(1));
    loop.run_posted();
  }
  static Error late() {
    Error error;
    error.code = ErrorCode::kQueryTimeout;
    error.message = "late";
    return error;
  }

  testing::SimulatedLoop loop;
  InFlight in_flight{{.requests = 0, .bytes = 1'000'000}};
  std::shared_ptr<Reader> reader = std::make_shared<Reader>();
  std::shared_ptr<RowStream> stream =
      std::make_shared<RowStream>(RowStream::Ends{json::csv_encoder(), reader, loop, in_flight});
  int resumed = 0;
};

TEST_F(RowStreamTest, GivesASmallResultInOnePiece) {
  put("1");
  put("2");
  loop.run_posted();
  EXPECT_EQ(reader->pieces, 0);
  EXPECT_EQ(in_flight.bytes(), 0);
  end();
  EXPECT_EQ(reader->text, "a\r\n1\r\n2\r\n");
  EXPECT_EQ(reader->end, "complete");
  EXPECT_EQ(reader->pieces, 0);
}

TEST_F(RowStreamTest, PassesOnWhatThereIsWhenRowsAreSlowToCome) {
  put("1");
  stream->on_lull();
  loop.run_posted();
  EXPECT_EQ(reader->text, "a\r\n1\r\n");
  stream->on_lull();
  loop.run_posted();
  EXPECT_EQ(reader->pieces, 1);
  put("2");
  end();
  EXPECT_EQ(reader->text, "a\r\n1\r\n2\r\n");
}

TEST_F(RowStreamTest, PausesAtOnceWhenTheReaderDoesNotRead) {
  const std::size_t rows = fill();
  EXPECT_LT(rows, 200U) << "more than 200 KB wait";
  reader->reads = false;
  loop.run_posted();
  EXPECT_EQ(resumed, 0);
  stream->drained();
  EXPECT_EQ(resumed, 1);
  stream->drained();
  EXPECT_EQ(resumed, 1);
}

TEST_F(RowStreamTest, PausesTooWhenEveryRowIsPassedOnAtOnce) {
  reader->reads = false;
  const std::string kilobyte(1000, 'x');
  int rows = 0;
  while (rows < 1000 && put(kilobyte) == RowVerdict::kContinue) {
    stream->on_lull();
    loop.run_posted();
    ++rows;
  }
  EXPECT_LT(rows, 200) << "more than 200 KB wait";
}

TEST_F(RowStreamTest, GoesOnWhenTheReaderHasTakenEverything) {
  fill();
  loop.run_posted();
  EXPECT_EQ(resumed, 1);
}

TEST_F(RowStreamTest, MayBeResumedBeforeItHasPaused) {
  const std::string kilobyte(1000, 'x');
  while (put(kilobyte) == RowVerdict::kContinue) {
  }
  loop.run_posted();  // the reader is quicker than the pause
  stream->on_paused([this] { ++resumed; });
  EXPECT_EQ(resumed, 1);
}

TEST_F(RowStreamTest, AnErrorBeforeTheFirstPieceIsAnOrdinaryRefusal) {
  put("1");
  end(fail(late()));
  EXPECT_EQ(reader->end, "refused: late");
  EXPECT_EQ(reader->text, "");
}

TEST_F(RowStreamTest, AnErrorAfterAPieceEndsTheBody) {
  put("1");
  stream->on_lull();
  put("2");
  end(fail(late()));
  EXPECT_EQ(reader->end, "failed: late");
  EXPECT_EQ(reader->text, "a\r\n1\r\n2\r\n");
}

TEST_F(RowStreamTest, TheEndNeverOvertakesAPiece) {
  put("1");
  stream->on_lull();
  stream->end(Completion{}, std::chrono::microseconds(1));
  EXPECT_EQ(reader->end, "");
  loop.run_posted();
  EXPECT_EQ(reader->text, "a\r\n1\r\n");
  EXPECT_EQ(reader->end, "complete");
}

TEST_F(RowStreamTest, TheEndDoesNotWaitForASlowReader) {
  fill();
  reader->reads = false;
  loop.run_posted();
  end(fail(late()));
  EXPECT_EQ(reader->end, "failed: late");
}

TEST_F(RowStreamTest, CountsItsMemoryAndGivesItBack) {
  put("1");
  stream->on_lull();
  EXPECT_EQ(in_flight.bytes(), 512 * 1024);
  loop.run_posted();
  end();
  stream.reset();
  loop.run_posted();
  EXPECT_EQ(in_flight.bytes(), 0);
}

TEST_F(RowStreamTest, IsRefusedWhenThereIsNoMemoryLeft) {
  ByteCharge others(in_flight);
  ASSERT_TRUE(others.add(600'000));
  put("1");
  stream->on_lull();
  loop.run_posted();
  EXPECT_EQ(reader->pieces, 0);
  const std::string kilobyte(1000, 'x');
  RowVerdict verdict = RowVerdict::kContinue;
  for (int i = 0; i < 40 && verdict == RowVerdict::kContinue; ++i) verdict = put(kilobyte);
  EXPECT_EQ(verdict, RowVerdict::kTooLarge);
  Error error;
  error.code = ErrorCode::kResultTooLarge;
  end(fail(error));
  EXPECT_TRUE(reader->end.find("server.max_in_flight_bytes") != std::string::npos) << reader->end;
}

}  // namespace
}  // namespace sluice::gateway
