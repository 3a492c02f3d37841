#include <cerrno>
#include <streambuf>

#include "app/commands/streamed_rows.h"
#include "unit/app/commands/command_fixture.h"

namespace sluice::app::commands {
namespace {

constexpr const char* kEnd = R"({"end":{"count":2,"command":"SELECT","affected":null,)";

class StreamedQuery : public CommandTest {
 protected:
  /// With pieces of every size, so that they end everywhere.
  void for_every_piece_size(const std::function<void()>& check) {
    for (std::size_t size = 1; size < 40; ++size) {
      SCOPED_TRACE(size);
      gateway_.piece_size = size;
      out_.str("");
      err_.str("");
      check();
    }
  }
};

TEST_F(StreamedQuery, NdjsonIsTheRowsWithoutTheLastRecord) {
  for_every_piece_size([this] {
    will_answer(200, std::string("{\"a\":1}\n{\"a\":1.50}\n") + kEnd + "\"truncated\":false}}\n");
    EXPECT_EQ(run({"query", "a", "SELECT", "-o", "ndjson"}), 0);
    EXPECT_EQ(out(), "{\"a\":1}\n{\"a\":1.50}\n");  // every digit
    EXPECT_EQ(err(), "");
  });
  EXPECT_EQ(gateway_.asked.back().accept, "application/x-ndjson");
  EXPECT_EQ(gateway_.asked.back().body, R"({"sql":"SELECT","params":[],"read_only":true})");
}

TEST_F(StreamedQuery, OnlyTheLastRecordIsNoRow) {
  const std::string rows = "{\"end\":{\"count\":9}}\n{\"error\":{\"code\":\"x\"}}\n";
  will_answer(200, rows + kEnd + "\"truncated\":false}}\n");
  EXPECT_EQ(run({"query", "a", "SELECT", "-o", "ndjson"}), 0);
  EXPECT_EQ(out(), rows);
}

TEST_F(StreamedQuery, ACutStreamIsSaid) {
  will_answer(200, std::string("{\"a\":1}\n") + kEnd + "\"truncated\":true}}\n");
  EXPECT_EQ(run({"query", "a", "SELECT", "-o", "ndjson", "--max-rows", "1"}), 0);
  EXPECT_NE(err().find("there are more rows"), std::string::npos);
  EXPECT_NE(gateway_.asked[0].body.find(R"("max_rows":1)"), std::string::npos);
}

TEST_F(StreamedQuery, CsvEndsItsLinesAsAllOfOurs) {
  for_every_piece_size([this] {
    will_answer(200, "id,t\r\n1,\"x\r\ny\"\"\r\n\"\r\n2,\r\n");
    EXPECT_EQ(run({"query", "a", "SELECT", "-o", "csv"}), 0);
    EXPECT_EQ(out(), "id,t\n1,\"x\r\ny\"\"\r\n\"\n2,\n");  // a cell stays as it is
    EXPECT_EQ(err(), "");
  });
  EXPECT_EQ(gateway_.asked.back().accept, "text/csv");
}

TEST_F(StreamedQuery, CsvThatMayHaveBeenCutIsSaid) {
  will_answer(200, "id\r\n1\r\n2\r\n");
  EXPECT_EQ(run({"query", "a", "SELECT", "-o", "csv", "--max-rows", "2"}), 0);
  EXPECT_NE(err().find("2 rows; there may be more"), std::string::npos) << err();
  err_.str("");
  will_answer(200, "id\r\n1\r\n2\r\n");
  EXPECT_EQ(run({"query", "a", "SELECT", "-o", "csv", "--max-rows", "3"}), 0);
  EXPECT_EQ(err(), "");
}

TEST_F(StreamedQuery, AnErrorInTheMiddleIsToldWithItsPlace) {
  for_every_piece_size([this] {
    will_break_off(
        "{\"a\":1}\n{\"error\":{\"code\":\"sql_error\",\"detail\":\"division by zero\","
        "\"sqlstate\":\"22012\",\"position\":8}}\n");
    EXPECT_EQ(run({"query", "a", "SELECT 1/0", "-o", "ndjson"}), 3);
    EXPECT_EQ(out(), "{\"a\":1}\n");
    EXPECT_EQ(err(),
              "ERROR 22012: division by zero\nLINE 1: SELECT 1/0\n               ^\n"
              "what was written is not the whole result\n");
  });
}

TEST_F(StreamedQuery, AConnectionThatIsLostIsAFailure) {
  for (const char* format : {"ndjson", "csv"}) {
    for (const char* body : {"", "{\"a\":1}\n", "{\"a\":1}\n{\"a\":", "{\"end\":{}}\n"}) {
      err_.str("");
      will_break_off(body);
      EXPECT_EQ(run({"query", "a", "SELECT", "-o", format}), 1) << format << body;
      EXPECT_NE(err().find("broke off"), std::string::npos) << err();
    }
  }
  EXPECT_NE(err().find("-o ndjson tells"), std::string::npos) << err();
}

TEST_F(StreamedQuery, ARefusalIsToldAsEver) {
  will_answer(
      503,
      R"({"code":"breaker_open","detail":"words","db_id":"a","outcome":"not_started","retryable":true})");
  EXPECT_EQ(run({"query", "a", "SELECT", "-o", "ndjson"}), 4);
  EXPECT_EQ(err(), "words (breaker_open)\nhint: sluice why a\n");
  will_answer(502, "<html>");
  EXPECT_EQ(run({"query", "a", "SELECT", "-o", "csv"}), 1);
  EXPECT_NE(err().find("cannot be read"), std::string::npos);
  EXPECT_EQ(out(), "");
}

TEST_F(StreamedQuery, ManyDatabasesAsLinesInTheOrderOfTheirAnswers) {
  for_every_piece_size([this] {
    will_answer(200,
                "{\"db_id\":\"b\",\"rows\":[{\"n\":1},{}],\"truncated\":true}\n"
                "{\"db_id\":\"c\",\"error\":{\"code\":\"breaker_open\",\"detail\":\"is open\","
                "\"outcome\":\"not_started\",\"retryable\":true}}\n"
                "{\"db_id\":\"a\",\"rows\":[{\"n\":2}]}\n{\"end\":{\"status\":207}}\n");
    EXPECT_EQ(run({"query", "--selector", "r=eu", "-o", "ndjson", "SELECT"}), 4);
    EXPECT_EQ(out(),
              "{\"database\":\"b\",\"n\":1}\n{\"database\":\"b\"}\n{\"database\":\"a\",\"n\":2}\n");
    EXPECT_EQ(err(),
              "b: there are more rows: --max-rows 0 reads them all\nc: is open (breaker_open)\n");
  });
  EXPECT_EQ(gateway_.asked.back().path, "/query");
  EXPECT_NE(gateway_.asked.back().body.find(R"("selector":{"r":"eu"})"), std::string::npos);
}

TEST_F(StreamedQuery, ManyDatabasesThatBreakOff) {
  const std::string one = "{\"db_id\":\"b\",\"rows\":[{\"n\":1}]}\n";
  will_break_off(one);
  EXPECT_EQ(run({"query", "--all", "-o", "ndjson", "SELECT"}), 1);
  will_answer(200, one);  // complete, but without an end
  EXPECT_EQ(run({"query", "--all", "-o", "ndjson", "SELECT"}), 1);
  EXPECT_NE(err().find("broke off"), std::string::npos) << err();
}

/// A file that takes nothing.
class FullFile : public std::streambuf {
 public:
  explicit FullFile(int problem) : problem_(problem) {}

 protected:
  std::streamsize xsputn(const char*, std::streamsize) override { return errno = problem_, 0; }
  int_type overflow(int_type) override { return errno = problem_, traits_type::eof(); }

 private:
  int problem_;
};

class UnwritableOutput : public StreamedQuery, public testing::WithParamInterface<const char*> {
 protected:
  int run_into(int problem) {
    FullFile file(problem);
    auto* const before = out_.std::ios::rdbuf(&file);
    const std::string rows = "{\"db_id\":\"a\",\"rows\":[{\"n\":1}]}\n";
    will_answer(200, rows + rows + rows + "{\"end\":{}}\n");
    const int status = run({"query", "a", "SELECT", "-o", GetParam()});
    out_.std::ios::rdbuf(before);
    return status;
  }
};

TEST_P(UnwritableOutput, AReaderThatHasEnoughEndsItInSilence) {
  EXPECT_EQ(run_into(EPIPE), 0);
  EXPECT_EQ(err(), "");
}

TEST_P(UnwritableOutput, AFullDiskIsAFailure) {
  EXPECT_EQ(run_into(ENOSPC), 1);
  EXPECT_NE(err().find("standard output cannot be written: No space left"), std::string::npos)
      << err();
}

INSTANTIATE_TEST_SUITE_P(Formats, UnwritableOutput, testing::Values("ndjson", "csv"));

TEST(WholeLines, WaitForTheirEnd) {
  WholeLines lines;
  EXPECT_EQ(lines.add("a"), "");
  EXPECT_EQ(lines.add("b\nc\nd"), "ab\nc\n");
  EXPECT_EQ(lines.add("\n"), "d\n");
  EXPECT_EQ(lines.add(""), "");
}

}  // namespace
}  // namespace sluice::app::commands
