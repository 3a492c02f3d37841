"""The library as others get it: built without the gateway's dependencies, installed, moved, and then used by a
program of somebody else's, through find_package and pkg-config, static and shared; and as a part of their build."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

SOURCES = pathlib.Path(os.environ["SLUICE_SOURCE_DIR"])
SCRATCH = pathlib.Path(os.environ["SLUICE_SCRATCH_DIR"])  # kept between runs, so that little is compiled again
COMPILER = os.environ["SLUICE_CXX_COMPILER"]
HERE = SOURCES / "tests" / "consumer"
sys.path.insert(0, str(SOURCES / "tests" / "e2e"))

from private_postgres import PrivatePostgres  # noqa: E402


def run(*command, **options):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, stdin=subprocess.DEVNULL,
                          **options)
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(map(str, command))}\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}")
    return done.stdout


def configure(source, build, *arguments):
    # Stale settings of an earlier run must not decide anything; compiled files stay. Not optimised, to save time.
    (build / "CMakeCache.txt").unlink(missing_ok=True)
    return run("cmake", "-G", "Ninja", "-S", source, "-B", build, f"-DCMAKE_CXX_COMPILER={COMPILER}",
               "-DCMAKE_BUILD_TYPE=", "-DCMAKE_EXPORT_COMPILE_COMMANDS=ON", *arguments)


def build(directory, *targets):
    run("cmake", "--build", directory, "--parallel", os.environ.get("SLUICE_JOBS", "2"),
        *(f"--target={target}" for target in targets))


def configure_library(*arguments):
    """One build directory for both kinds, as they are made of the same objects."""
    directory = SCRATCH / "library"
    configure(SOURCES, directory, "-DSLUICE_BUILD_GATEWAY=OFF", "-DSLUICE_BUILD_EXAMPLES=OFF", *arguments)
    return directory


class Consumer(unittest.TestCase):
    """What every way of using the library must do: build the same program, and the program must work."""

    @classmethod
    def setUpClass(cls):
        cls.postgres = PrivatePostgres()
        cls.addClassCleanup(cls.postgres.close)
        cls.directory = pathlib.Path(tempfile.mkdtemp(prefix="sluice-consumer-", dir="/tmp"))
        cls.addClassCleanup(shutil.rmtree, cls.directory, ignore_errors=True)

    def assert_works(self, program, **environment):
        url = f"postgresql://app:{self.postgres.password}@127.0.0.1:{self.postgres.port}/app"
        self.assertEqual(run(program, url, env={**os.environ, **environment}, timeout=60), "good\n")


class Installed(Consumer):
    shared = False

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.built = configure_library("-DSLUICE_BUILD_TESTS=OFF", f"-DBUILD_SHARED_LIBS={'ON' if cls.shared else 'OFF'}")
        build(cls.built)
        first = cls.directory / "first"
        run("cmake", "--install", cls.built, "--prefix", first)
        cls.prefix = cls.directory / "moved"
        first.rename(cls.prefix)
        cls.library = next(cls.prefix.rglob("libsluice.so" if cls.shared else "libsluice.a"))

    def test_find_package(self):
        build_directory = self.directory / "cmake"
        configure(HERE / "installed", build_directory, f"-DCMAKE_PREFIX_PATH={self.prefix}")
        build(build_directory)
        self.assert_works(build_directory / "consumer")

    def test_another_version_is_refused(self):
        (self.directory / "other").mkdir()
        text = (HERE / "installed" / "CMakeLists.txt").read_text(encoding="utf-8")
        for version in ("0.0", "0.2", "1.0"):
            (self.directory / "other" / "CMakeLists.txt").write_text(
                text.replace("find_package(sluice 0.1", f"find_package(sluice {version}"), encoding="utf-8")
            with self.subTest(version=version), self.assertRaisesRegex(AssertionError, "not compatible|not accepted"):
                configure(self.directory / "other", self.directory / "refused",
                          f"-DCMAKE_PREFIX_PATH={self.prefix}")

    def test_pkg_config(self):
        environment = {**os.environ, "PKG_CONFIG_PATH": str(self.library.parent / "pkgconfig")}
        self.assertEqual(run("pkg-config", "--modversion", "sluice", env=environment), "0.1.0\n")
        flags = run("pkg-config", "--cflags", "--libs", "sluice", env=environment).split()
        program = self.directory / "by-hand"
        run(COMPILER, "-std=c++20", HERE / "main.cc", *flags, "-o", program)
        self.assert_works(program, LD_LIBRARY_PATH=str(self.library.parent))

    def test_another_language_version_is_told_what_to_do(self):
        with self.assertRaisesRegex(AssertionError, "compile with -std=c\\+\\+20"):
            run(COMPILER, "-std=c++17", "-fsyntax-only", "-fmax-errors=1", f"-I{self.prefix}/include", HERE / "main.cc")

    def test_every_header_stands_alone(self):
        includes = run("pkg-config", "--cflags", "libpqxx").split()
        for header in sorted((self.prefix / "include" / "sluice").iterdir()):
            with self.subTest(header=header.name):
                run(COMPILER, "-std=c++20", "-Wall", "-Wextra", "-Werror",
                    "-fsyntax-only", f"-I{self.prefix}/include", *(f"-isystem{flag[2:]}" for flag in includes),
                    "-x", "c++", "-include", header, "/dev/null")

    def test_nothing_names_the_place_of_its_making(self):
        root = self.directory / "root"
        run("cmake", "--install", self.built, "--prefix", "/usr", env={**os.environ, "DESTDIR": str(root)})
        self.assertEqual({path.parts[1] for path in (path.relative_to(root) for path in root.rglob("*"))
                          if len(path.parts) > 1}, {"include", "lib"})
        for file in (path for path in [*root.rglob("*.cmake"), *root.rglob("*.pc"), *root.rglob("*.h")]):
            text = file.read_text(encoding="utf-8")
            for place in (SOURCES, SCRATCH, root):
                self.assertNotIn(f"{place}/", text, file)

    def test_the_dependencies_of_the_gateway_are_not_used(self):
        used = run("ninja", "-C", self.built, "-t", "deps")
        self.assertIn("/pqxx", used)
        for library in ("pistache", "rapidjson", "yaml-cpp", "spdlog", "prometheus", "sodium", "CLI", "boost"):
            self.assertNotIn(f"/{library}", used)


class InstalledShared(Installed):
    shared = True

    def test_the_file_carries_its_version(self):
        files = sorted(path.name for path in self.library.parent.glob("libsluice*"))
        self.assertEqual(files, ["libsluice.so", "libsluice.so.0.1", "libsluice.so.0.1.0"])
        self.assertRegex(run("readelf", "-d", self.library), r"SONAME.*\[libsluice\.so\.0\.1\]")

    def test_only_the_public_api_is_exported(self):
        exported = [line.split(" ", 2)[2] for line in
                    run("nm", "-D", "--defined-only", "-C", self.library).splitlines()]
        public = public_names()
        self.assertIn("PoolManager", public)
        for symbol in exported:
            name = re.match(r"(?:vtable for |typeinfo for |typeinfo name for )?sluice::(\w+)", symbol)
            self.assertTrue(name and name.group(1) in public, f"{symbol} is exported")
            self.assertNotIn("::Impl::", symbol)
        # Derived classes of others, and exceptions, need one identity of these types on both sides.
        for derived_from in ("Observer", "RowSink"):
            self.assertIn(f"typeinfo for sluice::{derived_from}", exported)
        self.assertIn("sluice::pqxx_connection(sluice::Lease const&)", exported)


def public_names():
    """The classes and functions that the public headers declare in namespace sluice."""
    text = "\n".join(path.read_text(encoding="utf-8") for path in (SOURCES / "include" / "sluice").iterdir())
    return set(re.findall(r"^(?:class|struct) (?:SLUICE_API )?(\w+)", text, re.M)) | \
        set(re.findall(r"SLUICE_API [^;(]*?(\w+)\(", text))


class Embedded(Consumer):
    """As a part of somebody else's build: add_subdirectory, here through FetchContent."""

    def test_it_is_built_along_and_changes_nothing_else(self):
        directory = SCRATCH / "embedded"
        configure(HERE / "embedded", directory, f"-DSLUICE_SOURCE_DIR={SOURCES}", *launcher())
        build(directory, "consumer", "unrelated")
        self.assert_works(directory / "consumer")

        commands = {entry["file"]: entry["command"] for entry in
                    json.loads((directory / "compile_commands.json").read_text(encoding="utf-8"))}
        unrelated = next(command for file, command in commands.items() if file.endswith("unrelated.cc"))
        self.assertNotRegex(unrelated, r" -(W|f|std|I|D|isystem)")
        consumer = next(command for file, command in commands.items() if file == str(HERE / "main.cc"))
        self.assertNotRegex(consumer, r" -(W|f)")
        self.assertIn("-std=gnu++20", consumer)
        ours = [file for file in commands if file.startswith(str(SOURCES)) and not file.startswith(str(HERE))]
        self.assertGreater(len(ours), 50)
        for layer in ("app", "http", "gateway", "json"):
            self.assertFalse([file for file in ours if f"/src/{layer}/" in file])
        self.assertNotIn("-Werror", commands[ours[0]])

        prefix = self.directory / "prefix"
        run("cmake", "--install", directory, "--prefix", prefix)
        self.assertEqual(list(prefix.rglob("*sluice*")), [], "it installs itself along")


class TestedAlone(unittest.TestCase):
    def test_the_tests_of_the_library_need_no_gateway(self):
        directory = configure_library("-DSLUICE_BUILD_TESTS=ON")
        listed = run("ctest", "-N", "--test-dir", directory)
        for test in ("library_test", "pool_test", "breaker_test", "manager_test", "postgres_connection_test"):
            self.assertIn(f" {test}\n", listed)
        self.assertNotIn("e2e_", listed)
        build(directory, "library_test")
        self.assertIn("[  PASSED  ]", run(directory / "library_test", "--gtest_filter=PoolManagerTest.*", timeout=200))


def launcher():
    ccache = shutil.which("ccache")
    return [f"-DCMAKE_CXX_COMPILER_LAUNCHER={ccache}"] if ccache else []


if __name__ == "__main__":
    unittest.main()
