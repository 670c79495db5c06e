"""Builds a sketch as Arduino's tools would: the library that ports/arduino/make-library makes, and the core that Debian carries."""
import pathlib
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
CORE = pathlib.Path("/usr/share/arduino/hardware/arduino/avr")
STAND_INS = ROOT / "tests/arduino"
STRICT = ("-Wall", "-Wextra", "-Werror")

# As boards.txt has them: processor, folder of pins, and the bytes that a sketch may take of flash and memory.
BOARDS = {"uno": ("atmega328p", "standard", 32256, 2048), "mega": ("atmega2560", "mega", 253952, 8192)}


def run(*command, cwd=None):
    ran = subprocess.run([str(word) for word in command], cwd=cwd, capture_output=True, text=True)
    if ran.returncode != 0:
        raise AssertionError(f"{' '.join(map(str, command))}:\n{ran.stdout}{ran.stderr}")
    return ran.stdout


def make_library(folder):
    library = pathlib.Path(folder, "library")
    run(ROOT / "ports/arduino/make-library", library)
    return library


def settings(**values):
    """A host's name becomes a text, all else a number."""
    return [f'-D{name}="{value}"' if isinstance(value, str) else f"-D{name}={value}" for name, value in values.items()]


def sketch_of(library, name):
    return library / "examples" / name / f"{name}.ino"


def build_for_host(library, name, folder, **values):
    """The sketch as a program, over the stand-ins of tests/arduino/host."""
    includes = [f"-I{STAND_INS}/host", f"-I{library}/src"]
    run("gcc", "-std=c11", "-g", "-fsanitize=address,undefined", *STRICT, "-c", library / "src/wax.c", "-o", "wax.o", cwd=folder)
    run("g++", "-std=c++11", "-g", "-fsanitize=address,undefined", "-pedantic", *STRICT, *includes, *settings(**values),
        "-include", "Arduino.h", "-x", "c++", sketch_of(library, name), library / "src/wax_arduino.cpp",
        STAND_INS / "host/board.cpp", "-x", "none", "wax.o", "-o", "sketch", cwd=folder)
    return pathlib.Path(folder, "sketch")


def build_for_board(library, name, board, folder, **values):
    """The sketch as an image for a board, by the compiler, the flags and the core of Arduino itself; the network is a serial
    line (tests/arduino/line). Returns it, with its bytes of flash and of memory."""
    processor, pins, *_ = BOARDS[board]
    place = pathlib.Path(folder, board)
    place.mkdir()
    given = [f"-mmcu={processor}", "-DF_CPU=16000000L", "-DARDUINO=10819", f"-DARDUINO_AVR_{board.upper()}", "-DARDUINO_ARCH_AVR",
             "-Os", "-g", "-ffunction-sections", "-fdata-sections", "-flto", f"-I{CORE}/cores/arduino", f"-I{CORE}/variants/{pins}",
             f"-I{STAND_INS}/line", f"-I{library}/src"]
    as_c = ["avr-gcc", "-std=gnu11", "-fno-fat-lto-objects", *given, "-c"]
    as_cpp = ["avr-g++", "-std=gnu++11", "-fpermissive", "-fno-exceptions", "-fno-threadsafe-statics", *given, "-c"]
    core = sorted((CORE / "cores/arduino").glob("*.c*")) + sorted((CORE / "cores/arduino").glob("*.S"))
    for source in core:
        compiler = as_cpp if source.suffix == ".cpp" else ["avr-gcc", "-x", "assembler-with-cpp", *given, "-c"] \
            if source.suffix == ".S" else as_c
        # Debian's compiler is older than the one that Arduino's core wants, and has this by another name.
        run(*compiler, "-w", "-DDECIMAL_DIG=__DECIMAL_DIG__", source, "-o", f"{source.name}.o", cwd=place)
    run("avr-gcc-ar", "rcs", "core.a", *(f"{source.name}.o" for source in core), cwd=place)
    run(*as_c, "-Wall", "-Werror", library / "src/wax.c", "-o", "wax.o", cwd=place)
    run(*as_cpp, *STRICT, library / "src/wax_arduino.cpp", "-o", "wax_arduino.o", cwd=place)
    run(*as_cpp, "-w", STAND_INS / "line/line.cpp", "-o", "line.o", cwd=place)
    run(*as_cpp, *STRICT, *settings(**values), "-include", "Arduino.h", "-x", "c++", sketch_of(library, name), "-o", "sketch.o", cwd=place)
    run("avr-gcc", "-Os", "-g", "-flto", "-fuse-linker-plugin", "-Wl,--gc-sections", f"-mmcu={processor}", "-o", "sketch.elf",
        "sketch.o", "wax_arduino.o", "wax.o", "line.o", "core.a", "-lm", cwd=place)
    sections = dict(re.findall(r"(?m)^\.(text|data|bss|noinit)\s+(\d+)", run("avr-size", "-A", "sketch.elf", cwd=place)))
    size = {name: int(number) for name, number in sections.items()}
    return (place / "sketch.elf", size["text"] + size.get("data", 0),
            size.get("data", 0) + size.get("bss", 0) + size.get("noinit", 0))


def build_emulator(folder):
    """A board in simavr, whose serial lines are standard output and a connection."""
    program = pathlib.Path(folder, "board")
    run("gcc", "-std=c11", "-D_GNU_SOURCE", "-O2", "-Wall", "-Wextra", STAND_INS / "board.c", "-o", program, "-lsimavr")
    return program
