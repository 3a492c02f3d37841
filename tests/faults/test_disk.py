"""Disks that are full: small file systems in memory, mounted where nobody else sees them (namespace.py)."""

import os
import shutil
import subprocess

from faults import FaultTest, WRITE, Writers, wait_until

FILL = "insert into filled(token, filler) values ($1, repeat(md5($1), 20000))"


class Disk(FaultTest):
    @classmethod
    def file_system(cls, name, megabytes):
        place = os.path.join(cls.postgres.directory, name)
        os.mkdir(place)
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=0700", "tmpfs", place], check=True)
        shutil.chown(place, "postgres", "postgres")
        cls.addClassCleanup(subprocess.run, ["umount", "-l", place], check=True)
        return place

    @classmethod
    def prepare(cls):
        super().prepare()
        cls.postgres.run(f"create tablespace small location '{cls.file_system('small', 2)}'", "postgres")
        cls.postgres.run("create table filled(token text, filler text) tablespace small; alter table filled owner to app;"
                         "alter table filled alter column filler set storage external")

    def test_a_full_disk_is_the_servers_trouble_and_only_the_statements(self):
        self.addCleanup(self.more_room)
        answers = {}
        for number in range(20):
            token = f"full {number}"
            answers[token] = self.gateway.query(FILL, [token])
            if answers[token].status != 200:
                break
        full = answers[token]
        problem = self.assert_problem(full, 503, "database_unavailable", sqlstate="53100", outcome="rolled_back", retryable=True)
        self.assertIn("No space left on device", problem["detail"])
        self.assertEqual(self.gateway.query(WRITE, ["elsewhere"]).status, 200)
        self.assertEqual(self.gateway.metrics()["breaker"]["state"], "closed")
        rows = self.postgres.run("select token from filled").splitlines()
        self.assertEqual(sorted(rows), sorted(token for token, answer in answers.items() if answer.status == 200))
        self.more_room()
        self.assertEqual(self.gateway.query(FILL, ["room"]).status, 200)

    def more_room(self):
        subprocess.run(["mount", "-o", "remount,size=64m", os.path.join(self.postgres.directory, "small")], check=True)

    def move_the_log(self):
        """The write-ahead log gets a small disk; returns where."""
        self.postgres.stop()
        place, log = self.file_system("wal", 96), os.path.join(self.postgres.data, "pg_wal")
        subprocess.run(["cp", "-a", log + "/.", place + "/here"], check=True)
        shutil.rmtree(log)
        os.symlink(place + "/here", log)
        self.postgres.start()
        return place

    def test_a_server_that_dies_of_a_full_log_loses_nothing(self):
        place = self.move_the_log()
        self.recovers()
        with Writers(self.gateway) as writers:
            writers.wait_for(30)
            filler = os.path.join(place, "filler")
            subprocess.run(["dd", "if=/dev/zero", f"of={filler}", "bs=1M"], check=False, stderr=subprocess.DEVNULL)
            self.use_up_the_log()
            refused = wait_until(self.refusal, "calls are refused", 60)
            self.assertEqual(refused.json["outcome"], "not_started")
            os.unlink(filler)
            self.postgres.stop()
            self.postgres.start()
            writers.wait_for(30)
        self.assert_account(writers.answers)
        self.recovers()

    def use_up_the_log(self):
        def switched():
            try:
                self.postgres.run("create table if not exists ballast(); drop table ballast; select pg_switch_wal()", "postgres")
                return False
            except RuntimeError:
                return True
        wait_until(switched, "the server has died of it", 60)

    def refusal(self):
        answer = self.gateway.query("select 1", timeout_ms=1000)
        return answer if answer.json.get("code") == "breaker_open" else None
