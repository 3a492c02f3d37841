#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <memory>
#include <sstream>
#include <string>
#include <thread>
#include <utility>

#include "app/log_sink.h"

namespace sluice::app {
namespace {

/// A log into a pipe, which somebody may read or not.
class PipedLog {
 public:
  PipedLog() {
    EXPECT_EQ(pipe(ends_.data()), 0);
    stream_ = fdopen(ends_[1], "w");
    log_ = std::make_unique<Log>(LogOptions{.config = {}, .stream = stream_});
  }
  ~PipedLog() {
    end();
    close(ends_[0]);
  }
  PipedLog(const PipedLog&) = delete;
  PipedLog& operator=(const PipedLog&) = delete;

  Log& log() { return *log_; }
  void end() {
    log_.reset();
    if (stream_) std::fclose(std::exchange(stream_, nullptr));
  }
  std::string read_to_the_end() const {
    std::string text;
    std::array<char, 65536> piece{};
    for (ssize_t got = 0; (got = read(ends_[0], piece.data(), piece.size())) > 0;) {
      text.append(piece.data(), static_cast<std::size_t>(got));
    }
    return text;
  }

 private:
  std::array<int, 2> ends_{};
  std::FILE* stream_ = nullptr;
  std::unique_ptr<Log> log_;
};

TEST(LogWriter, SaysOnceThatMuchWaits) {
  LogWriter writer(stderr);
  const std::string line(LogWriter::kMuch / 2 - 1, 'x');  // and its end
  for (int i = 0; i < 2; ++i) {
    EXPECT_FALSE(writer.add(line));
    EXPECT_TRUE(writer.add(line));
    EXPECT_FALSE(writer.add(line));
    EXPECT_EQ(writer.take().text.size(), 3 * (line.size() + 1));
  }
}

TEST(LogWriter, NobodyWaitsForAReaderThatHasStoppedAndWhatItMissedIsTold) {
  constexpr int kLines = 30'000;
  PipedLog piped;
  const std::string words(500, 'x');  // 15 MB in all: more than is kept
  for (int i = 0; i < kLines; ++i) piped.log().info(words);
  std::string text;
  std::thread reader([&] { text = piped.read_to_the_end(); });
  piped.end();
  reader.join();

  int seen = 0;
  long lost = 0;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    EXPECT_EQ(line.back(), '}') << "a part of a line";
    if (line.find(words) != std::string::npos) ++seen;
    const auto told = line.find("\"lines\":");
    if (told != std::string::npos) lost += std::stol(line.substr(told + 8));
  }
  EXPECT_GT(lost, 0);
  EXPECT_EQ(seen + lost, kLines);
}

TEST(LogWriter, TheEndDoesNotWaitForAReaderThatHasStopped) {
  PipedLog piped;
  for (int i = 0; i < 1'000; ++i) piped.log().info(std::string(500, 'x'));
  piped.end();
}

}  // namespace
}  // namespace sluice::app
