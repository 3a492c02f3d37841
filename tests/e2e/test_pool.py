"""The pool under concurrent clients, seen from PostgreSQL's side."""

import concurrent.futures
import threading

from gateway import GatewayTest, together, wait_until


class Pool(GatewayTest):
    pool = {"max_size": 10, "acquire_timeout_ms": 5000}

    def test_a_hundred_clients_share_ten_connections(self):
        seen, done = [], threading.Event()

        def watch():
            while not done.is_set():
                seen.append(self.postgres.backends())

        watcher = threading.Thread(target=watch)
        watcher.start()
        try:
            answers = together(100, lambda n: self.gateway.query("select $1::int as n, pg_sleep(0.1)::text as slept", [n]))
        finally:
            done.set()
            watcher.join()
        self.assertEqual([answer.status for answer in answers], [200] * 100)
        self.assertEqual([answer.json["rows"][0]["n"] for answer in answers], list(range(100)))
        self.assertEqual(max(seen), 10, seen)

    def test_who_never_gets_a_connection_is_told_in_time(self):
        with concurrent.futures.ThreadPoolExecutor(10) as threads:
            holders = [threads.submit(self.gateway.query, "select pg_sleep(3)") for _ in range(10)]
            wait_until(lambda: self.gateway.metrics()["used_connections"] == 10,
                       "all connections are in use")
            answer = self.gateway.query("select 1", timeout_ms=500)
            self.assert_problem(answer, 503, "acquire_timeout", outcome="not_started",
                                retryable=True)
            self.assertGreater(answer.seconds, 0.45)
            self.assertLess(answer.seconds, 1.2)
            holders_named = answer.json["holders"]
            self.assertEqual([one["statement"] for one in holders_named], ["select pg_sleep(?)"] * 3)
            self.assertTrue(all(one["age_ms"] >= 400 and one["client"] and one["request_id"]
                                for one in holders_named), holders_named)
            self.assertIn("held by 'select pg_sleep(?)'", answer.json["detail"])
            patched = self.gateway.request("PATCH", "/databases/main",
                                           {"pool": {"acquire_timeout_ms": 300}})
            self.assertEqual(patched.status, 200, patched)
            answer = self.gateway.query("select 1")
            self.assert_problem(answer, 503, "acquire_timeout", outcome="not_started",
                                retryable=True)
            self.assertGreater(answer.seconds, 0.25)
            self.assertLess(answer.seconds, 1)
            self.assertEqual([holder.result().status for holder in holders], [200] * 10)
        self.assertEqual(self.gateway.query("select 1").status, 200)
        metrics = self.gateway.metrics()
        self.assertEqual(metrics["breaker"]["state"], "closed")
        self.assertEqual(metrics["overload"]["lendable"], 10)
        self.assertEqual(metrics["overload"]["adaptive_limit"], 10)

    def test_a_wrong_parameter_count_touches_neither_breaker_nor_connections(self):
        self.assertEqual(self.gateway.query("select $1::int", [1]).status, 200)
        before = self.gateway.metrics()
        for _ in range(30):
            self.assert_problem(self.gateway.query("select $1::int", []), 422, "invalid_request")
        after = self.gateway.metrics()
        self.assertEqual(after["breaker"]["state"], "closed")
        self.assertEqual(after["connections_closed"], before["connections_closed"])
        self.assertEqual(after["connections_created"], before["connections_created"])
        self.assertEqual(self.gateway.query("select 1").status, 200)

    def test_a_client_that_leaves_frees_its_connection(self):
        connection = self.gateway.connection()
        connection.request("POST", "/query/main", '{"sql": "select pg_sleep(30) as leaving"}',
                           {"Content-Type": "application/json"})
        running = "select count(*) from pg_stat_activity where query like '%pg_sleep(30) as leaving%' and state = 'active' and pid <> pg_backend_pid()"
        wait_until(lambda: self.postgres.run(running) == "1", "the statement runs")
        connection.close()
        wait_until(lambda: self.postgres.run(running) == "0", "it is cancelled", patience=5)
        wait_until(lambda: self.gateway.metrics()["used_connections"] == 0, "the connection is free",
                   patience=5)

    def test_the_figures_add_up(self):
        before = self.gateway.metrics()
        together(20, lambda n: self.gateway.query("select $1::int", [n]))
        self.gateway.query("select 1/0")
        after = wait_until(lambda: (m := self.gateway.metrics())["used_connections"] == 0 and m,
                           "all is returned")
        self.assertEqual(after["queries_executed"] - before["queries_executed"], 21)
        self.assertEqual(after["errors"] - before["errors"], 1)
        self.assertEqual(after["errors_by_sqlstate"]["22012"] - before["errors_by_sqlstate"].get("22012", 0), 1)
        self.assertEqual(after["pool_size"], after["free_connections"])
        text = self.gateway.get("/metrics", Accept="text/plain").text
        self.assertRegex(text, r'(?m)^sluice_\w+\{.*database="main".*\} ')
        self.assertEqual(self.gateway.get("/metrics", Accept="application/json").json["count"], 1)


class ManyShards(GatewayTest):
    pool = {"max_size": 6, "shards": 6}
    config = {"server": {"workers": 2}}

    def test_more_shards_than_workers_still_use_every_connection(self):
        """Each worker serves its own clients, so there are enough for every worker."""
        most = 0
        with concurrent.futures.ThreadPoolExecutor(24) as threads:
            calls = [threads.submit(self.gateway.query, "select pg_sleep(0.5)") for _ in range(24)]
            while not all(call.done() for call in calls):
                most = max(most, self.gateway.metrics()["used_connections"])
            self.assertEqual([call.result().status for call in calls], [200] * 24)
        self.assertEqual(most, 6)


class Pipelining(GatewayTest):
    pool = {"max_size": 2, "pipeline_depth": 8, "max_waiters": 10000}

    def test_every_client_gets_its_own_answer_whatever_the_others_do(self):
        self.gateway.query("create table noted (client int, turn int)")
        done = threading.Event()

        def disturb(sql):
            while not done.is_set():
                self.gateway.query(sql)

        def leave():
            while not done.is_set():
                connection = self.gateway.connection()
                connection.request("POST", "/query/main", '{"sql": "select $1::text as t", "params": ["gone"]}',
                                   {"Content-Type": "application/json"})
                connection.close()
                done.wait(0.01)

        def client(n):
            wrong = []
            connection = self.gateway.connection()
            self.addCleanup(connection.close)
            for turn in range(100):
                token = f"{n}-{turn}"
                body = {"sql": "select $1::text as t, $2::int as n", "params": [token, turn]}
                answer = self.gateway.request("POST", "/query/main", body, connection=connection)
                if answer.status != 200 or answer.json["rows"] != [{"t": token, "n": turn}]:
                    wrong.append(answer)
                if turn % 10 == 0:
                    self.gateway.query("insert into noted values ($1, $2)", [n, turn])
            return wrong

        others = [threading.Thread(target=disturb, args=(sql,)) for sql in
                  ("select pg_sleep(0.02)", "select 1/0", "select generate_series(1, 500)")]
        others.append(threading.Thread(target=leave))
        for other in others:
            other.start()
        try:
            wrong = together(16, client)
        finally:
            done.set()
            for other in others:
                other.join()
        self.assertEqual([w for per_client in wrong for w in per_client], [])
        self.assertEqual(self.gateway.scalar("select count(*)::int from noted"), 160)
        wait_until(lambda: self.gateway.metrics()["used_connections"] == 0, "all is returned")
        self.assertEqual(self.gateway.metrics()["breaker"]["state"], "closed")

    def test_a_statement_that_turns_out_long_ends_by_its_deadline_and_hurts_few(self):
        self.gateway.query("create table locked (id int)")
        for _ in range(10):
            self.gateway.query("select count(*)::int from locked")
        with concurrent.futures.ThreadPoolExecutor(5) as threads:
            holder = threads.submit(self.gateway.query,
                                    "do $$ begin lock table locked in access exclusive mode; "
                                    "perform pg_sleep(3); end $$")
            wait_until(lambda: self.postgres.run("select count(*) from pg_locks where mode = "
                                                 "'AccessExclusiveLock' and granted") != "0", "it is locked")
            readers = [threads.submit(self.gateway.query, "select count(*)::int from locked",
                                      timeout_ms=500) for _ in range(4)]
            for reader in readers:
                answer = reader.result()
                self.assertIn(answer.status, (503, 504), answer)
                self.assertLess(answer.seconds, 1.5)
            self.assertEqual(holder.result().status, 200)
        self.assertEqual(self.gateway.scalar("select count(*)::int from locked"), 0)
