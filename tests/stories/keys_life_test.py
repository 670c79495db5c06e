"""wax keys and wax authority: a namespace from its first key to its last, over brokers that cannot read."""
import unittest

from house import HouseStory, until


class Life(HouseStory):
    def test_a_life(self):
        """Founded, enrolled, granted, sealed, rotated, evicted: on every broker."""
        for broker in self.ports:
            with self.subTest(broker=broker):
                house = self.house(broker)
                house.device("sensor", "home", "write").device("lamp", "home", "read").device("spy", "home", "both")
                house.start().settled()
                house.subscribe("lamp")
                house.subscribe("spy")
                house.pub("sensor", "home/kitchen", "21.5")
                self.assertEqual(house.read("lamp", 1), ["21.5"])
                self.assertEqual(house.read("spy", 1), ["21.5"])
                # Two epochs, while the readers are away: they miss nothing.
                house.acknowledged("sensor", 1)
                house.pub("sensor", "home/kitchen", "before")
                house.keys("rotate", "home", "--now")
                house.settled()
                house.pub("sensor", "home/kitchen", "after")
                self.assertEqual(house.read("lamp", 2), ["before", "after"])
                house.acknowledged("lamp", 2)
                # Out: it reads nothing from here on, and nobody believes it.
                house.keys("evict", "spy")
                until(lambda: "epoch 3 is written in" in house.status() or house.subscribe("lamp"), "the new epoch is written in")
                house.settled()
                house.pub("sensor", "home/kitchen", "secret")
                self.assertEqual(house.read("lamp", 1), ["secret"])
                seen = house.sub("spy", "-t", "home/#", "-C", 1, "-W", 2, code=None, text=False)
                self.assertNotIn(b"secret", seen.out)
                house.pub("spy", "home/kitchen", "forged", code=None)
                house.pub("sensor", "home/kitchen", "last")
                self.assertEqual(house.read("lamp", 1), ["last"])
                # A late joiner reads what comes from now on.
                house.device("late", "home", "read")
                house.settled()
                house.subscribe("late")
                house.pub("sensor", "home/kitchen", "welcome")
                self.assertEqual(house.read("late", 1), ["welcome"])
                self.assertIn("the log is whole", house.keys("audit", "--verify").out)
                house.end()


if __name__ == "__main__":
    unittest.main()
