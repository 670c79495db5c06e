"""Ascon in C, in both forms, gives what an independent Ascon gives, and no branch and no address of it depends on a secret."""
import ctypes
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/independent"))
import ascon

ROOM = ROOT / "src/ascon"
SHARED = [ROOM / "aead.c", ROOM / "hash.c", ROOT / "src/base/bytes.c", ROOT / "src/crypto/secret.c"]
FORMS = {"small": ROOM / "permutation.c", "fast": ROOM / "fast/permutation.c"}


class Bytes(ctypes.Structure):
    _fields_ = [("data", ctypes.c_char_p), ("size", ctypes.c_size_t)]


class Sealing(ctypes.Structure):
    _fields_ = [("key", ctypes.c_char_p), ("nonce", ctypes.c_char_p), ("associated", Bytes), ("tag_size", ctypes.c_uint8)]


class Hash(ctypes.Structure):
    _fields_ = [("state", ctypes.c_uint64 * 5), ("pending", ctypes.c_uint8)]


def view(data):
    return Bytes(data, len(data))


def compile_c(folder, name, form, *words):
    made = pathlib.Path(folder, name)
    subprocess.run(["cc", "-std=c11", "-g", f"-I{ROOT / 'src'}", *words, *map(str, [*SHARED, FORMS[form]]), "-o", str(made)], check=True)
    return made


class Ascon:
    """What holds of each form."""

    def setUp(self):
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)

    def in_c(self):
        library = ctypes.CDLL(str(compile_c(self.folder, "ascon.so", self.form, "-O2", "-shared", "-fPIC")))
        library.wax_ascon_seal.argtypes = [ctypes.POINTER(Sealing), Bytes, ctypes.c_char_p]
        library.wax_ascon_hash_start.argtypes = [ctypes.POINTER(Hash)]
        library.wax_ascon_cxof_start.argtypes = [ctypes.POINTER(Hash), Bytes]
        library.wax_ascon_hash_update.argtypes = [ctypes.POINTER(Hash), Bytes]
        library.wax_ascon_hash_finish.argtypes = [ctypes.POINTER(Hash), ctypes.c_char_p, ctypes.c_size_t]
        return library

    def finished(self, library, hash_of, message, size):
        result = ctypes.create_string_buffer(size)
        library.wax_ascon_hash_update(hash_of, view(message))
        library.wax_ascon_hash_finish(hash_of, result, size)
        return result.raw

    def test_both_seal_alike(self):
        library, source = self.in_c(), random.Random(1)
        for size in range(0, 70):
            key, nonce = source.randbytes(16), source.randbytes(16)
            associated, plain = source.randbytes(source.randrange(70)), source.randbytes(size)
            sealed = ctypes.create_string_buffer(size + 16)
            library.wax_ascon_seal(Sealing(key, nonce, view(associated)), view(plain), sealed)
            self.assertEqual(sealed.raw, ascon.seal(key, nonce, associated, plain))

    def test_both_hash_alike(self):
        library, source = self.in_c(), random.Random(2)
        for size in range(0, 40):
            message, label = source.randbytes(size), source.randbytes(source.randrange(257))
            hash_of = Hash()
            library.wax_ascon_hash_start(hash_of)
            self.assertEqual(self.finished(library, hash_of, message, 32), ascon.hash256(message))
            library.wax_ascon_cxof_start(hash_of, view(label))
            self.assertEqual(self.finished(library, hash_of, message, size + 1), ascon.cxof128(label, message, size + 1))

    @unittest.skipUnless(shutil.which("valgrind") and pathlib.Path("/usr/include/valgrind/memcheck.h").exists(),
                         "there is no valgrind")
    def test_no_branch_and_no_address_depends_on_a_secret(self):
        program = str(ROOT / "tests/independent/secrets.c")
        watched = ["valgrind", "--quiet", "--error-exitcode=9"]
        for level in ("-O0", "-O2", "-Os"):
            made = compile_c(self.folder, f"secrets{level}", self.form, level, program)
            ran = subprocess.run([*watched, str(made)], capture_output=True, text=True)
            self.assertEqual((ran.returncode, ran.stdout), (0, ""), ran.stderr)
            self.assertEqual(subprocess.run([*watched, str(made), "leak"], capture_output=True).returncode, 9)


class Small(Ascon, unittest.TestCase):
    form = "small"


class Fast(Ascon, unittest.TestCase):
    form = "fast"


if __name__ == "__main__":
    unittest.main()
