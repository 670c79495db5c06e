"""The climate control of the examples at three brokers: sensors, a controller, an override."""
import os
import pathlib
import signal
import socket
import subprocess
import tempfile
import time
import unittest

from ports import free_port

ROOT = pathlib.Path(__file__).resolve().parents[2]
WAX = os.environ.get("WAX", str(ROOT / "build" / "dev" / "wax"))
EXAMPLES = pathlib.Path(os.environ.get("EXAMPLES", ROOT / "build" / "dev"))
MOSQUITTO = "/usr/sbin/mosquitto"
DEADLINE_S = 15


class Program:
    """A program whose lines are read as they come."""

    def __init__(self, *words):
        self.process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True, bufsize=1)
        os.set_blocking(self.process.stdout.fileno(), False)
        self.read = ""

    def type(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def lines(self):
        try:
            self.read += os.read(self.process.stdout.fileno(), 65536).decode()
        except BlockingIOError:
            pass
        return self.read.splitlines()

    def end(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        self.process.communicate(timeout=DEADLINE_S)
        return self.process.returncode


class ClimateControl(unittest.TestCase):
    OPTIONS = ()

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.port = free_port()
        self.programs = []
        self.start_broker()
        self.addCleanup(self.stop)

    def start_broker(self):
        settings = pathlib.Path(self.folder.name, "mosquitto.conf")
        settings.write_text(f"listener {self.port} 127.0.0.1\nallow_anonymous true\n"
                            f"persistence true\npersistence_location {self.folder.name}/\n"
                            + ("user root\n" if os.geteuid() == 0 else ""))
        self.broker = subprocess.Popen([MOSQUITTO, "-c", settings], stderr=subprocess.DEVNULL)
        self.wait_until("the broker listens", self.is_listening)

    def stop_broker(self):
        self.broker.terminate()
        self.broker.wait(DEADLINE_S)

    def is_listening(self):
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
            return True
        except OSError:
            return False

    def stop(self):
        for program in self.programs:
            program.end()
        self.stop_broker()

    def wait_until(self, what, holds):
        end_s = time.monotonic() + DEADLINE_S
        while not holds():
            self.assertLess(time.monotonic(), end_s, f"waited too long until {what}")
            time.sleep(0.02)

    def example(self, name):
        program = Program(EXAMPLES / f"example_{name}", *self.OPTIONS, "127.0.0.1", str(self.port))
        self.programs.append(program)
        return program

    def publish(self, topic, text):
        subprocess.run(["mosquitto_pub", "-p", str(self.port), "-t", topic, "-m", text, "-q", "1"],
                       check=True, timeout=DEADLINE_S)

    def retained(self, topic):
        got = subprocess.run(["mosquitto_sub", "-p", str(self.port), "-t", topic, "-C", "1", "-W",
                              "5"], capture_output=True, text=True, timeout=DEADLINE_S, check=False)
        return got.stdout.strip()

    def controller(self):
        controller = self.example("controller")
        self.wait_until("the controller listens", lambda: "ready" in controller.lines())
        return controller

    def expect(self, controller, *temperatures):
        wanted = [f"home/hvac/set {temperature}" for temperature in temperatures]
        self.wait_until(f"the unit was set to {temperatures}",
                        lambda: [line for line in controller.lines() if "set" in line] == wanted)

    def test_occupancy_heats(self):
        controller = self.controller()
        sensor = self.example("sensor")
        sensor.type("80")
        self.expect(controller, "21.0")
        sensor.type("90")  # nothing new
        sensor.type("400")
        self.expect(controller, "21.0", "16.0")
        self.assertEqual(self.retained("home/hvac/set"), "16.0")

    def test_an_override_is_honoured_until_it_is_given_back(self):
        controller = self.controller()
        sensor = self.example("sensor")
        sensor.type("80")
        self.expect(controller, "21.0")
        self.publish("home/hvac/override", "off")
        self.expect(controller, "21.0", "16.0")
        sensor.type("400")
        sensor.type("70")  # the dog
        time.sleep(0.3)
        self.expect(controller, "21.0", "16.0")
        self.publish("home/hvac/override", "auto")
        self.expect(controller, "21.0", "16.0", "21.0")

    def test_what_is_sensed_without_a_broker_arrives_later(self):
        controller = self.controller()
        sensor = self.example("sensor")
        sensor.type("400")
        self.expect(controller, "16.0")
        self.stop_broker()
        sensor.type("80")
        self.start_broker()
        self.expect(controller, "16.0", "21.0")

    def test_a_sensor_that_dies_is_missed(self):
        sensor = self.example("sensor")
        self.wait_until("the sensor is online", lambda: "home/sensor online" in sensor.lines())
        self.wait_until("that is known", lambda: self.retained("home/sensor") == "online")
        sensor.process.kill()
        self.wait_until("its will is told", lambda: self.retained("home/sensor") == "lost")

    def test_a_sensor_whose_input_ends_says_good_bye(self):
        sensor = self.example("sensor")
        sensor.type("80")
        sensor.process.stdin.close()
        self.assertEqual(sensor.process.wait(DEADLINE_S), 0)
        self.assertEqual(self.retained("home/occupancy"), "occupied")
        sensor.process.stdin = None

    def test_a_wrong_command_line_is_explained(self):
        got = subprocess.run([EXAMPLES / "example_sensor", "localhost", "port"],
                             capture_output=True, text=True, timeout=DEADLINE_S, check=False)
        self.assertEqual(got.returncode, 1)
        self.assertIn("usage:", got.stderr)


class ClimateControlAtWax(ClimateControl):
    """The same at our own broker, which keeps nothing over a restart: what was retained is told again."""

    def start_broker(self):
        settings = pathlib.Path(self.folder.name, "wax.conf")
        settings.write_text(f"listener {self.port} 127.0.0.1\nallow_anonymous true\nuser root\n")
        self.broker = subprocess.Popen([WAX, "broker", "-q", "-c", settings], stderr=subprocess.DEVNULL)
        self.wait_until("the broker listens", self.is_listening)


class ClimateControlAtNats(ClimateControl):
    """The same at a server of another kind, with MQTT 3.1.1."""

    OPTIONS = ("-3",)

    def start_broker(self):
        settings = pathlib.Path(self.folder.name, "nats.conf")
        settings.write_text(f'server_name: story\nlisten: "127.0.0.1:{free_port()}"\n'
                            f'jetstream {{ store_dir: "{self.folder.name}/nats" }}\n'
                            f'mqtt {{ listen: "127.0.0.1:{self.port}" }}\n')
        self.broker = subprocess.Popen(["/usr/sbin/nats-server", "-c", settings], stderr=subprocess.DEVNULL)
        self.wait_until("the server listens", self.is_listening)


if __name__ == "__main__":
    unittest.main()
