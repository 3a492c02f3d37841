"""The PostgreSQL of a benchmark: private, tuned so that disks and background work do not disturb."""

import copy
import os
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, "tests", "e2e"))

from private_postgres import PrivatePostgres, free_port  # noqa: E402

__all__ = ["ROOT", "Databases", "free_port"]

SETTINGS = ["max_connections = 2000", "shared_buffers = 256MB", "synchronous_commit = off", "jit = off",
            "autovacuum = off", "max_wal_size = 1GB", "log_min_messages = fatal"]

ITEMS = """
create table items(id int primary key, name text, price numeric(10,2), qty bigint, created_at timestamptz,
                   tags jsonb);
insert into items
  select number, 'item ' || number || ' of {name}', ((number * 7919) % 1000000)::numeric / 100,
         number::bigint * 1000003, timestamptz '2024-01-01 00:00:00+00' + number * interval '61 seconds',
         jsonb_build_object('color', (array['red','green','blue'])[1 + number % 3], 'n', number, 'ok', number % 2 = 0)
  from generate_series(1, 10000) number;
grant select on items to app;
vacuum (analyze, freeze) items;
"""


def _create(postgres, name):
    postgres.create_database(name)
    postgres.run(ITEMS.format(name=name), name)


class Elsewhere(PrivatePostgres):
    """Gets only the processor time that nobody else wants, as if it were on a machine of its own."""

    def start(self):
        super().start()
        os.sched_setscheduler(self.pid, os.SCHED_IDLE, os.sched_param(0))  # its sessions, too: they are its children


class Databases:
    """db1, db2, …: each has a table `items` of 10,000 rows."""

    def __init__(self, count):
        self.names = [f"db{number}" for number in range(1, count + 1)]
        self._alone = {}  # servers, by their database
        self._postgres = PrivatePostgres(SETTINGS)
        try:
            for name in self.names:
                _create(self._postgres, name)
        except BaseException:
            self.close()
            raise

    def first(self, count):
        """The same, with only the first so many."""
        part = copy.copy(self)
        part.names = self.names[:count]
        return part

    def close(self):
        self._postgres.close()
        for server in self._alone.values():
            server.close()

    @property
    def alone(self):
        """Another server, with the last database only; for whom it may fall sick."""
        name = self.names[-1]
        if name not in self._alone:
            self._alone[name] = Elsewhere(SETTINGS)
            _create(self._alone[name], name)
        return self._alone[name]

    @property
    def programs(self):
        return self._postgres.bin

    @property
    def pids(self):
        """Of the postmasters."""
        return [server.pid for server in (self._postgres, *self._alone.values())]

    def target(self, name):
        """As the gateway's configuration takes it."""
        return self._postgres.target(name)

    def url(self, name):
        target = self.target(name)
        return "postgresql://{user}:{password}@{host}:{port}/{database}".format(**target)
