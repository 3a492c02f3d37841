"""Mixed traffic and faults, round after round; when it is quiet again, everything is as it was. SLUICE_SOAK_SECONDS says
for how long; scripts/soak.sh runs it for minutes or hours."""

import itertools
import json
import os
import random
import signal
import statistics
import time

from faults import FaultTest, Writers, wait_until
from proxy import TO_CLIENT, TO_SERVER, Delay, Swallow, Trickle
from traffic import Traffic

SECONDS = float(os.environ.get("SLUICE_SOAK_SECONDS", "30"))
ROUND = min(20, SECONDS / 6)  # of traffic
DATABASES = ["main", "second", "third"]


class Soak(FaultTest):
    config = {"log": {"level": "warn", "format": "json"}}

    @classmethod
    def configuration(cls):
        beside = {**cls.postgres.target(), "pool": cls.pool, "breaker": cls.breaker}
        return {"databases": {"main": cls.main(), "second": beside, "third": beside}, **cls.config}

    # ---- faults --------------------------------------------------------------------------------------

    def swallow(self):
        self.proxy.trouble(random.choice((TO_CLIENT, TO_SERVER)), Swallow())
        time.sleep(1.5)
        self.proxy.heal()

    def trickle(self):
        self.proxy.trouble(TO_CLIENT, random.choice((Trickle(10), Delay(0.3))))
        time.sleep(1)
        self.proxy.heal()

    def refuse(self):
        self.proxy.refuse()
        self.proxy.end_all(reset=True)
        time.sleep(0.7)
        self.proxy.heal()

    def freeze(self):
        self.postgres.freeze()
        time.sleep(1)
        self.postgres.thaw()

    def restart(self):
        self.postgres.stop()
        self.postgres.start()

    def reload(self):
        """With another size of a pool each time."""
        with open(self.gateway.config_file, encoding="utf-8") as file:
            config = json.load(file)
        config["databases"]["second"]["pool"] = {**self.pool, "max_size": random.randint(2, 6)}
        with open(self.gateway.config_file, "w", encoding="utf-8") as file:
            json.dump(config, file)
        self.gateway.process.send_signal(signal.SIGHUP)

    def terminate(self):
        self.postgres.terminate_backends()

    def cause_trouble(self, until):
        faults = [self.swallow, self.trickle, self.refuse, self.freeze, self.restart, self.reload, self.terminate,
                  lambda: self.proxy.end_all(reset=True)]
        random.shuffle(faults)
        for fault in itertools.cycle(faults):
            time.sleep(0.3 + random.random())
            if time.monotonic() > until:
                return
            fault()

    # ---- what is left when it is quiet ---------------------------------------------------------------

    def live_calls(self):
        return self.gateway.get("/admin/queries").json["count"]

    def be_quiet(self):
        for name in DATABASES:
            self.recovers(name)
        wait_until(lambda: self.live_calls() == 0, "no call lives", 60)
        for name in DATABASES:
            self.is_quiet(name)
            self.assertEqual(self.gateway.post(f"/admin/databases/{name}/reconnect", {}).status, 200)
        wait_until(lambda: self.postgres.backends() == 0, "every connection is closed", 60)
        self.assertEqual(self.gateway.get("/databases").json["count"], len(DATABASES), "guests have stayed")

    def sample(self):
        """Descriptors, threads and resident MB of the gateway."""
        process = f"/proc/{self.gateway.process.pid}"
        with open(process + "/status", encoding="ascii") as file:
            status = dict(line.split(":", 1) for line in file)
        return {"descriptors": len(os.listdir(process + "/fd")), "threads": int(status["Threads"]),
                "resident": int(status["VmRSS"].split()[0]) / 1024}

    def settled(self, first):
        """A sample, as soon as there are no more descriptors than in the first."""
        if first:
            goal = first["descriptors"]
            wait_until(lambda: self.sample()["descriptors"] <= goal, f"there are {goal} descriptors again: {self.series()}", 60)
        return self.sample()

    def series(self):
        return "\n" + "\n".join("  ".join(f"{name} {value:7.1f}" for name, value in one.items()) for one in self.samples)

    # ---- the test ------------------------------------------------------------------------------------

    def one_round(self, seed):
        guest = {**self.postgres.target(), "pool": {"max_size": 1, "connect_timeout_ms": 1000}}
        with Traffic(self.gateway, DATABASES, guest, seed) as traffic, Writers(self.gateway, count=2) as writers:
            self.cause_trouble(time.monotonic() + ROUND)
        self.be_quiet()
        self.assert_account(writers.answers)
        self.postgres.run("truncate tokens")
        self.assertLessEqual({200, 201, 400, 504}, traffic.statuses, "too little happened")
        self.assertLessEqual(traffic.statuses, {200, 201, 204, 207, 400, 404, 409, 422, 503, 504})
        self.assertGreater(traffic.whole_streams, 0)
        return writers.succeeded()

    def test_everything_is_flat(self):
        self.samples, end = [], time.monotonic() + SECONDS
        self.be_quiet()
        started = self.sample()
        for number in itertools.count():
            written = self.one_round(number)
            self.samples.append(self.settled(self.samples[0] if self.samples else None))
            print(f"round {number}: {written} writes", self.samples[-1], flush=True)
            if time.monotonic() > end and number >= 2:
                break
        # Some are started when they are needed, and stay: 16 for cancel requests and 2 for log-ins. None is for names, as the
        # databases have addresses.
        self.assertLessEqual(max(one["threads"] for one in self.samples), started["threads"] + 18, self.series())
        # The first rounds fill caches, seen were 23 to 26 MB; after that memory has to stay.
        third = max(1, len(self.samples) // 3)
        early, late = (statistics.median(one["resident"] for one in some)
                       for some in (self.samples[:third], self.samples[-third:]))
        self.assertLess(late, early * 1.1 + 2, self.series())
