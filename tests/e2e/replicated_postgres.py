"""A primary and streaming standbys of a test's own, which the test may stop, promote and bring back."""

import os
import shutil
import subprocess
import time

from private_postgres import PrivatePostgres


class Standby(PrivatePostgres):
    """Follows `upstream`, from a base backup of it. Passwords are the upstream's."""

    def __init__(self, upstream, settings=()):
        self._upstream = upstream
        super().__init__(settings)

    def _initialise(self, settings):
        self.password = self._upstream.password
        self._superuser_password = self._upstream._superuser_password
        if os.geteuid() == 0:
            shutil.chown(self.directory, "postgres", "postgres")
        self.data = os.path.join(self.directory, "data")
        self._settings = settings
        self._copy(self._upstream)

    def _populate(self):
        """Everything came with the backup."""

    def _copy(self, upstream):
        copy(self, upstream, self._settings)


def copy(server, upstream, settings=()):
    """Makes the (stopped) server a standby of `upstream`, with a fresh base backup."""
    shutil.rmtree(server.data, ignore_errors=True)
    # The password goes into primary_conninfo, whose file belongs to the server.
    environment = dict(os.environ, PGPASSWORD=upstream._superuser_password)
    subprocess.run(server._as_postgres(f"{server.bin}/pg_basebackup", "-D", server.data, "-R",
                                       "-X", "stream", "-c", "fast", "--no-sync",
                                       "-h", "127.0.0.1", "-p", str(upstream.port), "-U", "postgres"),
                   check=True, stdout=subprocess.DEVNULL, cwd="/", env=environment)
    with open(os.path.join(server.data, "postgresql.conf"), "a", encoding="utf-8") as file:
        file.write("\n".join(["", f"port = {server.port}", *settings, ""]))


class ReplicatedPostgres:
    """`primary` and `standbys`; roles change by name when a test promotes one. With `synchronous`,
    what the primary has acknowledged is on a standby, so that losing it loses nothing."""

    def __init__(self, standbys=1, synchronous=False, settings=()):
        self.servers = []
        try:
            self.primary = PrivatePostgres(("wal_keep_size = '64MB'", "wal_receiver_status_interval = '100ms'",
                                            "wal_retrieve_retry_interval = '200ms'",
                                            "max_standby_streaming_delay = '1s'", *settings))
            self.servers.append(self.primary)
            for _ in range(standbys):
                self.servers.append(Standby(self.primary))
            if synchronous:
                self.synchronous(True)
        except BaseException:
            self.close()
            raise

    @property
    def password(self):
        return self.primary.password

    @property
    def standbys(self):
        return [server for server in self.servers if server is not self.primary]

    @property
    def standby(self):
        return self.standbys[0]

    def hosts(self):
        """As `hosts` of a database takes them, in the order in which the servers were made."""
        return [f"127.0.0.1:{server.port}" for server in self.servers]

    def target(self, database="app", **changes):
        """As POST /databases/connect and the configuration take it."""
        return {"hosts": self.hosts(), "database": database, "user": "app", "password": self.password,
                **changes}

    def synchronous(self, on):
        """Whether the primary acknowledges only what a standby has received."""
        self.primary.run("alter system set synchronous_standby_names = '{}'".format("*" if on else ""), "postgres")
        self.primary.run("select pg_reload_conf()", "postgres")
        wanted = "sync" if on else "async"
        _wait(lambda: wanted in self.primary.run("select sync_state from pg_stat_replication", "postgres"),
              f"a standby is {wanted}")

    def promote(self, standby=None):
        """The standby becomes the primary; the old one is left as it is: stop it first, or have two."""
        standby = standby or self.standby
        standby.run("select pg_promote(true, 60)", "postgres")
        self.primary = standby

    def rejoin(self, server):
        """A server that was the primary comes back, on its old port, as a standby of the present one."""
        server.stop()
        copy(server, self.primary)
        server.start()

    def caught_up(self, standby=None):
        """Waits until the standby has replayed what the primary has written by now."""
        standby = standby or self.standby
        position = self.primary.run("select pg_current_wal_lsn()", "postgres")
        _wait(lambda: standby.run(f"select pg_last_wal_replay_lsn() >= '{position}'", "postgres") == "t",
              "the standby has caught up")

    @staticmethod
    def pause_replay(standby):
        standby.run("select pg_wal_replay_pause()", "postgres")
        _wait(lambda: standby.run("select pg_get_wal_replay_pause_state()", "postgres") == "paused",
              "replay is paused")

    @staticmethod
    def resume_replay(standby):
        standby.run("select pg_wal_replay_resume()", "postgres")

    def close(self):
        for server in reversed(self.servers):
            server.close()


def _wait(condition, what, patience=30):
    deadline = time.monotonic() + patience
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {patience} s in vain until {what}")
        time.sleep(0.05)
