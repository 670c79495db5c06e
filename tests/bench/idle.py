#!/usr/bin/env python3
"""Memory per idle connection, plain, over TLS and with a client certificate, beside Debian's mosquitto, in one run.

Each broker gets the connections that the row names, each of which has said CONNECT; the figure is what its resident memory
has grown by, divided by their number. `scripts/bench idle` builds what this needs and calls it.
"""
import argparse
import os
import pathlib
import resource
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import time

import pairs

CONFIG = """\
user root
allow_anonymous true
persistence false
sys_interval 0
connection_messages false
log_type error
listener {plain} 127.0.0.1
listener {tls} 127.0.0.1
certfile {home}/pki/localhost.crt
keyfile {home}/pki/localhost.key
listener {mutual} 127.0.0.1
certfile {home}/pki/localhost.crt
keyfile {home}/pki/localhost.key
cafile {home}/pki/ca.crt
require_certificate true
"""
CONNECT = b"\x10\x11\0\4MQTT\4\2\0\0\0\5%05d"
NEWEST = ssl.TLSVersion.TLSv1_3
ROWS = (("plain", "plain", None), ("TLS 1.2", "tls", ssl.TLSVersion.TLSv1_2), ("TLS 1.3", "tls", NEWEST),
        ("certificate", "mutual", NEWEST))
WARM_UP = 20


class Broker:
    def __init__(self, name, program, home):
        self.name, self.home = name, home
        self.ports = {row: pairs.free_port() for row in ("plain", "tls", "mutual")}
        config = home / f"{self.ports['plain']}.conf"
        config.write_text(CONFIG.format(home=home, **self.ports))
        with (home / "log").open("ab") as log:
            self.process = subprocess.Popen([*program, "-c", str(config)], stdin=subprocess.DEVNULL, stderr=log, cwd=home)
        for _ in range(200):
            time.sleep(0.02)
            try:
                socket.create_connection(("127.0.0.1", self.ports["mutual"])).close()
                return
            except OSError:
                continue
        sys.exit(f"bench: {name} does not start")

    def resident(self):
        """In bytes."""
        words = pathlib.Path(f"/proc/{self.process.pid}/status").read_text().split()
        return int(words[words.index("VmRSS:") + 1]) * 1024

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=30)


def connect(broker, port, version, number):
    connection = socket.create_connection(("127.0.0.1", broker.ports[port]))
    if version:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.minimum_version = context.maximum_version = version
        if port == "mutual":
            context.load_cert_chain(broker.home / "pki/device.crt", broker.home / "pki/device.key")
        connection = context.wrap_socket(connection)
    connection.sendall(CONNECT % number)
    if connection.recv(4) != b"\x20\x02\0\0":
        sys.exit(f"bench: {broker.name} refuses a client")
    return connection


def per_connection(broker, port, version, count):
    """The first few pay for what is made once."""
    held = [connect(broker, port, version, number) for number in range(WARM_UP)]
    before = broker.resident()
    held += [connect(broker, port, version, WARM_UP + number) for number in range(count)]
    time.sleep(1.5)
    grown = broker.resident() - before
    for connection in held:
        connection.close()
    return grown / count


def main():
    parser = argparse.ArgumentParser(prog="scripts/bench idle", description=__doc__.splitlines()[0])
    parser.add_argument("--connections", type=int, default=1000, help="how many there are (1000)")
    parser.add_argument("--wax", default=os.environ.get("WAX") or str(pairs.ROOT / "build/release/wax"), help="the program")
    options = parser.parse_args()
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
    home = pathlib.Path(tempfile.mkdtemp(prefix="wax-bench-"))
    programs = {"mosquitto": [pairs.need("mosquitto")], "wax": [options.wax, "broker"]}
    try:
        for words in (["ca"], ["server", "localhost"], ["client", "device"]):
            subprocess.run([options.wax, "pki", *words], cwd=home, check=True, stdout=subprocess.DEVNULL)
        print(f"{options.connections} idle connections that have said CONNECT; bytes of resident memory for each\n")
        print(f"{'broker':<12}" + "".join(f"{row:>13}" for row, _, _ in ROWS))
        for name, program in programs.items():
            figures = []
            for _, port, version in ROWS:
                broker = Broker(name, program, home)  # a new one, so that no row finds memory of the row before
                try:
                    figures.append(per_connection(broker, port, version, options.connections))
                finally:
                    broker.stop()
            print(f"{name:<12}" + "".join(f"{figure:>13,.0f}" for figure in figures))
    finally:
        shutil.rmtree(home)


if __name__ == "__main__":
    main()
