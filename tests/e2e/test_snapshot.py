"""GET /admin/snapshot: what the dashboard reads, kept by the gateway itself."""

import threading
import time

from gateway import Gateway, GatewayTest, wait_until


class Snapshot(GatewayTest):
    pool = {"max_size": 3}

    def snapshot(self, query=""):
        answer = self.gateway.get("/admin/snapshot" + query)
        self.assertEqual(answer.status, 200, answer)
        return answer.json

    def test_the_first_answer_has_all_and_later_ones_what_is_new(self):
        self.gateway.query("select 1")
        first = wait_until(lambda: (s := self.snapshot())["history"] and s, "a second is over")
        self.assertEqual(first["caller"], {"name": "anonymous", "role": "admin"})
        self.assertEqual(first["verdict"]["text"], "The database is healthy")
        [main] = first["databases"]
        self.assertEqual((main["db_id"], main["breaker"]["state"], main["pool"]["max_size"]),
                         ("main", "closed", 3))
        self.assertIn("points", first["history"]["main"])
        self.assertIn("seconds", first["total"])
        self.gateway.query("select 1")
        later = self.snapshot(f"?since={first['sequence']}&wait_ms=10000")
        self.assertGreater(later["sequence"], first["sequence"])
        self.assertNotIn("history", later)
        for point in later["points"]["main"]:
            self.assertEqual(len(point), 14)

    def test_news_come_within_a_second(self):
        newest = self.snapshot()["sequence"]
        for _ in range(3):
            answer = self.gateway.get(f"/admin/snapshot?since={newest}&wait_ms=30000")
            self.assertLess(answer.seconds, 2.5)
            self.assertGreater(answer.json["sequence"], newest)
            newest = answer.json["sequence"]

    def test_calls_of_each_outcome_are_told_apart(self):
        def total(outcome):
            return self.snapshot()["databases"][0]["outcomes"][outcome]
        wait_until(lambda: self.snapshot()["second"] > 0, "a second is over")
        self.gateway.query("select nonsense")
        self.gateway.query("select pg_sleep(5)", timeout_ms=100)
        self.gateway.post("/admin/databases/main/breaker", {"state": "forced_open", "reason": "a test"})
        self.gateway.query("select 1")
        wait_until(lambda: total("bad_request") and total("timeout") and total("rejected"),
                   "all three are counted")
        self.assertEqual(self.snapshot()["databases"][0]["level"], "warning")
        self.assertIn("a test", self.snapshot()["verdict"]["text"])
        self.gateway.post("/admin/databases/main/breaker", {"state": "auto"})
        wait_until(lambda: self.snapshot()["verdict"]["level"] == "good", "it is well again")

    def test_the_history_of_one_database(self):
        self.gateway.query("select 1")
        history = wait_until(lambda: (h := self.snapshot("?db_id=main"))["seconds"]["ok"] and h,
                             "a second is over")
        self.assertEqual(len(history["seconds"]["ok"]), len(history["seconds"]["p99_ms"]))
        self.assertGreaterEqual(len(history["minutes"]["ok"]), 1)
        self.assert_problem(self.gateway.get("/admin/snapshot?db_id=nobody"), 404, "unknown_database")

    def test_wrong_parameters_are_explained(self):
        for query in ("since=-1", "since=x", "wait_ms=30001"):
            self.assert_problem(self.gateway.get("/admin/snapshot?" + query), 422, "invalid_request")


class SnapshotForWhom(GatewayTest):
    keys = {"reader": "query", "ann": "operator"}

    @classmethod
    def configuration(cls):
        keys = [{"name": name, "role": role, "key": f"secret-{name}-key-0123456789"}
                for name, role in cls.keys.items()]
        return {**super().configuration(), "security": {"api_keys": keys}}

    def get(self, name):
        return self.gateway.get("/admin/snapshot", Authorization=f"Bearer secret-{name}-key-0123456789")

    def test_operators_only(self):
        self.assert_problem(self.gateway.get("/admin/snapshot"), 401, "unauthenticated")
        self.assert_problem(self.get("reader"), 403, "forbidden")
        self.assertEqual(self.get("ann").json["caller"], {"name": "ann", "role": "operator"})


class SnapshotAndDrain(GatewayTest):
    def test_a_page_that_is_open_does_not_hold_up_the_end(self):
        gateway = Gateway({"server": {"drain_timeout_ms": 20000}})
        told = []

        def poll():
            newest = ""
            try:
                while True:
                    snapshot = gateway.get(f"/admin/snapshot?{newest}wait_ms=30000").json
                    newest = f"since={snapshot['sequence']}&"
                    told.append(snapshot["instance"]["draining"])
                    time.sleep(1 if told[-1] else 0)
            except OSError:
                pass

        reader = threading.Thread(target=poll)
        reader.start()
        wait_until(lambda: len(told) > 1, "the page is live")
        start = time.monotonic()
        gateway.close()
        reader.join(10)
        self.assertLess(time.monotonic() - start, 10)
