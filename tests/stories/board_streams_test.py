"""The image `streamer` of ports/cortex-m: messages of 160 KB, sealed from end to end, go out of a Cortex-M4 and into one that has 16 KB for all
buffers. Who opens the one is a member on this machine, who seals the other a second implementation of docs/format.md."""
import struct

import board_test
import foreign
import sealed_tools_test
from board_updater_case import RAM_KB
from sealed import group as sealed_group
from sealed import message, stream

setUpModule = board_test.setUpModule

SIZE, CHUNK = 160 * 1024, 2048


def text(step):
    return bytes((place * step + (place >> 8)) & 0xFF for place in range(SIZE))


class Streams(board_test.SealedStory):
    def setUp(self):
        super().setUp()
        self.carrier = self.open_broker("log_type all\nworkers 1\n")
        self.member = self.equip(self.carrier, "reader", sealed_tools_test.READS)
        foreign.run(foreign.WAX, "sub", "-h", "127.0.0.1", "-p", self.carrier.port, "-q", 1, "--seal", self.member.keys, "-t", "plant/#", "-E")
        device = sealed_tools_test.Device(self, "board")
        (self.home / "psk.bin").write_bytes(device.psk)
        (self.home / "mail").write_bytes(device.mailbox(1, [sealed_tools_test.group(sealed_tools_test.BOTH, 1, filters=("plant/#",))]))

    def order(self, spoilt=None):
        """What an operator seals for the board: the payload of a message."""
        members = sealed_group.Group(id=b"group--1", suite=2, class_=sealed_tools_test.STREAM, tag_size=16, epochs={1: (0, b"e" * 32)})
        draft = message.Draft(sender=2, epoch=1, position=0, payload=text(11))
        head, chunks = stream.seal_chunks(members, "plant/order", draft, CHUNK)
        if spoilt is not None:
            chunks[spoilt] = chunks[spoilt][:-1] + bytes([chunks[spoilt][-1] ^ 1])
        return stream.messages_of(head, CHUNK, chunks, [len(chunks)])[0]

    def test_160_kb_go_out_and_160_kb_come_in(self):
        observer = self.observer(self.carrier, "plant/picture")
        observer.publish("plant/order", self.order(), 1, retain=True)
        board = self.boot("streamer", self.carrier)
        picture = observer.message(timeout=foreign.PATIENCE_S).payload
        said = self.finish(board)
        self.assertIn(f"received: {SIZE}\n", said)
        self.assertLessEqual(int(said.split("buffers: ")[1].split()[0]), RAM_KB * 1024)
        self.assertIn("heap: 0\n", said)
        self.assertGreater(len(picture), SIZE)
        self.assertNotIn(text(7)[:64], picture)
        (self.home / "sealed").write_bytes(struct.pack(">I", len(picture)) + picture)
        foreign.run(foreign.WAX, "open", "--as", self.member.keys, "-t", "plant/picture", "-i", self.home / "sealed", "-o", self.home / "plain")
        self.assertEqual((self.home / "plain").read_bytes(), text(7))

    def test_a_chunk_that_was_touched_ends_it(self):
        """The board uses what came before it and nothing behind it."""
        observer = self.observer(self.carrier, "plant/picture")
        observer.publish("plant/order", self.order(spoilt=30), 1, retain=True)
        board = self.boot("streamer", self.carrier)
        observer.message(timeout=foreign.PATIENCE_S)
        for line in board.stdout:
            if line.startswith(b"received so far:"):
                break
        self.assertEqual(int(line.split()[-1]), 30 * CHUNK - 1)


if __name__ == "__main__":
    import unittest
    unittest.main()
