"""What a healthy PostgreSQL may do to its callers: drop the database, refuse logins, run out of room."""

import os
import subprocess

from faults import FaultTest, TOKENS, WRITE, Writers, together, wait_until


class Server(FaultTest):
    def test_a_database_that_is_dropped_is_refused_in_words_until_it_is_back(self):
        self.postgres.create_database("doomed")
        self.postgres.run(TOKENS, "doomed")
        target = {**self.postgres.target("doomed"), "pool": self.pool, "breaker": self.breaker}
        self.assertEqual(self.gateway.post("/databases/connect", {**target, "db_id": "doomed"}).status, 201)
        with Writers(self.gateway, db="doomed") as writers:
            writers.wait_for(30)
            self.postgres.run("drop database doomed with (force)", "postgres")
            refused = wait_until(lambda: self.refusal("doomed"), "calls are refused", 30)
            self.assertIn('3D000 database "doomed" does not exist', refused.json["detail"])
            self.assertEqual(self.gateway.query("select 1").status, 200)
            self.postgres.create_database("doomed")
            self.postgres.run(TOKENS, "doomed")
            writers.wait_for(30)
        for answer in writers.answers.values():
            if answer.status not in (200, 400):  # 400: before the table was back
                self.assert_trouble(answer, "doomed")
        self.recovers("doomed")
        self.assertEqual(self.gateway.request("DELETE", "/databases/doomed").status, 200)

    def refusal(self, db="main"):
        answer = self.gateway.query("select 1", db=db, timeout_ms=2000)
        return answer if answer.json.get("code") == "breaker_open" else None

    def limit(self, connections):
        self.postgres.run(f"alter role app connection limit {connections}", "postgres")
        self.postgres.terminate_backends()

    def test_too_few_connections_are_shared(self):
        self.addCleanup(self.limit, -1)
        self.limit(2)
        answers = together(12, lambda number: self.gateway.query(WRITE, [f"few {number}"], timeout_ms=20000))
        self.assertEqual({answer.status for answer in answers}, {200}, answers)
        self.assertEqual(self.gateway.metrics()["breaker"]["state"], "closed")
        self.assert_account({f"few {number}": answer for number, answer in enumerate(answers)})

    def test_no_connection_at_all_is_told_and_does_not_count_against_the_database(self):
        self.addCleanup(self.limit, -1)
        self.limit(0)
        wait_until(lambda: self.postgres.backends() == 0, "they are gone")
        for _ in range(10):
            answer = self.gateway.query("select 1", timeout_ms=3000)
            problem = self.assert_problem(answer, 503, "database_unavailable", outcome="not_started", sqlstate="53300",
                                          retryable=True)
            self.assertIn("too many connections for role", problem["detail"])
        self.assertEqual(self.gateway.metrics()["breaker"]["state"], "closed")
        self.limit(-1)
        self.recovers()

    def hog(self):
        """Somebody else's connection."""
        return subprocess.Popen(["psql", "-Xq", "-h", "127.0.0.1", "-p", str(self.postgres.port), "-U", "app", "-d", "app"],
                                env=dict(os.environ, PGPASSWORD=self.postgres.password), stdin=subprocess.PIPE,
                                stderr=subprocess.DEVNULL)

    def test_a_full_server_is_shared_with_others(self):
        """The slots of the whole server are taken by somebody else."""
        room = int(self.postgres.run("show max_connections")) - int(self.postgres.run("show superuser_reserved_connections"))
        self.postgres.terminate_backends()
        wait_until(lambda: self.postgres.backends() == 0, "the gateway has no connection")
        hogs = []

        def full():
            """Our own question takes a place for a moment, and whoever came then was refused."""
            hogs[:] = [one for one in hogs if one.poll() is None]
            hogs.extend(self.hog() for _ in range(room - len(hogs)))
            return self.postgres.run("select count(*) from pg_stat_activity where usename = 'app'") == str(room)
        try:
            wait_until(full, "the server is full", 120)
            answer = self.gateway.query("select 1", timeout_ms=3000)
            problem = self.assert_problem(answer, 503, "database_unavailable", outcome="not_started", sqlstate="53300")
            self.assertIn("remaining connection slots are reserved", problem["detail"])
        finally:
            for one in hogs:
                one.kill()
                one.communicate()
        self.recovers()

    def password(self, word):
        self.postgres.run(f"alter role app password '{word}'", "postgres")

    def test_a_changed_password_is_told_and_mended_by_connecting_again(self):
        self.addCleanup(self.password, self.postgres.password)
        self.gateway.secrets.append("another-Passw0rd")
        self.password("another-Passw0rd")
        self.assertEqual(self.gateway.query("select 1").status, 200, "those that are connected go on")
        self.postgres.terminate_backends()
        refused = wait_until(self.refusal, "calls are refused", 30)
        self.assertIn("28P01", refused.json["detail"])
        self.assertIn("password", refused.json["detail"])
        self.assertNotIn(self.postgres.password, refused.text)
        answer = self.gateway.post("/databases/connect", {**self.main(), "db_id": "main", "password": "another-Passw0rd"})
        self.assertEqual(answer.status, 200, answer)
        self.recovers()
        self.password(self.postgres.password)
        self.gateway.post("/databases/connect", {**self.main(), "db_id": "main"})
        self.recovers()

    def test_a_new_password_that_is_taken_back(self):
        self.addCleanup(self.password, self.postgres.password)
        self.password("for a moment")
        self.postgres.terminate_backends()
        wait_until(self.refusal, "calls are refused", 30)
        self.password(self.postgres.password)
        self.recovers()
