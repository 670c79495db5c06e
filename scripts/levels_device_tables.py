"""The tables and the drawing of docs/levels.md that come from the emulated board's figures."""
import subprocess

from tables import head, row

SMALL = 64  # bytes of a message, where one has to stand for all
# A rule of thumb: what an instruction takes of a Cortex-M4, and what a byte takes of a radio of 250 kbit/s, either way.
INSTRUCTION_NJ, BYTE_NJ = 0.3, 500


def number(value):
    return f"{value:,}"


class Device:
    """Figures by level."""

    def __init__(self, figures):
        self.figures = figures
        self.levels = {each["level"]: each for each in figures["levels"]}
        self.sizes = sorted({message["size"] for each in figures["levels"] for message in each["messages"]})

    def message(self, level, size, qos=0):
        return next(each for each in self.levels[level]["messages"] if (each["size"], each["qos"]) == (size, qos))


def memory(device):
    base = device.levels["L0"]
    text = head("level", "flash: Wax", "library", "more than L0", "heap", "stack", "static RAM")
    for name, each in device.levels.items():
        flash = [each["flash_wax_bytes"], each["flash_library_bytes"]]
        text += row(f"`{name}`", *map(number, flash), number(sum(flash) - base["flash_wax_bytes"]),
                    *(number(each[key]) for key in ("heap_peak_bytes", "stack_peak_bytes", "static_bytes")))
    return text


def connections(device):
    text = head("level", "", "instructions", "bytes out", "in", "frames out", "in", "session kept, bytes")
    for name, each in device.levels.items():
        if name.startswith(("L0", "L1", "L3")):
            for kind, figures in (("full", each["connect"]), ("by ticket", each["resumed"])):
                if figures:
                    text += row(f"`{name}`", kind if each["resumed"] else "", number(figures["instructions"]),
                                *(figures[key] for key in ("bytes_out", "bytes_in", "frames_out", "frames_in")), figures["session_bytes"] or "")
    return text


def messages(device):
    text = head("level", *(f"{size} B" for size in device.sizes), f"{SMALL} B, QoS 1")
    for name in device.levels:
        cells = [*(device.message(name, size) for size in device.sizes), device.message(name, SMALL, 1)]
        text += row(f"`{name}`", *(number(cell["instructions"]) for cell in cells))
    return text


def wire(device):
    text = head("level", *(f"{size} B" for size in device.sizes), f"{SMALL} B, QoS 1: out", "in", f"frames, {device.sizes[-1]} B")
    for name in device.levels:
        cells = [device.message(name, size) for size in device.sizes]
        both = device.message(name, SMALL, 1)
        text += row(f"`{name}`", *(cell["bytes_out"] - cell["size"] for cell in cells), both["bytes_out"] - SMALL, both["bytes_in"],
                    f"{cells[-1]['frames_out']} + {cells[-1]['frames_in']}")
    return text


def payback(device):
    """From how many messages on one connection TLS takes no more instructions than sealing without TLS, whose keys are there."""
    text = head("TLS", *(f"over {suite}, {size} B" for suite in ("L2-suite1", "L2-suite2") for size in (SMALL, 1000)))
    for name, each in device.levels.items():
        if name.startswith("L3"):
            for kind, figures in (("full", each["connect"]), ("by ticket", each["resumed"])):
                extra = figures["instructions"] - device.levels["L0"]["connect"]["instructions"]
                cells = []
                for suite in ("L2-suite1", "L2-suite2"):
                    for size in (SMALL, 1000):
                        gain = device.message(suite, size)["instructions"] - device.message(name, size)["instructions"]
                        cells.append(number(-(-extra // gain)) if gain > 0 else "never")
                text += row(f"`{name}`, {kind}", *cells)
    return text


def energy(instructions, frame_bytes):
    return instructions * INSTRUCTION_NJ + frame_bytes * BYTE_NJ


def microjoules(nanojoules):
    return number(int(float(f"{nanojoules / 1000:.3g}")))


def battery(device):
    text = head("level", f"{SMALL} B on a connection that stays, uJ", "of it instructions", "a connection for each, uJ", "of it instructions")
    for name, each in device.levels.items():
        message = device.message(name, SMALL)
        connect = each["resumed"] or each["connect"]
        work = [message["instructions"], message["instructions"] + connect["instructions"]]
        radio = [sum(figures[f"frame_bytes_{way}"] for figures in parts for way in ("out", "in")) for parts in ((message,), (message, connect))]
        text += row(f"`{name}`", *(cell for spent, carried in zip(work, radio)
                                   for cell in (microjoules(energy(spent, carried)), f"{spent * INSTRUCTION_NJ / energy(spent, carried) * 100:.0f} %")))
    return text


def findings(device):
    """What the tables say, in words."""
    at = {name: device.message(name, SMALL)["instructions"] for name in device.levels}
    connect = {name: (each["resumed"] or each["connect"]) for name, each in device.levels.items()}

    def about(value):
        return number(int(float(f"{value:.3g}")))

    def by_byte(name):
        low, high = device.message(name, 1000), device.message(name, device.sizes[-1])
        return f"{(high['instructions'] - low['instructions']) / (high['size'] - low['size']):.0f}"

    def awake(name):
        """A connection and a message on it: instructions, bytes of frames."""
        parts = (device.message(name, SMALL), connect[name])
        return sum(each["instructions"] for each in parts), sum(each[f"frame_bytes_{way}"] for each in parts for way in ("out", "in"))

    psk, cert, open_ = (device.levels[name]["connect"]["instructions"] for name in ("L3-tls1.2-psk", "L3-tls1.2-cert", "L0"))
    sealed, inside, both = (awake(name) for name in ("L2-suite2", "L3-tls1.2-psk", "L4-psk-suite2"))
    return (f"- A message of {SMALL} bytes takes {number(at['L0'])} instructions at L0, {number(at['L2-suite1'])} sealed with ChaCha20-Poly1305, "
            f"{number(at['L2-suite2'])} with Ascon, {number(at['L2-suite3'])} with AES-CCM, and {number(at['L3-tls1.2-psk'])} in a record of TLS, "
            f"which goes over the text once where a seal goes over it twice; {number(at['L4-psk-suite2'])} with Ascon inside of TLS.\n"
            f"- Each further byte of a large one takes {by_byte('L0')} at L0, {by_byte('L2-suite1')}, {by_byte('L2-suite2')} and {by_byte('L2-suite3')} "
            f"in suites 1, 2 and 3, {by_byte('L3-tls1.2-cert')} in TLS; {by_byte('L2cbc')} at L2cbc, which proves nothing.\n"
            f"- A handshake takes {about(psk - open_)} instructions with a key in common and {about(cert - open_)} with the broker's certificate: as "
            f"many as sealing {about((psk - open_) // (at['L2-suite2'] - at['L0']))} and {about((cert - open_) // (at['L2-suite2'] - at['L0']))} "
            f"messages of {SMALL} bytes with Ascon. By ticket, either takes about what a key in common takes.\n"
            f"- A device that wakes for one message of {SMALL} bytes spends {about(sealed[0])} instructions and {number(sealed[1])} bytes of frames on it "
            f"sealed, without TLS; {about(inside[0])} and {number(inside[1])} by a resumed session, "
            f"{inside[0] / sealed[0]:.1f} and {inside[1] / sealed[1]:.1f} times as much; {about(both[0])} and {number(both[1])} with both, little more "
            f"than TLS alone.\n")


TABLES = {"device_" + table.__name__: table for table in (memory, connections, messages, wire, payback, battery, findings)}

# ---- The drawing ----

# The same in both halves; they differ in lightness too.
COLOURS = {"L0": "1b1b1b", "L2cbc": "7f8c8d", "L2-suite1": "2e86c1", "L2-suite2": "b9770e", "L2-suite3": "7d3c98", "L3-tls1.2-psk": "c0392b",
           "L4-psk-suite1": "1e8449", "L4-psk-suite2": "e67e9a", "L3-tls1.2-cert": "1e8449", "L3, by ticket": "e67e9a"}
BY_SIZE = ("L0", "L2cbc", "L2-suite1", "L2-suite2", "L2-suite3", "L3-tls1.2-psk", "L4-psk-suite1", "L4-psk-suite2")
COUNTS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000)


def curves_by_size(device):
    return [(name, [(size, device.message(name, size)["instructions"]) for size in device.sizes]) for name in BY_SIZE]


def curves_by_count(device):
    rows = [(name, device.levels[name]["connect"], name) for name in ("L0", "L2-suite1", "L2-suite2", "L3-tls1.2-psk", "L3-tls1.2-cert")]
    rows.append(("L3, by ticket", device.levels["L3-tls1.2-cert"]["resumed"], "L3-tls1.2-cert"))
    return [(title, [(count, connect["instructions"] + count * device.message(name, SMALL)["instructions"]) for count in COUNTS])
            for title, connect, name in rows]


def panel(curves, label, title, first):
    data = "".join(f"$curve{first + n} << END\n" + "".join(f"{x} {y}\n" for x, y in points) + "END\n" for n, (_, points) in enumerate(curves))
    drawn = ", ".join(f"$curve{first + n} with linespoints lw 2 pt {4 + n} dt {1 + n % 3} lc rgb '#{COLOURS[name]}' title '{name}' noenhanced"
                      for n, (name, _) in enumerate(curves))
    return f"{data}set title '{title}'\nset xlabel '{label}'\nplot {drawn}\n"


def draw(device, path):
    script = ("set terminal svg size 1100,520 background '#ffffff' font 'sans-serif,13'\n"
              f"set output '{path}'\nset logscale xy\nset grid xtics ytics\nset pointsize 0.7\nset key top left Left reverse noenhanced samplen 2\n"
              "set format y '10^{%T}'\nset ylabel 'instructions'\nset multiplot layout 1,2\n"
              "set xtics ('16' 16, '64' 64, '256' 256, '1 k' 1000, '8 k' 8000)\nset xrange [12:10000]\n"
              + panel(curves_by_size(device), "bytes of a message", "A message, on a connection that stands", 0)
              + "set key bottom right\nset xtics ('1' 1, '10' 10, '100' 100, '1 k' 1000, '10 k' 10000)\nset xrange [0.8:12500]\n"
              + panel(curves_by_count(device), "messages on it", f"A connection and messages of {SMALL} bytes", 20) + "unset multiplot\n")
    subprocess.run(["gnuplot"], input=script, text=True, check=True)
