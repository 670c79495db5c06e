#!/usr/bin/env python3
"""Boots Debian's kernel in a virtual machine, with the broker and its clients, and lets guest.sh judge TLS in the kernel.

    tests/kernel/boot.py [--preset PRESET]

The machine has no disk and no network: all of it is an archive in memory, made here from programs of this system. QEMU computes
every instruction itself, so that it runs anywhere, and nothing here says anything of speed. Ends with 0 if the guest found nothing wrong.
"""
import argparse
import pathlib
import re
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
WORK = ROOT / "build/kernel"
PACKAGE = "linux-image-amd64"
# The modules that TLS may ask for, with all that these stand on.
SUBTREES = ("kernel/net/tls", "kernel/crypto", "kernel/lib/crypto", "kernel/arch/x86/crypto")
TOOLS = ("busybox", "kmod", "openssl", "mosquitto_pub", "mosquitto_sub")
APPLETS = ("sh", "mount", "ip", "cat", "grep", "awk", "sleep", "kill", "echo", "cmp", "head", "dd", "rm", "mkdir", "poweroff",
           "printf", "seq", "wc", "tail", "chmod", "tr", "sort", "uniq", "env", "test", "date")
BOOT_S = 900


class Failed(Exception):
    """What stands in the way, in words."""


def need(name):
    path = shutil.which(name, path="/usr/bin:/bin:/usr/sbin:/sbin")
    if path is None:
        raise Failed(f"{name} is missing; `scripts/setup kernel` installs it")
    return pathlib.Path(path)


def run(*command, **more):
    done = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          errors="replace", **more)
    if done.returncode != 0:
        raise Failed(f"{' '.join(map(str, command))} gave {done.returncode}:\n{done.stdout[-2000:]}")
    return done.stdout


def unpack_kernel():
    """The folder of a kernel as its package has it; downloaded once."""
    found = sorted(WORK.glob("linux-image-*/boot/vmlinuz-*"))
    if found:
        return found[-1].parents[1]
    depends = re.search(r"Depends: (linux-image-\S+)", run(need("apt-cache"), "depends", PACKAGE))
    if depends is None:
        raise Failed(f"this system's package lists have no {PACKAGE}; Debian's have (`apt-get update`)")
    name = depends.group(1)
    run(need("apt-get"), "download", "-q", name, cwd=WORK)
    package = sorted(WORK.glob(f"{name}_*.deb"))[-1]
    half = WORK / "half"
    shutil.rmtree(half, ignore_errors=True)
    run(need("dpkg-deb"), "-x", package, half)
    package.unlink()
    return half.rename(WORK / name)


def copy_modules(kernel, root):
    modules = next((kernel / "lib/modules").iterdir())
    target = root / "lib/modules" / modules.name
    for subtree in SUBTREES:
        shutil.copytree(modules / subtree, target / subtree)
    for listed in ("modules.order", "modules.builtin", "modules.builtin.modinfo"):
        shutil.copy(modules / listed, target)
    run(need("depmod"), "-b", root, modules.name)


def copy_program(path, target):
    """A program and the libraries it asks for, at the places where it looks for them."""
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(path, target)
    said = subprocess.run(["ldd", str(path)], capture_output=True, text=True).stdout
    root = next(parent for parent in target.parents if parent.name == "root")
    for library in re.findall(r"(/\S+) \(0x", said):
        place = root / library.lstrip("/")
        if not place.exists():
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(library, place)


def make_archive(kernel, preset, script):
    root = WORK / "root"
    shutil.rmtree(root, ignore_errors=True)
    for folder in ("bin", "sbin", "etc", "proc", "sys", "dev", "tmp", "root", "usr/lib/ssl"):
        (root / folder).mkdir(parents=True)
    copy_modules(kernel, root)
    for tool in TOOLS:
        copy_program(need(tool), root / "bin" / tool)
    for applet in APPLETS:
        (root / "bin" / applet).symlink_to("busybox")
    for name in ("modprobe", "insmod"):
        (root / "sbin" / name).symlink_to("../bin/kmod")
    copy_program(ROOT / "build" / preset / "wax", root / "bin/wax")
    unit = ROOT / "build" / preset / "tests/tls_kernel_test"
    if unit.exists():
        copy_program(unit, root / "bin/tls_kernel_test")
    shutil.copy("/usr/lib/ssl/openssl.cnf", root / "usr/lib/ssl/openssl.cnf")
    (root / "etc/hosts").write_text("127.0.0.1 localhost\n")
    (root / "etc/passwd").write_text("root:x:0:0:root:/root:/bin/sh\n")
    (root / "etc/group").write_text("root:x:0:\n")
    shutil.copy(script, root / "init")
    (root / "init").chmod(0o755)
    archive = WORK / "initramfs"
    with archive.open("wb") as out:
        found = subprocess.Popen(["find", ".", "-print0"], cwd=root, stdout=subprocess.PIPE)
        packed = subprocess.run(["cpio", "--null", "-o", "-H", "newc", "--quiet", "-R", "0:0"], cwd=root, stdin=found.stdout,
                                stdout=out)
        if found.wait() != 0 or packed.returncode != 0:
            raise Failed("cpio could not make the archive")
    return archive


def boot(kernel, archive):
    image = next((kernel / "boot").glob("vmlinuz-*"))
    console = WORK / "console.txt"
    command = [need("qemu-system-x86_64"), "-accel", "tcg", "-cpu", "max", "-smp", 2, "-m", 1536, "-kernel", image, "-initrd",
               archive, "-display", "none", "-serial", f"file:{console}", "-monitor", "none", "-nic", "none", "-no-reboot",
               "-append", "console=ttyS0 quiet panic=-1"]
    try:
        run(*command, stdin=subprocess.DEVNULL, timeout=BOOT_S)
        return console.read_text(errors="replace")
    except subprocess.TimeoutExpired:
        return console.read_text(errors="replace") + f"\nno end after {BOOT_S} s\n"


def main():
    parser = argparse.ArgumentParser(prog="tests/kernel/boot.py", description=__doc__.splitlines()[0])
    parser.add_argument("--preset", default="dev", help="whose programs (dev)")
    options = parser.parse_args()
    WORK.mkdir(parents=True, exist_ok=True)
    try:
        kernel = unpack_kernel()
        archive = make_archive(kernel, options.preset, ROOT / "tests/kernel/guest.sh")
        said = boot(kernel, archive).replace("\r", "")
    except Failed as why:
        print(f"kernel: {why}", file=sys.stderr)
        return 1
    print(said)
    passed, failed = len(re.findall(r"(?m)^ok: ", said)), len(re.findall(r"(?m)^FAILED: ", said))
    is_over = re.search(r"(?m)^verdict: all is well$", said) is not None
    print(f"{kernel.name.removeprefix('linux-image-')}: {passed} passed, {failed} failed"
          + ("" if is_over else "; the guest did not come to its end"))
    return 0 if is_over and failed == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
