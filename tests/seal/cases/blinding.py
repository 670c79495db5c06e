"""Blinded topics (section 7)."""
from sealed import forms
from sealed.blinding import Blinding
from sealed.octets import Refused
from .common import File, seeded

NAMES = ("home", "home/kitchen/temp", "home/kitchen", "kitchen/home", "home/home", "a//b", "/", "", " ", "ä/ö", "温度", "🦭/🦭",
         "home/+/temp", "home/#", "#", "+", "+/+", "$share/workers/home/kitchen/temp", "$share/workers/home/+/temp",
         "$share/wax/wax/k/d1", "$SYS/broker", "$share/x/$SYS/#", "wax", "wax/k/d1", "wax/#", "waxen/k", "home/wax",
         "garden/1/on/x", "garden/2/on/x", "garden/+/on/x", "garden/+/+/x", "shed/door/open/now", "shed/#", "shed/door/#", "shed",
         "shed/+/open/+", "home/kitchen/temp/now", "cellar/old/temp", "cellar/+/temp", "cellar/old/+", "$share/only")
PATTERNS = ("home/+/temp", "garden/+/on/x", "shed/#", "cellar/+/temp", "cellar/old/+")


def make():
    file = File("blinded topics")
    for hash_ in (1, 2):
        add_group(file, Blinding(seeded("blinding"), 1, hash_))
        add_group(file, Blinding(seeded("blinding"), 2, hash_, PATTERNS))
    add_group(file, Blinding(seeded("blinding"), 2, 1), ("home/kitchen/temp", "home/+/temp", "+", "#"))
    add_group(file, Blinding(seeded("blinding"), 1, 1, prefix="my/keys"), ("my/keys/k/d1", "my/keys", "my", "wax/k/d1", "my/+/k"))
    return file.form


def add_group(file, blinding, names=NAMES):
    file.group("blinding", **forms.blinding_form(blinding))
    for name in names:
        try:
            blinded = blinding.blind(name)
            file.valid(ascii(name), name=forms.hex_of(name), blinded=forms.hex_of(blinded))
        except Refused as refused:
            file.invalid(ascii(name), ["Wildcard"], refused.event, name=forms.hex_of(name))
    if blinding.variant == blinding.hash == 1 and len(names) > 10:
        file.invalid("too long once it is blinded", ["TooLong"], name=forms.hex_of("a/" * 6000))
