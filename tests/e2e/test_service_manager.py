"""What a service manager is told through NOTIFY_SOCKET (sd_notify(3)); the test listens in systemd's place."""

import os
import signal
import socket
import tempfile
import unittest

from gateway import Gateway, wait_until


class ServiceManager(unittest.TestCase):
    def listen(self, address):
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(listener.close)
        listener.bind(address)
        listener.settimeout(20)
        return listener

    def start(self, name, **environment):
        gateway = Gateway(environment={"NOTIFY_SOCKET": name, **environment})
        self.addCleanup(gateway.close)
        return gateway

    @staticmethod
    def next(listener):
        """The next message as a dict, signs of life left out."""
        while True:
            lines = listener.recv(4096).decode("utf-8").splitlines()
            if lines != ["WATCHDOG=1"]:
                return dict(line.split("=", 1) for line in lines)

    def test_it_is_told_when_it_serves_reloads_and_ends(self):
        with tempfile.TemporaryDirectory() as directory:
            name = os.path.join(directory, "notify")
            listener = self.listen(name)
            gateway = self.start(name)
            status = f"serving at 127.0.0.1:{gateway.port}"
            self.assertEqual(self.next(listener), {"READY": "1", "STATUS": status})
            gateway.process.send_signal(signal.SIGHUP)
            begun = self.next(listener)
            self.assertEqual(begun["RELOADING"], "1")
            self.assertGreater(int(begun["MONOTONIC_USEC"]), 0)
            self.assertEqual(self.next(listener), {"READY": "1", "STATUS": status})
            gateway.terminate()
            self.assertEqual(self.next(listener), {"STOPPING": "1", "STATUS": "draining"})

    def test_signs_of_life_come_in_time_through_an_abstract_socket(self):
        name = f"sluice-test-{os.getpid()}"
        listener = self.listen("\0" + name)
        self.start("@" + name, WATCHDOG_USEC="600000")
        received = [listener.recv(4096) for _ in range(4)]
        self.assertTrue(received[0].startswith(b"READY=1"), received)
        self.assertEqual(received[1:], [b"WATCHDOG=1"] * 3)

    def test_the_watchdog_of_another_process_is_not_ours(self):
        with tempfile.TemporaryDirectory() as directory:
            name = os.path.join(directory, "notify")
            listener = self.listen(name)
            self.start(name, WATCHDOG_USEC="30000", WATCHDOG_PID="1")
            self.assertTrue(listener.recv(4096).startswith(b"READY=1"))
            listener.settimeout(0.5)
            with self.assertRaises(TimeoutError):
                listener.recv(4096)

    def test_nobody_need_listen(self):
        gateway = self.start("/nowhere/at/all")
        wait_until(lambda: "listening" in gateway.log(), "it serves")
        self.assertEqual(gateway.terminate(), 0)


if __name__ == "__main__":
    unittest.main()
