"""One database behind a gateway, as the items use and watch it."""

import contextlib
import threading

from gateway import wait_until  # tests/e2e


class Database:
    """Where PostgreSQL itself can be asked, `witness` does; else it is None."""

    def __init__(self, new_client, db_id, witness=None):
        self.new_client = new_client
        self.db_id = db_id
        self.witness = witness

    def query(self, sql, params=(), client=None, **options):
        if client is None:
            with self.new_client() as own:
                return self.query(sql, params, own, **options)
        body = {"sql": sql, "params": list(params), **options}
        return client.post(f"/query/{self.db_id}", body)

    def rows(self, sql, params=(), client=None):
        answer = self.query(sql, params, client)
        if answer.status != 200:
            raise RuntimeError(f"{sql}: {answer}")
        return answer.json["rows"]

    def metrics(self, client=None):
        if client is None:
            with self.new_client() as own:
                return self.metrics(own)
        return client.get(f"/metrics/{self.db_id}").json

    def settled(self):
        """Its figures once nothing runs, waits or is cleaned any more."""
        def still():
            now = self.metrics()
            return now if now["waiting"] == 0 and now["free_connections"] == now["pool_size"] else None
        return wait_until(still, "all connections are given back")

    def watch(self):
        return Watch(self)

    @contextlib.contextmanager
    def held(self, count):
        """`count` connections, each busy with a statement until the context ends. Begins when all are;
        gives the list that the holders' answers come into."""
        answers = []
        with contextlib.ExitStack() as stack:
            with self.witness.lock() as key:
                for _ in range(count):
                    holder = threading.Thread(target=lambda: answers.append(
                        self.query("SELECT pg_advisory_xact_lock_shared($1)", [key])))
                    holder.start()
                    stack.callback(holder.join)
                wait_until(lambda: self.metrics()["used_connections"] >= count,
                           f"{count} connections are in use")
                yield answers


class Watch:
    """The most that were in use, open and waiting while the context lasted, by the gateway's figures;
    `counted` is the most that PostgreSQL saw, or None where it cannot be asked."""

    def __init__(self, database):
        self._database = database
        self._over = threading.Event()
        self._stack = contextlib.ExitStack()
        self._samples = None
        self.used = self.open = self.waiting = 0

    def __enter__(self):
        if self._database.witness:
            self._samples = self._stack.enter_context(self._database.witness.sampling())
        self._thread = threading.Thread(target=self._sample)
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._over.set()
        self._thread.join()
        self._stack.close()

    def _sample(self):
        with self._database.new_client() as client:
            while not self._over.is_set():
                now = self._database.metrics(client)
                self.used = max(self.used, now["used_connections"])
                self.open = max(self.open, now["pool_size"])
                self.waiting = max(self.waiting, now["waiting"])
                self._over.wait(0.02)

    @property
    def counted(self):
        return None if self._samples is None else max(sample.total for sample in self._samples)

    @property
    def most(self):
        """Connections that were open at once, by whoever counted more."""
        return max(self.open, self.counted or 0)

    def figures(self, limit):
        yield "connections in use", f"{self.used} of {limit}"
        if self.counted is not None:
            yield "PostgreSQL counted at most", self.counted
