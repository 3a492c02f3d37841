"""What the documents point at is there: links and their anchors, files, settings, variables of the environment."""

import os
import pathlib
import re
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
NOT_OURS = {"build", "node_modules", "__pycache__"}
FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", re.S | re.M)
INLINE = re.compile(r"`([^`\n]+)`")
PATH = re.compile(r"(?<![\w/.-])(?:\.ci|bench|cmake|config|deploy|docs|examples|include|scripts|src|tests|web)/[\w./*-]*")
VARIABLE = re.compile(r"\bSLUICE_[A-Z_]*[A-Z]\b")


def files(folder):
    """Of the repository; not what was built or fetched."""
    for directory, below, names in os.walk(folder):
        below[:] = [name for name in below if name not in NOT_OURS and (name == ".ci" or not name.startswith("."))]
        yield from (pathlib.Path(directory, name) for name in names)


def read(file):
    return file.read_text(encoding="utf-8")


PAGES = {file: read(file) for file in files(ROOT) if file.suffix == ".md"}

# ---- links -------------------------------------------------------------------------------------------


def anchors(text):
    """As GitHub makes them of headings: the second of the same name has a number."""
    made = []
    for heading in re.findall(r"^#+ (.*)$", FENCED.sub("", text), re.M):
        name = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).strip().lower()
        name = re.sub(r"[^\w\- ]", "", name).replace(" ", "-")
        made.append(f"{name}-{made.count(name)}" if name in made else name)
    return made


def links(text):
    """Those to other places of the repository."""
    targets = re.findall(r"\]\(([^()\s]+)\)", INLINE.sub("", FENCED.sub("", text)))
    return [target for target in targets if not re.match(r"\w+:", target)]


def leads_nowhere(page, text, link):
    path, _, anchor = link.partition("#")
    target = (page.parent / path).resolve() if path else page
    if not target.exists():
        return True
    return bool(anchor) and anchor not in anchors(text if target == page else read(target))


# ---- files -------------------------------------------------------------------------------------------


def code(text):
    """What stands between backticks, and commands in blocks of their own."""
    return INLINE.findall(FENCED.sub("", text)) + [block for kind, block in FENCED.findall(text) if kind in ("sh", "bash")]


def paths(text):
    """Of the repository, as they are written; `*` stands for anything."""
    return {path.rstrip("./") for piece in code(text) for path in PATH.findall(piece)}


# ---- settings ----------------------------------------------------------------------------------------


def settings_of(reference):
    """`section.name` of every row of the tables in docs/configuration.md; two are no rows."""
    found = {"security.api_keys", "session.settings"}
    for section, table in re.findall(r"^### `(\w+)`\n(.*?)(?=^#|\Z)", reference, re.S | re.M):
        found |= {f"{section}.{name}" for name in re.findall(r"^\| `(\w+)`", table, re.M)}
    return found


SETTINGS = settings_of(PAGES[ROOT / "docs" / "configuration.md"])
SECTIONS = "|".join(sorted({name.split(".")[0] for name in SETTINGS}))


def dotted_names(text):
    """Those that begin like a setting and are no file."""
    found = re.findall(rf"(?<![\w./-])((?:{SECTIONS})\.[a-z_]+)(?![\w(/-])", "\n".join(code(text)))
    return {name for name in found if name.split(".")[1] not in ("cc", "h", "json", "md", "py", "sh", "yaml", "yml")}


def is_variable(name, used):
    """A setting's, a database's, or one that a program, a script or a test reads."""
    section, _, rest = name.removeprefix("SLUICE_").lower().partition("__")
    return f"{section}.{rest}" in SETTINGS or section == "databases" or name in used


def variables_used():
    """In programs, scripts and tests, and by Compose."""
    ours = [ROOT / "CMakeLists.txt", ROOT / "docker-compose.yml"]
    ours += [file for folder in ("src", "scripts", "tests", "bench") for file in files(ROOT / folder) if file.suffix != ".md"]
    return {name for file in ours for name in VARIABLE.findall(file.read_text(encoding="utf-8", errors="replace"))}


# ---- tests -------------------------------------------------------------------------------------------


def tests_named(text):
    """`Suite.Test` of GoogleTest, `test_…` of Python; one that begins with `…` goes on from the one before."""
    return set(re.findall(r"`([A-Z]\w+\.[A-Z]\w+|test_\w+)`", text))


def tests_defined():
    defined = set()
    for file in files(ROOT / "tests"):
        if file.suffix == ".cc":
            defined |= {".".join(names) for names in re.findall(r"^TEST(?:_F|_P)?\((\w+),\s*(\w+)\)", read(file), re.M)}
        elif file.suffix == ".py":
            defined |= set(re.findall(r"^    def (test_\w+)\(", read(file), re.M))
    return defined


class Pointers(unittest.TestCase):
    def test_links_lead_somewhere(self):
        self.none(lambda page, text: [link for link in links(text) if leads_nowhere(page, text, link)])

    def test_files_that_are_named_exist(self):
        self.none(lambda page, text: [path for path in paths(text) if not any(ROOT.glob(path))])

    def test_settings_that_are_named_exist(self):
        self.assertGreater(len(SETTINGS), 80)
        # The page of the library has the names that they have in C++.
        self.none(lambda page, text: dotted_names(text) - SETTINGS if page.name != "library.md" else [])

    def test_variables_that_are_named_are_read(self):
        used = variables_used()
        self.none(lambda page, text: [name for name in set(VARIABLE.findall(text)) if not is_variable(name, used)])

    def test_tests_that_are_named_exist(self):
        defined = tests_defined()
        self.assertGreater(len(tests_named(PAGES[ROOT / "docs" / "pool-checklist.md"])), 50)
        self.none(lambda page, text: tests_named(text) - defined if page.name == "pool-checklist.md" else [])

    def none(self, find):
        """Of what is wrong, on no page."""
        wrong = {str(page.relative_to(ROOT)): sorted(find(page, text)) for page, text in PAGES.items()}
        self.assertEqual({page: found for page, found in wrong.items() if found}, {})


class Noticed(unittest.TestCase):
    """Each of the checks fails when it should."""

    def test_dead_links_and_missing_anchors(self):
        page, text = ROOT / "docs" / "pool.md", "# One `two`\n# One two\n```sh\n# three\n```\n"
        for link in ("#one-two", "#one-two-1", "hosts.md", "../README.md", "hosts.md#limits", "adr"):
            self.assertFalse(leads_nowhere(page, text, link), link)
        for link in ("#three", "#one", "host.md", "README.md", "hosts.md#limit"):
            self.assertTrue(leads_nowhere(page, text, link), link)
        self.assertEqual(links("[a](b.md#c) `[d](e)` [f](https://g)\n```cpp\n[](h)\n```\n"), ["b.md#c"])

    def test_names_in_code(self):
        text = "`src/a.cc`, see `../docs/b.md` and src/c.cc\n```sh\nscripts/d.sh  # build/e\n```\n```json\n\"docs/f\"\n```\n"
        self.assertEqual(paths(text), {"src/a.cc", "scripts/d.sh"})
        self.assertEqual(dotted_names("`pool.max_sise` pool.max `pool.md` `pools.max_connections: 3` `x.pool.y`"),
                         {"pool.max_sise", "pools.max_connections"})

    def test_tests(self):
        self.assertEqual(tests_named("`Ab.Cd`, `test_c`, A.D, `…E`, `a.b`, `F.G.h`"), {"Ab.Cd", "test_c"})

    def test_variables(self):
        self.assertTrue(is_variable("SLUICE_POOL__MAX_SIZE", set()))
        self.assertTrue(is_variable("SLUICE_SEEDS", {"SLUICE_SEEDS"}))
        self.assertFalse(is_variable("SLUICE_POOL__MAX_SISE", set()))


if __name__ == "__main__":
    unittest.main()
