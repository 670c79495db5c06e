#!/usr/bin/env python3
"""The steps of scripts/test, each with one line of result and all of its output in build/log/."""
import argparse
import concurrent.futures
import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import sys
import threading
import time
import typing

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = ROOT / "build"
LOGS = BUILD / "log"
JOBS = int(os.environ.get("CMAKE_BUILD_PARALLEL_LEVEL", os.cpu_count() or 2))
TAIL, FAULT = 60, 12  # lines of a log that are shown where a step failed, and of one test

# What the pure rooms may ask of whoever links them: five functions of C, the compiler's helpers,
# and the doors of crypto, which the platform brings.
ASKED = re.compile(r"mem(cpy|move|set|cmp|chr)|__aeabi_\w+|__gnu_thumb1_case_\w+|wax_crypto_\w+|wax_password_\w+|wax_random")

SANITIZERS = {
    "ASAN_OPTIONS": "detect_stack_use_after_return=1:strict_string_checks=1",
    "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1",
    "TSAN_OPTIONS": "halt_on_error=1:second_deadlock_stack=1",
    "MSAN_OPTIONS": "print_stats=0",
}


class Failed(Exception):
    """A step that cannot go on; its log says why."""


class Step:
    """One step as it runs: its log, and how many cases passed and failed."""

    def __init__(self, name, options):
        self.name, self.options = name, options
        self.passed, self.failed, self.note, self.faults = 0, 0, "", []
        self.lock = threading.Lock()
        LOGS.mkdir(parents=True, exist_ok=True)
        self.path = LOGS / f"{name}.txt"
        self.path.write_text("")

    def write(self, text):
        with self.path.open("a") as log:
            log.write(text)

    def count(self, passed, failed=0, note="", faults=()):
        with self.lock:
            self.passed += passed
            self.failed += failed
            self.note += note
            self.faults += faults

    def ask(self, *command, env=None, timeout=1800, is_logged=True):
        """Runs a command. Returns its exit code and all it printed, which the log gets too."""
        command = [str(word) for word in command]
        try:
            ran = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                 stdin=subprocess.DEVNULL, timeout=timeout, text=True, errors="replace",
                                 env={**os.environ, **(env or {})})
            code, output = ran.returncode, ran.stdout
        except subprocess.TimeoutExpired as late:
            output = (late.stdout or b"").decode(errors="replace")
            code, output = -1, output + f"\nno end after {timeout} s\n"
        if is_logged:
            self.write(f"$ {' '.join(command)[:400]}\n{output}")
        return code, output

    def need(self, *command, **more):
        """Runs a command without which the step has failed."""
        code, output = self.ask(*command, **more)
        if code != 0:
            raise Failed(f"{pathlib.Path(str(command[0])).name} ended with {code}")
        return output


def build(step, preset, target=None):
    launcher = ["-DCMAKE_C_COMPILER_LAUNCHER=ccache"] if shutil.which("ccache") else []
    step.need("cmake", "--preset", preset, *launcher)
    step.need("cmake", "--build", "--preset", preset, "-j", JOBS, *(["--target", target] if target else []))


def still_addresses():
    """What to put before a sanitized program: some kernels spread addresses wider than it expects."""
    still = ["setarch", os.uname().machine, "-R"]
    if shutil.which("setarch") and subprocess.run([*still, "true"], capture_output=True).returncode == 0:
        return still
    return []


def sum_of(pattern, text):
    return sum(int(number) for number in re.findall(pattern, text))


def run_units(step, preset, timeout=300, *words):
    """Programs of ctest, all or those that the words choose; their cmocka cases are counted one by one."""
    build(step, preset)
    code, output = step.ask(*still_addresses(), "ctest", "--preset", preset, "-V", "-j", JOBS,
                            "--timeout", timeout, *words, env=SANITIZERS)
    if "No tests were found" in output:
        raise Failed("there are no unit tests")
    passed = sum_of(r"(?m)^\d+: \[  PASSED  \][^\n]*?(\d+) test\(s\)", output)
    failed = sum_of(r"(?m)^\d+: \[  FAILED  \][^\n]*?(\d+) test\(s\)", output)
    programs = sum_of(r"tests passed, (\d+) tests failed", output)
    step.count(passed, max(failed, programs, 0 if code == 0 else 1))


# Tests that take minutes in an emulator: of what they ask, others ask the part that a byte order or a width could change.
SLOW_EMULATED = "_(touched|roundtrip|oracle|break|state|model)_test"


def portable_step(step):
    """The unit tests of the pure rooms and of crypto, on other processors: big endian, 32 bits, unsigned char."""
    step.need("scripts/setup", "portable")
    step.need("scripts/setup-portable")
    left_out = [] if step.options.long else ["-E", SLOW_EMULATED]
    for preset in ("s390x", "armhf"):
        before = step.passed
        run_units(step, preset, 1800, *left_out)
        step.note += f" {preset} {step.passed - before}"


def format_step(step):
    files = [path for folder in ("src", "tests", "ports") for kind in ("[ch]", "cpp", "ino")
             for path in sorted((ROOT / folder).rglob(f"*.{kind}"))]
    step.need("clang-format", "--dry-run", "-Werror", *files)
    step.count(1)


def tidy_step(step):
    step.note = step.need(sys.executable, "scripts/tidy.py").splitlines()[-1]
    step.count(1)


def faults_of(output):
    """What unittest tells of each test that failed, the end of it: there is what was expected."""
    told = re.split(r"(?m)^=+\n(?=FAIL|ERROR)|^-+\nRan ", output)[1:-1]
    return [line for lines in map(str.splitlines, told) for line in lines[:1] + lines[1:][-FAULT:]]


class Ran(typing.NamedTuple):
    """How a file of Python tests went."""
    passed: int
    failed: int
    faults: list


def ask_unittest(step, file, env=None):
    """One file of Python tests, with its neighbours importable."""
    code, output = step.ask(sys.executable, "-B", "-m", "unittest", "discover", "-v", "-s", file.parent, "-t", file.parent,
                            "-p", file.name, env=env, timeout=3600 if step.options.long else 900)
    ran = sum_of(r"(?m)^Ran (\d+) tests?", output)
    skipped = sum_of(r"skipped=(\d+)", output)
    failed = sum_of(r"failures=(\d+)", output) + sum_of(r"errors=(\d+)", output)
    failed = max(failed, 0 if code == 0 else 1)
    return Ran(max(ran - skipped - failed, 0), failed, faults_of(output))


def run_unittest(step, file, env=None):
    ran = ask_unittest(step, file, env)
    step.count(ran.passed, ran.failed, f" {file.name}: {ran.failed} failed" if ran.failed else "", ran.faults)


def run_stories(step, files, env):
    """Several at a time; what fails there is asked once more alone, and both answers are told: a machine that stands still
    for a minute is no fault of the product, and a story that fails by turns is one to be mended."""
    with concurrent.futures.ThreadPoolExecutor(JOBS) as pool:
        first = list(pool.map(lambda file: ask_unittest(step, file, env), files))
    for file, ran in zip(files, first):
        last = ask_unittest(step, file, env) if ran.failed else ran
        note = f" {file.name}: {ran.failed} failed beside others, {last.failed} alone" if ran.failed else ""
        step.count(last.passed, last.failed, note, ran.faults)


def house_step(step):
    for file in sorted((ROOT / "tests/house").glob("*_test.py")):
        run_unittest(step, file)


def dev_step(step):
    """What devices link is tested from its sources."""
    step.need("scripts/setup-device")
    run_units(step, "dev")


def race_step(step):
    step.need("scripts/setup-device")
    run_units(step, "race")


def release_step(step):
    build(step, "release")
    step.count(1)


def fuzz_targets(preset):
    return sorted(path for path in (BUILD / preset / "tests").glob("*_fuzz") if path.is_file())


def corpus_of(target):
    """A copy of a target's corpus that it may add to."""
    copy = BUILD / "corpus" / target.parent.parent.name / target.name
    shutil.rmtree(copy, ignore_errors=True)
    seeds = ROOT / "tests/fuzz/corpus" / target.name
    if seeds.is_dir():
        shutil.copytree(seeds, copy)
    copy.mkdir(parents=True, exist_ok=True)
    return copy


def run_targets(step, preset, *limits):
    """Every fuzz target, as many at once as there are processors."""
    build(step, preset, "fuzz_targets")
    crashes = BUILD / "crashes"
    crashes.mkdir(exist_ok=True)
    before = still_addresses()

    def run(target):
        words = ROOT / "tests/fuzz" / f"{target.name}.dict"
        return target, step.ask(*before, target, corpus_of(target), *limits, "-timeout=20", "-rss_limit_mb=2048",
                                f"-artifact_prefix={crashes}/{target.name}-",
                                *([f"-dict={words}"] if words.exists() else []), env=SANITIZERS, timeout=7200)

    with concurrent.futures.ThreadPoolExecutor(JOBS) as pool:
        for target, (code, output) in pool.map(run, fuzz_targets(preset)):
            step.count(code == 0, code != 0)
            if code != 0:
                # The tail of the log is what people see: what failed stands there.
                step.write(f"\n{target.name} failed:\n{output[-4000:]}\n")
                step.note += f" {target.name} failed; its input is in build/crashes"


def fuzz_step(step):
    run_targets(step, "fuzz", f"-max_total_time={step.options.seconds}", "-print_final_stats=1")


def memory_step(step):
    run_targets(step, "memory", "-runs=0")


def symbols_of(step, libraries, kind):
    names = step.need("arm-none-eabi-nm", "--format=posix", kind, *libraries)
    return {line.split()[0] for line in names.splitlines() if len(line.split()) > 1}


def cortex_step(step):
    for preset in ("cortex-m", "cortex-m4"):
        build(step, preset)
        step.count(1)
        libraries = sorted((BUILD / preset).glob("libroom_*.a"))
        sizes = {}
        for library in libraries:
            total = step.need("arm-none-eabi-size", "-t", library).splitlines()[-1].split()
            sizes[library.stem.removeprefix("libroom_")] = int(total[0]) + int(total[1])
        listed = ", ".join(f"{room} {size}" for room, size in sizes.items())
        step.note += f"{preset} {sum(sizes.values())} bytes ({listed}); "
        defined = symbols_of(step, libraries, "--defined-only")
        asked = symbols_of(step, libraries, "--undefined-only") - defined
        strange = sorted(name for name in asked if not ASKED.fullmatch(name))
        step.write(f"{preset} asks for: {' '.join(sorted(asked))}\n")
        if strange:
            step.write(f"{preset}: pure rooms may not ask for {' '.join(strange)}\n")
        step.count(not strange, bool(strange))
    step.note = step.note.rstrip("; ")


def size_step(step):
    """The programs of tests/size for Cortex-M: no larger than their gates, and told truly in docs/footprint.md."""
    step.note = step.need(sys.executable, "-B", "scripts/footprint.py").splitlines()[-1]
    step.count(1)


def amalgamation_step(step):
    step.note = step.need(sys.executable, "-B", "scripts/amalgamate.py", "--compile").splitlines()[-1]
    step.count(1)


# What cppcheck says and the house does not mean.
CPPCHECK_SUPPRESSED = {
    "missingIncludeSystem": "the headers of the system are not read",
    "unmatchedSuppression": "versions of cppcheck differ in what they find",
    "unusedStructMember": "other files use the members of a door's structs",
    "variableScope": "declarations may open a function, before the blocks that use them",
    "constParameter": "a callback or a compound literal that takes the pointer says its type",
    "shadowFunction": "a noun may be named as a verb of the file is; the compilers notice a mix-up",
}


def cppcheck_step(step):
    (BUILD / "cppcheck").mkdir(parents=True, exist_ok=True)
    step.need("cppcheck", "--enable=warning,style,performance,portability", "--error-exitcode=1", "--quiet",
              "--std=c11", "--inline-suppr", *(f"--suppress={name}" for name in CPPCHECK_SUPPRESSED),
              "--cppcheck-build-dir=build/cppcheck", "-D__STDC__=1", "-j", JOBS,
              '-DWAX_VERSION_TEXT="0"', "-Isrc", "src")
    step.count(1)


def clang_tidy_step(step):
    """Every file of src/; one that was clean is asked again only when it or a header has changed."""
    build_files = BUILD / "race/compile_commands.json"
    step.need("cmake", "--preset", "race")
    memory = BUILD / "clang-tidy"
    memory.mkdir(parents=True, exist_ok=True)
    shared = hashlib.sha256((ROOT / ".clang-tidy").read_bytes())
    for header in sorted((ROOT / "src").rglob("*.h")):
        shared.update(header.read_bytes())
    known = build_files.read_text()
    files = [path for path in sorted((ROOT / "src").rglob("*.c")) if str(path) in known]

    def run(path):
        mark = shared.copy()
        mark.update(str(path.relative_to(ROOT)).encode() + path.read_bytes())
        clean = memory / mark.hexdigest()
        if clean.exists():
            return path, 0, ""
        code, output = step.ask("clang-tidy", "-p", BUILD / "race", "--quiet", "--warnings-as-errors=*", path,
                                is_logged=False)
        if code == 0:
            clean.touch()
        return path, code, output

    with concurrent.futures.ThreadPoolExecutor(JOBS) as pool:
        bad = [(path, output) for path, code, output in pool.map(run, files) if code != 0]
    for path, output in bad:
        step.write(f"\n{path.relative_to(ROOT)}:\n{output}")
    step.note = f"{len(files)} files" + (f", {len(bad)} with findings" if bad else "")
    step.count(not bad, bool(bad))


def stories_on(step, preset, files):
    """The stories with one build of the broker. A sanitizer's word counts even where a story missed it."""
    build(step, preset)
    wax = BUILD / preset / "wax"
    if not wax.exists():
        raise Failed(f"{wax.relative_to(ROOT)} does not exist")
    for old in LOGS.glob("sanitizer.*"):
        old.unlink()
    env = {name: f"{value}:log_path={LOGS}/sanitizer" for name, value in SANITIZERS.items()}
    env |= {"WAX": str(wax), "WAX_BUILD": preset}
    run_stories(step, files, env)
    for report in sorted(LOGS.glob("sanitizer.*")):
        step.write(f"\n{report.name}:\n{report.read_text(errors='replace')}")
        step.count(0, 1)
        step.note += f" {report.name}: a sanitizer's report"


def stories_step(step):
    files = sorted((ROOT / "tests/stories").glob("*_test.py"))
    if not files:
        step.note = "none yet"
        return
    stories_on(step, "dev", files)
    chosen = ROOT / "tests/stories/race.txt"
    if chosen.exists():
        names = {line.strip() for line in chosen.read_text().splitlines()}
        stories_on(step, "race", [file for file in files if file.name in names])


def kernel_step(step):
    """TLS by the kernel, in a virtual machine that has its module; then the stories of TLS, which ask for it everywhere."""
    step.need("scripts/setup", "kernel")
    build(step, "dev")
    said = step.need(sys.executable, "-B", "tests/kernel/boot.py", timeout=1200)
    step.count(sum_of(r"(?m)^\S+: (\d+) passed", said))
    step.note = said.splitlines()[-1].split(":")[0]
    for file in sorted((ROOT / "tests/stories").glob("tls_*_test.py")) + [ROOT / "tests/stories/tls_test.py"]:
        run_unittest(step, file, {**SANITIZERS, "WAX": str(BUILD / "dev/wax"), "WAX_BUILD": "dev",
                                  "WAX_TLS_MORE": "tls_kernel true"})


STEPS = {
    "format": (format_step, "clang-format has nothing to change"),
    "tidy": (tidy_step, "the rules of the house"),
    "house": (house_step, "the tests of the scripts and of the package"),
    "dev": (dev_step, "unit tests, gcc with ASan and UBSan"),
    "race": (race_step, "unit tests, clang with TSan"),
    "release": (release_step, "the build that users run"),
    "memory": (memory_step, "pure rooms' fuzz targets over their corpora, clang with MSan"),
    "fuzz": (fuzz_step, "every fuzz target for some seconds, clang with ASan and UBSan"),
    "portable": (portable_step, "the pure rooms' unit tests on s390x (big endian) and armhf (32 bits), emulated"),
    "cortex-m": (cortex_step, "pure rooms for Cortex-M0+ and M4: sizes, and what they ask for"),
    "size": (size_step, "what programs with libwax take of a Cortex-M, against tests/size/gates.tsv"),
    "amalgamation": (amalgamation_step, "wax.h and wax.c compile alone, for host and device"),
    "cppcheck": (cppcheck_step, "cppcheck"),
    "clang-tidy": (clang_tidy_step, "clang-tidy"),
    "stories": (stories_step, "real processes: the broker, the tools, foreign peers"),
}

# What takes minutes and runs by its name alone, or with --long.
LONG_STEPS = {
    "kernel": (kernel_step, "TLS by the kernel, in a virtual machine with Debian's"),
}


def run_step(name, options):
    step, began = Step(name, options), time.monotonic()
    try:
        (STEPS | LONG_STEPS)[name][0](step)
    except Failed as why:
        step.count(0, 1)
        step.note = f"{why} {step.note}"
    word = "FAILED" if step.failed else "ok"
    failed = f", {step.failed} failed" if step.failed else ""
    print(f"{name:<13} {word:<6} {step.passed:>5} passed{failed}  {time.monotonic() - began:6.1f} s"
          f"  {step.note.strip()}".rstrip(), flush=True)
    if step.failed or step.faults:
        tail = (step.faults or step.path.read_text(errors="replace").splitlines())[-TAIL:]
        print(*(f"    {line}" for line in tail), f"    all of it: {step.path.relative_to(ROOT)}", sep="\n", flush=True)
    return step


def main():
    every = STEPS | LONG_STEPS
    listed = "\n".join(f"  {name:<13} {what}{' (or --long)' if name in LONG_STEPS else ''}" for name, (_, what) in every.items())
    parser = argparse.ArgumentParser(prog="scripts/test", description="Runs the checks of the house.",
                                     epilog=f"steps:\n{listed}", formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("steps", nargs="*", metavar="STEP", help="which steps; without any all that are not long")
    parser.add_argument("--long", action="store_true", help="ten minutes per fuzz target, and the long steps too")
    parser.add_argument("--seconds", type=int, help="how long a fuzz target runs (5)")
    options = parser.parse_args()
    unknown = [name for name in options.steps if name not in every]
    if unknown:
        parser.error(f"there is no step {unknown[0]}")
    options.seconds = options.seconds or (600 if options.long else 5)
    wanted = options.steps or (every if options.long else STEPS)
    steps = [run_step(name, options) for name in every if name in wanted]
    failed = sum(step.failed for step in steps)
    print(f"{sum(step.passed for step in steps)} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
