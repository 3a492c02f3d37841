"""What the gateway's threads are called, and how the kernel is to treat them."""

import os

from gateway import GatewayTest


def threads(gateway, name):
    """The ids of those that are called so."""
    folder = f"/proc/{gateway.process.pid}/task"
    found = []
    for thread in os.listdir(folder):
        with open(f"{folder}/{thread}/comm", encoding="utf-8") as file:
            if file.read().strip() == name:
                found.append(int(thread))
    return found


class Threads(GatewayTest):
    def test_log_ins_leave_the_processor_to_the_workers(self):
        self.assertEqual(self.gateway.query("select 1").status, 200)
        log_ins = threads(self.gateway, "sluice-log-in")
        self.assertTrue(log_ins)
        self.assertEqual({os.getpriority(os.PRIO_PROCESS, thread) for thread in threads(self.gateway, "sluice-worker")}, {0})
        self.assertEqual({os.getpriority(os.PRIO_PROCESS, thread) for thread in log_ins}, {10})
