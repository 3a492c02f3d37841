"""Holds the sources to the table of layers in src/README.md: which folder may include which, and
where each third-party header may appear."""

import pathlib
import re
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]

# Folders of src/ (or single headers) that a layer may include besides itself and the public headers.
LIBRARY = ["base", "breaker", "pool", "postgres", "manager", "library"]
SERVICE = [*LIBRARY, "json", "metrics", "config", "security", "gateway"]
MAY_INCLUDE = {
    "base": [],
    "breaker": ["base"],
    "pool": ["base"],
    "postgres": ["base", "pool/connection.h"],
    "manager": ["base", "breaker", "pool"],
    "library": ["base", "breaker", "pool", "postgres", "manager"],
    "json": ["base"],
    "metrics": ["base"],
    "config": ["base"],
    "security": ["base", "config"],
    "gateway": SERVICE,
    "http": SERVICE,
    "app": [*SERVICE, "http"],
}
# First part of a third-party header: the layers that may name it.
THIRD_PARTY = {
    "tl": ["public"],
    "pqxx": ["public/pqxx.h", "postgres"],
    "libpq-fe.h": ["postgres"],
    "rapidjson": ["json", "gateway"],
    "prometheus": ["metrics"],
    "yaml-cpp": ["config"],
    "sodium.h": ["security", "app"],
    "openssl": ["security", "http"],
    "pistache": ["http", "app"],
    "boost": ["http", "app"],
    "zlib.h": ["http"],
    "spdlog": ["app"],
    "CLI": ["app"],
    "fmt": ["json", "metrics", "config", "security", "gateway", "http", "app"],
}
SYSTEM = {"fcntl.h", "libgen.h", "locale.h", "malloc.h", "netdb.h", "poll.h", "pthread.h", "signal.h", "termios.h", "unistd.h",
          "wchar.h"}
INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]', re.M)
LONGEST_FILE = 400


def violations(root):
    found = []
    for file in sorted([*(root / "src").rglob("*"), *(root / "include").rglob("*")]):
        if file.suffix not in (".h", ".cc"):
            continue
        text = file.read_text(encoding="utf-8")
        public = (root / "include") in file.parents
        layer = "public" if public else file.relative_to(root / "src").parts[0]
        name = f"{layer}/{file.name}"
        if layer not in MAY_INCLUDE and not public:
            found.append(f"{file}: '{layer}' is no layer; give it a line in the table")
            continue
        for header in INCLUDE.findall(text):
            found += [f"{file}: {problem}" for problem in judge(layer, name, header)]
        if text.count("\n") > LONGEST_FILE:
            found.append(f"{file}: more than {LONGEST_FILE} lines; is it one thing?")
        if file.suffix == ".h" and "#pragma once" not in text:
            found.append(f"{file}: no #pragma once")
    return found


def judge(layer, name, header):
    first = header.split("/")[0]
    if first == layer or first == "sluice":
        return
    if first in MAY_INCLUDE:
        allowed = MAY_INCLUDE.get(layer, [])
        if first not in allowed and header not in allowed:
            yield f"{layer} must not include {header}"
    elif first in THIRD_PARTY:
        if layer not in THIRD_PARTY[first] and name not in THIRD_PARTY[first]:
            yield f"{layer} must not use {header}; only {', '.join(THIRD_PARTY[first])} may"
    elif "." in first and first not in SYSTEM:
        yield f"{header} is neither ours nor known; add it to the table"
    elif "/" in header and first not in ("sys", "netinet", "arpa", "linux"):
        yield f"{header} is neither ours nor known; add it to the table"


class Layers(unittest.TestCase):
    def test_every_file_keeps_to_its_layer(self):
        self.assertEqual(violations(ROOT), [])

    def test_a_file_that_does_not_is_found(self):
        for path, text, word in (("src/pool/x.cc", '#include "breaker/breaker.h"', "must not include"),
                                 ("src/postgres/x.cc", '#include "pool/pool.h"', "must not include"),
                                 ("src/gateway/x.cc", '#include "http/api.h"', "must not include"),
                                 ("src/base/x.cc", "#include <fmt/format.h>", "must not use"),
                                 ("include/sluice/x.h", "#pragma once\n#include <pqxx/pqxx>", "must not use"),
                                 ("src/http/x.cc", "#include <curl/curl.h>", "neither ours"),
                                 ("src/helpers/x.cc", "", "is no layer"),
                                 ("src/base/x.h", "", "pragma once"),
                                 ("src/base/x.cc", "\n" * 401, "more than")):
            with self.subTest(path=path, text=text[:40]), tempfile.TemporaryDirectory() as directory:
                root = pathlib.Path(directory)
                for folder in ("src", "include"):
                    (root / folder).mkdir()
                (root / path).parent.mkdir(parents=True, exist_ok=True)
                (root / path).write_text(text, encoding="utf-8")
                self.assertIn(word, " ".join(violations(root)))


if __name__ == "__main__":
    unittest.main()
