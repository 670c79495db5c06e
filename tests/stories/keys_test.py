"""wax keys and wax authority: how devices come in, epochs pass, processes die and files come back."""
import re
import shutil
import unittest

from house import PATIENCE_S, House, HouseStory, until
from peers import free_port, wax, wax_broker


class Keys(HouseStory):
    KINDS = "wax", "mosquitto"

    def test_a_key_of_the_devices_own(self):
        house = self.house("mosquitto")
        house.device("sensor", "home", "write")
        (house.home / "house.pub").write_text(house.keys("public").out)
        house.start().settled()
        made = wax("keys", "identity", "lamp", "--namespace", "house.pub", cwd=house.home)
        words = re.search(r"confirmed: (\S+)", made.out).group(1)
        asked = house.keys("enrol", "lamp", "--from", "lamp.keys.enrol")
        self.assertIn(words, asked.out)
        self.assertIn(f"waits to be confirmed by the words {words}", house.status())
        self.assertIn("not in", house.keys("grant", "lamp", "home", "read", code=1).err)
        self.assertIn("not the words", house.keys("confirm", "lamp", "lusab-babad-gutih-tugad", code=1).err)
        house.keys("confirm", "lamp", words)
        house.keys("grant", "lamp", "home", "read")
        house.settled()
        house.subscribe("lamp")
        house.pub("sensor", "home/kitchen", "21.5")
        self.assertEqual(house.read("lamp", 1), ["21.5"])

    def test_strangers_ask_through_the_broker(self):
        house = self.house("wax")
        (house.home / "house.pub").write_text(house.keys("public").out)
        self.assertIn("wax authority", house.keys("admit", "10m", code=1).err)
        house.start().settled()
        made = wax("keys", "identity", "lamp", "--namespace", "house.pub", cwd=house.home)
        words = re.search(r"confirmed: (\S+)", made.out).group(1)
        ask = ["pub", "-p", house.port, "-q", 1, "-t", f"{house.prefix}/e/lamp", "-f", house.home / "lamp.keys.enrol"]
        wax(*ask)
        until(lambda: "strangers are not let in now" in house.said(), "it is refused")
        house.keys("admit", "10m")
        wax("keys", "identity", "fan", "--namespace", "house.pub", cwd=house.home)
        house.keys("enrol", "fan", "--from", "fan.keys.enrol")  # which ends nothing for those who ask by themselves
        wax(*ask)
        until(lambda: "device lamp: waits to be confirmed" in house.status(), "it waits")
        house.keys("confirm", "lamp", words)
        self.assertIn("device lamp: mailbox", house.status())
        self.assertIn(f"wax keys confirm lamp {words}", house.said())
        name = "x; touch gone"
        wax("keys", "identity", name, "--namespace", "house.pub", "--out", "x.keys", cwd=house.home)
        wax("pub", "-p", house.port, "-q", 1, "-t", f"{house.prefix}/e/{name}", "-f", house.home / "x.keys.enrol")
        until(lambda: f"{name} asks to come in" in house.said(), house.said)
        self.assertNotIn(f"confirm {name}", house.said())

    def test_what_a_stranger_says_is_one_line_of_the_log(self):
        house = self.house("wax")
        house.start().settled()
        for kind in "se":
            topic = f"{house.prefix}/{kind}/x\nwax authority: rule attack: forged\x1b[2J"
            wax("pub", "-p", house.port, "-q", 1, "-t", topic, "-m", "anything")
        for what in ("status", "enrolment"):
            line = f"wax authority: {what} of x?wax authority: rule attack: forged?[2J: "
            until(lambda line=line: line in house.said(), house.said)

    def test_who_sends_one_message_has_told_what_it_holds(self):
        """And who was put out sees nothing of what is sealed for others, not even as noise."""
        house = self.house("wax")
        house.device("sensor", "home", "write").device("lamp", "home", "read").start().settled()
        for text in ("one", "two"):
            wax("pub", "-p", house.port, "--seal", house.home / "sensor.keys", "-t", "home/kitchen", "-m", text)
            until(lambda: house.holds("sensor", 1), house.status)
        house.sub("lamp", "-t", "home/#", "-t", "end", "-E")
        house.keys("evict", "lamp")
        house.settled()
        house.pub("sensor", "home/kitchen", "secret")
        house.pub("sensor", "home/kitchen", "secret")
        wax("pub", "-p", house.port, "-q", 1, "-t", "end", "-m", "over")
        shown = house.sub("lamp", "-t", "home/#", "-t", "end", "-C", 1)
        self.assertEqual(shown.out, "over\n")
        self.assertEqual(shown.err.count("refused a message on home/kitchen"), 2)

    def test_kill_and_start_again(self):
        """What was decided is published, whenever the process ends; decisions without it are not lost either."""
        house = self.house("wax")
        house.device("sensor", "home", "write").device("lamp", "home", "read").start()
        for _ in range(3):
            house.keys("rotate", "home", "--now")
            house.kill()
            house.keys("rotate", "home", "--now")
            house.start()
        until(lambda: house.holds("lamp", 7) or house.subscribe("lamp"), lambda: house.status() + house.said()[-6000:])
        house.pub("sensor", "home/kitchen", "21.5")
        self.assertEqual(house.read("lamp", 1), ["21.5"])
        self.assertIn("the log is whole", house.keys("audit", "--verify").out)

    def test_readers_acknowledge_before_writers_get_it(self):
        house = self.house("wax", group=False)
        house.keys("group", "add", "home", "-f", "home/#", "--ack", "7d")
        house.device("sensor", "home", "write").device("lamp", "home", "read").start().settled()
        house.subscribe("lamp")
        house.acknowledged("lamp", 1)
        house.keys("rotate", "home")
        house.settled()
        self.assertIn("2 is announced", house.status())
        self.assertIn("lamp in home: read, holds epoch 1, has not acknowledged 2", house.status())
        self.assertIn("announced already", house.keys("rotate", "home", code=1).err)
        house.subscribe("lamp")
        until(lambda: "epoch 2 is written in" in house.status(), "all readers have it")

    def test_epochs_end_by_themselves(self):
        house = self.house("wax", group=False)
        house.keys("group", "add", "home", "-f", "home/#", "--epoch", "1s", "--ack", "1s")
        house.start()
        until(lambda: int(re.search(r"epoch (\d+) is written in", house.status()).group(1)) >= 3, "two epochs have passed")

    def test_a_backup_comes_back(self):
        house = self.house("wax")
        house.device("sensor", "home", "write").device("lamp", "home", "read")
        house.start().settled()
        house.subscribe("lamp")
        house.acknowledged("lamp", 1)
        house.keys("export", "copy")
        house.keys("rotate", "home", "--now")
        house.settled()
        house.subscribe("lamp")
        house.acknowledged("lamp", 2)
        house.end()
        shutil.rmtree(house.folder)
        self.assertIn("key-encryption key", wax("keys", "import", "copy", house.folder, "--kek", self.wrong_key(house), cwd=house.home,
                                                code=1).err)
        self.assertIn("generation 2", wax("keys", "import", "copy", house.folder, cwd=house.home).out)
        house.start().settled()
        house.subscribe("lamp")
        until(lambda: "generation 2" in house.status() and "has not acknowledged" not in
              re.search("lamp in home.*", house.status()).group(), "the lamp believes it again")
        until(lambda: "is announced" not in house.status(), "the new epoch is written in")
        house.settled()
        house.pub("sensor", "home/kitchen", "21.5")
        self.assertEqual(house.read("lamp", 1), ["21.5"])

    def test_a_device_whose_state_is_lost_goes_on(self):
        house = self.house("mosquitto")
        house.device("sensor", "home", "write").device("lamp", "home", "read").start().settled()
        house.subscribe("lamp")
        house.pub("sensor", "home/kitchen", "before")
        self.assertEqual(house.read("lamp", 1), ["before"])
        shutil.rmtree(house.home / "sensor.keys.state")
        house.pub("sensor", "home/kitchen", "nobody believes it")
        house.keys("recover", "sensor")
        house.settled()
        house.subscribe("lamp")  # it has the list of senders
        house.pub("sensor", "home/kitchen", "after")
        shown = house.sub("lamp", "-t", "home/#", "-C", 1)
        self.assertEqual(shown.out, "after\n")
        until(lambda: house.holds("sensor", 1), house.status)
        # A reader gets nothing that came, and what begins anew.
        shutil.rmtree(house.home / "lamp.keys.state")
        house.keys("recover", "lamp")
        house.settled()
        house.subscribe("lamp")
        until(lambda: "epoch 2 is written in" in house.status(), house.status)
        house.settled()
        house.pub("sensor", "home/kitchen", "anew")
        self.assertEqual(house.read("lamp", 1), ["anew"])
        self.assertIn("restore lamp", house.keys("audit").out)
        self.assertIn("no device of this name", house.keys("recover", "nobody", code=1).err)

    def wrong_key(self, house):
        path = house.home / "wrong.kek"
        path.write_text("00" * 32 + "\n")
        return path

    def test_a_broker_that_forgot(self):
        port = free_port()
        lines = f"listener {port} 127.0.0.1\nallow_anonymous true\npersistence false\n"
        broker = wax_broker(self.folder, lines, [port])
        house = House(self, "forgets", port)
        house.found()
        house.keys("group", "add", "home", "-f", "home/#")
        house.device("sensor", "home", "write").start().settled()
        broker.close()
        broker = self.serve(wax_broker(self.folder, lines, [port]))
        until(lambda: house.said().count("this broker does not know us") == 2, "it noticed")
        house.settled()
        self.assertEqual(wax("sub", "-p", port, "-t", "forgets/k/+", "-F", "%t", "-C", 1, "-W", 20).out, "forgets/k/sensor\n")

    def test_without_a_broker(self):
        house = House(self, "alone", free_port())
        house.found()
        house.start()
        until(lambda: "trying again" in house.said(), "it says so")
        house.keys("group", "add", "home", "-f", "home/#")
        self.assertIn("group home", house.status())
        house.process.terminate()
        self.assertEqual(house.process.wait(PATIENCE_S), 0)
        self.assertFalse((house.folder / "socket").exists())

    def test_one_at_a_time(self):
        house = self.house("wax")
        house.start()
        self.assertIn("another process", wax("authority", house.folder, "-p", house.port, code=1).err)
        self.assertEqual((house.folder / "socket").stat().st_mode & 0o777, 0o600)
        self.assertEqual(house.folder.stat().st_mode & 0o777, 0o700)
        for name in ("authority/authority.db", "authority/lock", "authority.kek"):
            self.assertEqual((house.home / name).stat().st_mode & 0o777, 0o600, name)


if __name__ == "__main__":
    unittest.main()
