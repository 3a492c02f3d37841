"""A keep-alive client of the gateway, and many of them at once."""

import http.client
import json
import math
import threading
import time
from collections import Counter
from urllib.parse import urlsplit

from gateway import Answer  # tests/e2e


class Client:
    """One connection, kept open. Any status is an answer; OSError or HTTPException: none came."""

    def __init__(self, url, key=None, timeout=30):
        address = urlsplit(url)
        https = address.scheme == "https"
        kind = http.client.HTTPSConnection if https else http.client.HTTPConnection
        self._connection = kind(address.hostname, address.port, timeout=timeout)
        self._prefix = address.path.rstrip("/")
        self._headers = {"Authorization": f"Bearer {key}"} if key else {}

    def request(self, method, path, body=None):
        headers = dict(self._headers)
        if body is not None:
            headers["Content-Type"] = "application/json"
            body = json.dumps(body)
        start = time.monotonic()
        try:
            self._connection.request(method, self._prefix + path, body, headers)
            response = self._connection.getresponse()
            return Answer(response, response.read(), time.monotonic() - start)
        except (OSError, http.client.HTTPException):
            self.close()  # the next request connects again
            raise

    def get(self, path):
        return self.request("GET", path)

    def post(self, path, body):
        return self.request("POST", path, body)

    def close(self):
        self._connection.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class WrongAnswer(Exception):
    """An answer that is another's, or not what was asked for."""


def outcome_of(answer):
    """`200`, or for instance `503 acquire_timeout`."""
    if answer.status < 400:
        return str(answer.status)
    try:
        return f"{answer.status} {answer.json['code']}"
    except (ValueError, KeyError, TypeError):
        return str(answer.status)


def percent(part, whole):
    """Rounded down: 100 means all."""
    return math.floor(10_000 * part / max(whole, 1)) / 100


class Load:
    """What many calls came to."""

    def __init__(self):
        self.outcomes = Counter()
        self.milliseconds = []  # of those that succeeded
        self.seconds = 0.0
        self._lock = threading.Lock()

    def call(self, request):
        """Makes one request; never raises. From any thread."""
        start = time.monotonic()
        try:
            outcome = outcome_of(request())
        except (OSError, http.client.HTTPException) as error:
            outcome = f"no answer ({type(error).__name__})"
        except (WrongAnswer, LookupError, TypeError, ValueError) as error:
            outcome = f"wrong answer ({error})"
        with self._lock:
            self.outcomes[outcome] += 1
            if outcome == "200":
                self.milliseconds.append((time.monotonic() - start) * 1000)
        return outcome

    def merge(self, other):
        self.outcomes += other.outcomes
        self.milliseconds += other.milliseconds
        self.seconds = max(self.seconds, other.seconds)

    @property
    def requests(self):
        return sum(self.outcomes.values())

    @property
    def failures(self):
        return Counter({what: n for what, n in self.outcomes.items() if what != "200"})

    @property
    def success(self):
        return percent(self.outcomes["200"], self.requests)

    @property
    def per_second(self):
        return self.requests / self.seconds if self.seconds else 0.0

    def percentile(self, percent):
        ordered = sorted(self.milliseconds)
        if not ordered:
            return 0.0
        return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)]

    @property
    def quickest(self):
        return min(self.milliseconds, default=0.0)

    def figures(self):
        return [("requests", self.requests), ("success", self.success, "%"),
                ("requests/s", round(self.per_second)), ("p50", self.percentile(50), "ms"),
                ("p95", self.percentile(95), "ms"), ("p99", self.percentile(99), "ms")]

    def __str__(self):
        return ", ".join(f"{count} × {what}" for what, count in self.outcomes.most_common())


def run_loads(workers, seconds, make):
    """`make(n)` gives worker n its request: a function without arguments. Each repeats it until the time
    is over; a Load for each."""
    loads = [Load() for _ in range(workers)]
    over = threading.Event()

    def work(number):
        request = make(number)
        while not over.is_set():
            loads[number].call(request)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(workers)]
    start = time.monotonic()
    for thread in threads:
        thread.start()
    try:
        time.sleep(seconds)
    finally:
        over.set()
    for thread in threads:
        thread.join()
    for load in loads:
        load.seconds = time.monotonic() - start
    return loads


def run_load(workers, seconds, make):
    """The same, as one Load."""
    total = Load()
    for load in run_loads(workers, seconds, make):
        total.merge(load)
    return total
