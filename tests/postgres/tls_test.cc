#include <gtest/gtest.h>
#include <pwd.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "postgres/session_driver.h"

namespace sluice::test {
namespace {

namespace fs = std::filesystem;

/// A certificate for "localhost" that signs itself, made anew with the openssl program.
class Certificate {
 public:
  Certificate() {
    std::string pattern = (fs::temp_directory_path() / "sluice-tls-XXXXXX").string();
    directory_ = ::mkdtemp(pattern.data());
    const std::string command =
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj "
        "/CN=localhost -addext subjectAltName=DNS:localhost -keyout " +
        key() + " -out " + file() + " 2>/dev/null";
    if (std::system(command.c_str()) != 0) throw std::runtime_error("openssl made no certificate");
    if (::geteuid() != 0) return;
    const passwd* user = ::getpwnam("postgres");  // as whom the server runs then
    for (const std::string& path : {directory_, key(), file()}) {
      if (::chown(path.c_str(), user->pw_uid, user->pw_gid) != 0)
        throw std::runtime_error("cannot give the certificate to postgres");
    }
  }
  ~Certificate() { fs::remove_all(directory_); }
  [[nodiscard]] std::string key() const { return directory_ + "/key.pem"; }
  [[nodiscard]] std::string file() const { return directory_ + "/certificate.pem"; }

 private:
  std::string directory_;
};

class Tls : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    certificate = new Certificate;
    secure = new PrivatePostgres({"ssl = on", "ssl_cert_file = '" + certificate->file() + "'",
                                  "ssl_key_file = '" + certificate->key() + "'"});
  }
  static void TearDownTestSuite() {
    delete secure;
    delete certificate;
  }
  static Target target(SslMode mode) {
    Target target = secure->target();
    target.ssl = mode;
    return target;
  }

  static inline Certificate* certificate = nullptr;
  static inline PrivatePostgres* secure = nullptr;
  SessionDriver driver;
};

TEST_F(Tls, IsUsedWhenPreferredOrRequired) {
  for (const SslMode mode : {SslMode::kPrefer, SslMode::kRequire}) {
    auto connection = driver.open(target(mode));
    EXPECT_EQ(driver.value(*connection, "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"),
              "t");
  }
  auto plain = driver.open(target(SslMode::kDisable));
  EXPECT_EQ(driver.value(*plain, "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"), "f");
}

TEST_F(Tls, VerifiesTheServer) {
  Target verified = target(SslMode::kVerifyFull);
  const auto stranger = driver.connect(verified);
  ASSERT_FALSE(stranger) << "the system does not know this authority";
  EXPECT_EQ(stranger.error().code, ErrorCode::kDatabaseUnavailable);
  EXPECT_NE(stranger.error().message.find("certificate"), std::string::npos);
  verified.ssl_root_cert = certificate->file();
  EXPECT_FALSE(driver.connect(verified)) << "the certificate is for localhost, not for 127.0.0.1";
  verified.host = "localhost";
  EXPECT_TRUE(driver.connect(verified));
}

TEST_F(Tls, RequiredOfAServerWithoutItFails) {
  Target plain = server().target();
  plain.ssl = SslMode::kRequire;
  const auto connected = driver.connect(plain);
  ASSERT_FALSE(connected);
  EXPECT_NE(connected.error().message.find("SSL"), std::string::npos) << connected.error().message;
}

TEST_F(Tls, NothingIsLeftInBuffersThatNoPollerSees) {
  auto connection = driver.open(target(SslMode::kRequire));
  for (int size = 0; size < 40'000; size += 97) {
    const auto result = driver.run(*connection, "SELECT repeat('x', $1), $1", {size});
    ASSERT_TRUE(result) << "with " << size << " bytes";
    ASSERT_EQ(result->rows[0][0]->size(), static_cast<std::size_t>(size));
  }
  const auto many = driver.run(*connection,
                               "SELECT i, repeat('y', i % 20000) FROM "
                               "generate_series(1, 2000) i");
  ASSERT_TRUE(many);
  EXPECT_EQ(many->rows.size(), 2'000U);
}

TEST_F(Tls, SendsMoreThanTheSocketTakesAtOnce) {
  auto connection = driver.open(target(SslMode::kRequire));
  const std::string big(8'000'000, 'z');
  EXPECT_EQ(driver.value(*connection, "SELECT length($1)", {big}), "8000000");
}

}  // namespace
}  // namespace sluice::test
