"""Changes under load: reloads, new settings and passwords, databases that are taken away. Nothing is dropped."""

import concurrent.futures
import json
import signal
import threading

from gateway import GatewayTest, together, wait_until


class ChangesUnderLoad(GatewayTest):
    pool = {"max_size": 4}

    @classmethod
    def prepare(cls):
        cls.postgres.create_database("other")

    def load(self, change, clients=8):
        """Queries without a pause while `change` happens; what went wrong meanwhile."""
        over, wrong, answered = threading.Event(), [], []

        def client(number):
            connection = self.gateway.connection()
            body = {"sql": "select $1::int as n", "params": [number]}
            while not over.is_set():
                answer = self.gateway.request("POST", "/query/main", body, connection=connection)
                answered.append(answer.status)
                if answer.status != 200 or answer.json["rows"] != [{"n": number}]:
                    wrong.append(answer)
            connection.close()

        with concurrent.futures.ThreadPoolExecutor(clients) as threads:
            running = [threads.submit(client, number) for number in range(clients)]
            try:
                wait_until(lambda: len(answered) > 100, "there is load")
                change()
                seen = len(answered)
                wait_until(lambda: len(answered) > seen + 100, "there still is", 30)
            finally:
                over.set()
            for done in running:
                done.result()
        return wrong

    def rewrite(self, **changes):
        with open(self.gateway.config_file, encoding="utf-8") as file:
            config = json.load(file)
        config["databases"]["main"].update(changes)
        with open(self.gateway.config_file, "w", encoding="utf-8") as file:
            json.dump(config, file)

    def test_reloading_drops_nothing(self):
        def change():
            for size in (6, 3, 4):
                self.rewrite(pool={"max_size": size, "statement_cache": 100 + size})
                self.gateway.process.send_signal(signal.SIGHUP)
                wait_until(lambda: self.gateway.get("/databases/main").json["settings"]["pool"]["max_size"] == size, "it is taken over")
                self.assertEqual(self.gateway.post("/admin/reload", "").status, 200)
        self.assertEqual(self.load(change), [])

    def test_a_new_password_drops_nothing(self):
        def change():
            self.postgres.run("alter role app password 'another-Password-1'", "postgres")
            connected = self.gateway.post("/databases/connect", {**self.postgres.target(password="another-Password-1"), "db_id": "main"})
            self.assertEqual(connected.status, 200, connected)
            self.assertIn("password", connected.json["updated"])
        try:
            self.assertEqual(self.load(change), [])
        finally:
            self.postgres.run(f"alter role app password '{self.postgres.password}'", "postgres")
            self.gateway.post("/databases/connect", {**self.postgres.target(), "db_id": "main"})

    def test_patches_at_the_same_time_are_all_kept(self):
        patches = [{"pool": {"acquire_timeout_ms": 4321}}, {"query": {"timeout_ms": 12345}}, {"breaker": {"minimum_calls": 77}},
                   {"session": {"application_name": "patched"}}, {"labels": {"a": "b"}}]
        answers = together(len(patches), lambda i: self.gateway.request("PATCH", "/databases/main", patches[i]))
        self.assertEqual({answer.status for answer in answers}, {200})
        shown = self.gateway.get("/databases/main").json
        self.assertEqual(shown["labels"], {"a": "b"})
        settings = shown["settings"]
        self.assertEqual((settings["pool"]["acquire_timeout_ms"], settings["query"]["timeout_ms"], settings["breaker"]["minimum_calls"],
                          settings["session"]["application_name"]), (4321, 12345, 77, "patched"))
        self.gateway.request("PATCH", "/databases/main", {"session": {"application_name": "sluice"}})

    def test_a_database_that_is_taken_away_ends_cleanly(self):
        self.gateway.post("/databases/connect", {**self.postgres.target("other"), "db_id": "other"})
        over, seen = threading.Event(), []

        def client(number):
            while not over.is_set():
                seen.append(self.gateway.query("select $1::int as n", [number], db="other"))

        with concurrent.futures.ThreadPoolExecutor(8) as threads:
            running = [threads.submit(client, number) for number in range(8)]
            wait_until(lambda: len(seen) > 100, "there is load")
            self.assertEqual(self.gateway.request("DELETE", "/databases/other").status, 200)
            wait_until(lambda: seen[-1].status == 404, "nobody knows it any more")
            over.set()
            for done in running:
                done.result()
        for answer in seen:
            self.assertIn((answer.status, answer.json.get("code")), {(200, None), (404, "unknown_database"), (503, "draining")}, answer)
            if answer.status == 503:
                self.assertEqual(answer.json["outcome"], "not_started")
