"""Runs one module of Python's own test suite in this process and prints a line a test, in order of names.

usage: run_module.py MODULE EXCLUSIONS

EXCLUSIONS is a file: a line "PATTERN  # reason" leaves out the tests whose full name (test.test_os.Cls.test_x) it
matches, as fnmatch does; it may start with "MODULE " to hold for that module only. Standard output is meant to be
compared between two runs: names and outcomes only. Tracebacks of failures go to standard error.
"""
import faulthandler
import fnmatch
import os
import sys
import tempfile
import unittest
import warnings

from test import support


def read_patterns(path, module):
    patterns = []
    with open(path) as file:
        for line in file:
            words = line.split("#")[0].split()
            if len(words) == 1:
                patterns.append(words[0])
            elif len(words) == 2 and words[0] == module:
                patterns.append(words[1])
    return patterns


def flatten(suite):
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from flatten(test)
        else:
            yield test


HANG_SECONDS = 150

# What Python's suite asks for before it uses even the loopback device.
RESOURCES = {"test_socketserver": ["network"]}


class Outcomes(unittest.TestResult):
    """Keeps one word a test; a subtest that fails makes its test fail."""

    def __init__(self):
        super().__init__()
        self.words = {}

    def note(self, test, word):
        self.words[test.id()] = word

    def complain(self, test, error):
        print(f"{test.id()}:\n{self._exc_info_to_string(error, test)}", file=sys.stderr, flush=True)

    def addSuccess(self, test):
        self.words.setdefault(test.id(), "ok")

    def addFailure(self, test, error):
        self.note(test, "FAIL")
        self.complain(test, error)

    def addError(self, test, error):
        self.note(test, "ERROR")
        # A failing setUpClass has no _testMethodName and no useful string.
        self.complain(test, error) if isinstance(test, unittest.TestCase) else print(test, error, file=sys.stderr)

    def addSkip(self, test, reason):
        self.note(test, "skipped")

    def addExpectedFailure(self, test, error):
        self.note(test, "expected failure")

    def addUnexpectedSuccess(self, test):
        self.note(test, "unexpected success")

    def addSubTest(self, test, subtest, error):
        if error is not None:
            self.note(test, "FAIL")
            self.complain(subtest, error)


def main():
    module, exclusions = sys.argv[1], sys.argv[2]
    sys.argv = sys.argv[:1]
    patterns = read_patterns(exclusions, module)
    support.use_resources = RESOURCES.get(module, [])
    faulthandler.dump_traceback_later(HANG_SECONDS, exit=True)  # says where it hangs
    support.verbose = 0
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory(prefix="weft-python-") as folder:
        os.chdir(folder)
        loaded = unittest.defaultTestLoader.loadTestsFromName("test." + module)
        suite, left_out = unittest.TestSuite(), 0
        # Classes stay together and in order, for setUpClass; doctests and the like come as they are.
        for test in flatten(loaded):
            if any(fnmatch.fnmatchcase(test.id(), pattern) for pattern in patterns):
                left_out += 1
            else:
                suite.addTest(test)
        outcomes = Outcomes()
        suite.run(outcomes)
        os.chdir("/")
    for name in sorted(outcomes.words):
        print(name, outcomes.words[name])
    counts = {}
    for word in outcomes.words.values():
        counts[word] = counts.get(word, 0) + 1
    print(f"{module}: {len(outcomes.words)} tests, {left_out} left out,", ", ".join(f"{n} {w}" for w, n in sorted(counts.items())))
    sys.stdout.flush()
    bad = any(word in ("FAIL", "ERROR", "unexpected success") for word in outcomes.words.values())
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
