"""What the stories about the store share: a broker that ends in one way or another, and comes back."""
import os
import re
import signal
import time

from mqtt_raw import disconnect
from running import BrokerCase

KEPT = "persistence true\npersistence_location {folder}/store\n"
OPEN = "listener {port} 127.0.0.1\nallow_anonymous true\n"
NEVER = 0xFFFFFFFF


def wait_until(claim, what, seconds=30):
    deadline = time.monotonic() + seconds
    while not claim():
        assert time.monotonic() < deadline, f"waited in vain: {what}"
        time.sleep(0.02)


def end(broker, how):
    """Ends the process by a signal; what it must not leave unsaid is checked by the class's end."""
    broker.process.send_signal(how)
    code = broker.process.wait(30)
    broker.errors.close()
    assert code == (0 if how == signal.SIGTERM else -how), f"exit code {code}:\n{broker.log()[-3000:]}"


def set_workers(broker, count):
    if "WORKERS" not in os.environ:
        broker.write("wax.conf", re.sub(r"(?m)^workers \d+$", f"workers {count}", broker.read("wax.conf")))


class LastingCase(BrokerCase):
    """A broker that keeps, and that each test ends and starts again by again(): how, and with how many workers then, is
    the class's choice; every other time it has THREADS again."""

    CONFIG = KEPT + OPEN
    HOW = signal.SIGKILL
    THREADS_AFTER = None

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.starts = 0

    @classmethod
    def again(cls, how=None, between=None):
        """Ends the broker and starts it; `between` runs while there is none."""
        end(cls.broker, how or cls.HOW)
        cls.starts += 1
        set_workers(cls.broker, cls.THREADS if cls.starts % 2 == 0 else cls.THREADS_AFTER or cls.THREADS)
        if between is not None:
            between()
        cls.broker.start()

    def leave(self, client):
        """Lets a client go, and waits until the broker knows."""
        client.send(disconnect())
        client.end()

    def back(self, client_id, version=5, present=True, **more):
        """A client whose session is there after a restart, or is not."""
        client = self.durable(client_id, version, **more)
        self.assertEqual(bool(client.connack.session_present), present, client_id)
        return client

    def settle(self, client=None):
        """What nobody answers (PUBACK, PUBCOMP, DISCONNECT) is on the disk: a SUBACK waits for all that came before it to
        its worker. Without a client, several clients ask, so that all workers are among those who answer."""
        asked = [client] if client is not None else [self.durable(f"{self.name}-settle-{i}", expiry=NEVER) for i in range(8)]
        for each in asked:
            each.subscribe((self.topic("settled"), 0))
            each.unsubscribe(self.topic("settled"))
            if each is not client:
                each.close()

    def take_nothing(self, client, topic="nothing"):
        """Nothing else comes to the client than what comes after now."""
        mark = f"{self.name}/{topic}/{time.monotonic_ns()}"
        client.subscribe((mark, 1))
        self.client().publish(mark, b"mark", 1)
        self.assertEqual(client.message().topic, mark)
        client.unsubscribe(mark)


WAYS = {"KilledOne": {"THREADS": 1}, "KilledTwo": {"THREADS": 2}, "KilledMoreAfter": {"THREADS": 1, "THREADS_AFTER": 4},
        "EndedFewerAfter": {"HOW": signal.SIGTERM, "THREADS": 3, "THREADS_AFTER": 1}}


def in_all_ways(stories, module):
    """The same stories with a restart that is asked for and with SIGKILL, with as many workers as before or others: cases
    by their names."""
    return {name: type(name, (stories, LastingCase), {**way, "__module__": module}) for name, way in WAYS.items()}
