#!/usr/bin/python3
"""Writes the frozen vectors: make_vectors.py [FOLDER]. The same bytes at every run."""
import importlib
import json
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
NAMES = ("derivation", "header", "message", "stream", "blinding", "mailbox", "status", "signed", "cbor", "reader")


def written(name):
    """The text of one file."""
    form = importlib.import_module(f"cases.{name}").make()
    groups = ",\n".join(map(written_group, form.pop("testGroups")))
    return f'{json.dumps(form)[:-1]}, "testGroups": [\n{groups}\n]}}\n'


def written_group(group):
    """A test stands on one line."""
    tests = ",\n".join(map(json.dumps, group["tests"]))
    common = json.dumps({name: value for name, value in group.items() if name != "tests"})
    return f'{common[:-1]}, "tests": [\n{tests}\n]}}'


def main():
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "vectors"
    folder.mkdir(parents=True, exist_ok=True)
    for name in NAMES:
        (folder / f"{name}.json").write_text(written(name))


if __name__ == "__main__":
    main()
