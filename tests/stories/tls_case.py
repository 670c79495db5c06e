"""What the stories of TLS share."""
import foreign

KEY, OTHER = "00112233445566778899aabbccddeeff", "ffeeddccbbaa99887766554433221100"


def replace(path, text):
    """Puts a file in the place of another, as certbot and editors do."""
    fresh = path.with_name(path.name + ".new")
    fresh.write_bytes(text if isinstance(text, bytes) else text.encode())
    fresh.chmod(0o600)
    fresh.rename(path)


class TlsCase(foreign.TlsStory):
    def s_client(self, broker, *words, stdin=b"", code=None, port=None):
        """What `openssl s_client` says of one connection; it ends when its input does."""
        return foreign.run("openssl", "s_client", "-connect", f"127.0.0.1:{port or broker.port}", *words, input=stdin,
                           code=code)

    def psk(self, *lines, name="psk"):
        path = self.home / name
        replace(path, "".join(line + "\n" for line in lines))
        return path

    def psk_broker(self, more="", first=f"pump:{KEY}"):
        self.psk("# devices", first)
        return self.broker(f"user root\nlistener {{port}} 127.0.0.1\npsk_hint wax\npsk_file {{home}}/psk\n{foreign.TLS_MORE}\n{more}")

    def pub(self, broker, *words, code=0, tool="wax", port=None):
        tool = (foreign.WAX, "pub") if tool == "wax" else ("mosquitto_pub",)
        return foreign.run(*tool, "-h", "127.0.0.1", "-p", port or broker.port, "-t", "a", "-m", "m", *words, code=code)

    def sys(self, broker, topic):
        """What the broker tells under $SYS."""
        return foreign.run("mosquitto_sub", "-h", "127.0.0.1", "-p", broker.ports[-1], "-u", "reader",
                           "-t", f"$SYS/broker/{topic}", "-C", 1, "-W", 20).strip()
