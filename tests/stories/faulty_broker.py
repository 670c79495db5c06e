"""An MQTT 3.1.1 broker that breaks its promises on purpose: `faulty_broker.py PORT FAULT`.

FAULT is none, drop, repeat, swap, change, silent (QoS 1 is never acknowledged), pause (half a second, once), refuse or leave.
Says at its end, after SIGTERM, how often it did that.
"""
import selectors
import signal
import socket
import sys
import time

EVERY = 25  # deliveries


class Gone(Exception):
    """The peer has left, or is to leave."""


class Peer:
    def __init__(self, connection):
        self.connection, self.received, self.out, self.filters, self.qos = connection, b"", [], [], 0


class FaultyBroker:
    def __init__(self, port, fault):
        self.fault, self.count, self.delivered, self.peers = fault, 0, 0, []
        self.selector = selectors.DefaultSelector()
        self.listener = socket.create_server(("127.0.0.1", port), backlog=512)
        self.selector.register(self.listener, selectors.EVENT_READ)

    def run(self):
        while True:
            for key, _ in self.selector.select():
                if key.fileobj is self.listener:
                    peer = Peer(self.listener.accept()[0])
                    peer.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    self.selector.register(peer.connection, selectors.EVENT_READ, peer)
                    self.peers.append(peer)
                else:
                    self.serve(key.data)
            for peer in self.peers:
                self.flush(peer)

    def serve(self, peer):
        try:
            got = peer.connection.recv(65536)
            peer.received += got
            if not got:
                raise Gone
            for first, body in self.packets(peer):
                self.take(peer, first, body)
        except (Gone, ConnectionError):
            self.flush(peer)
            self.selector.unregister(peer.connection)
            peer.connection.close()
            self.peers.remove(peer)

    @staticmethod
    def packets(peer):
        while len(peer.received) >= 2:
            size, at = 0, 1
            while at < len(peer.received):
                size |= (peer.received[at] & 127) << 7 * (at - 1)
                at += 1
                if peer.received[at - 1] < 128:
                    break
            if peer.received[at - 1] >= 128 or len(peer.received) < at + size:
                return
            first, body, peer.received = peer.received[0], peer.received[at:at + size], peer.received[at + size:]
            yield first, body

    def take(self, peer, first, body):
        kind = first >> 4
        if kind == 1:
            peer.out.append(bytes((0x20, 2, 0, 5 if self.fault == "refuse" else 0)))
            self.count += self.fault == "refuse"
        elif kind == 8:
            size = body[2] << 8 | body[3]
            peer.filters.append(body[4:4 + size].decode().split("/"))
            peer.qos = body[4 + size]
            peer.out.append(bytes((0x90, 3)) + body[:2] + bytes((peer.qos,)))
        elif kind == 3:
            self.publish(peer, first, body)
        elif kind == 14:
            raise Gone

    def publish(self, peer, first, body):
        end = 2 + (body[0] << 8 | body[1])
        if first & 6 and self.fault != "silent":
            peer.out.append(bytes((0x40, 2)) + body[end:end + 2])
        self.count += self.fault == "silent"
        packet = bytes((first,)) + self.varint(len(body)) + body
        for other in self.peers:
            if any(self.matches(words, body[2:end].decode().split("/")) for words in other.filters):
                self.deliver(other, packet)

    @staticmethod
    def varint(size):
        out = b""
        while size > 127:
            out, size = out + bytes((size & 127 | 128,)), size >> 7
        return out + bytes((size,))

    @staticmethod
    def matches(words, topic):
        return len(words) == len(topic) and all(word in ("+", level) for word, level in zip(words, topic))

    def deliver(self, peer, packet):
        self.delivered += 1
        is_time = self.delivered % EVERY == 0
        self.count += is_time and self.fault in ("drop", "repeat", "change", "leave")
        if self.delivered == 4 * EVERY and self.fault == "pause":
            time.sleep(0.5)
        if is_time and self.fault == "drop":
            return
        if is_time and self.fault == "leave":
            raise Gone
        peer.out.append(packet[:-1] + b"?" if is_time and self.fault == "change" else packet)
        if is_time and self.fault == "repeat":
            peer.out.append(packet)

    def flush(self, peer):
        deliveries = [i for i, packet in enumerate(peer.out) if packet[0] >> 4 == 3]
        if self.fault == "swap" and len(deliveries) > 1:
            last, before = deliveries[-1], deliveries[-2]
            peer.out[last], peer.out[before] = peer.out[before], peer.out[last]
            self.count += 1
        try:
            peer.connection.sendall(b"".join(peer.out))
        except OSError:
            pass  # it is read as closed later
        peer.out.clear()


def main():
    broker = FaultyBroker(int(sys.argv[1]), sys.argv[2])

    def stop(_number, _frame):
        print(broker.count, flush=True)
        sys.exit(0)

    signal.signal(signal.SIGTERM, stop)
    broker.run()


if __name__ == "__main__":
    main()
