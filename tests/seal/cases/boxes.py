"""What the cases of mailboxes and statuses share."""
from sealed import box, cbor, forms
from sealed.box import Outside, Peer
from .common import NAMESPACE, File, flipped, public_key, secret_key, seeded

PROFILES = (1, 2, 3, 16)


def peers(profile, to_device):
    """(who seals, who opens)."""
    if profile != box.PUBLIC_KEY:
        both = Peer(profile, NAMESPACE, psk=seeded("psk"))
        return both, both
    ends = ("keeper", "device") if to_device else ("device", "keeper")
    return tuple(Peer(profile, NAMESPACE, own=secret_key(own), other=public_key(other)) for own, other in (ends, ends[::-1]))


def peer_form(sealer, opener):
    form = {"profile": sealer.profile, "namespace": sealer.namespace.hex()}
    if sealer.profile != box.PUBLIC_KEY:
        return {**form, "psk": sealer.psk.hex()}
    return {**form, "sealerSecret": sealer.own.hex(), "sealerPublic": opener.other.hex(), "openerSecret": opener.own.hex(),
            "openerPublic": sealer.other.hex()}


class Cases:
    """Adds cases of one profile. `type_`: mailbox or status."""

    def __init__(self, file, type_, profile, topic):
        self.file, self.type, self.profile, self.topic = file, type_, profile, topic
        self.sealer, self.opener = peers(profile, type_ == "mailbox")
        self.unseal = box.open_mailbox if type_ == "mailbox" else box.open_status
        file.group(type_, **peer_form(self.sealer, self.opener))

    def outside(self, version, generation=1, topic=None):
        return Outside(generation if self.type == "mailbox" else None, version, topic or self.topic)

    def number_form(self, outside, last=None):
        form = {"version": "%016x" % outside.version}
        if outside.generation is not None:
            form["generation"] = outside.generation
        if last is not None:
            generation, version = last if outside.generation is not None else (None, last)
            form["lastVersion"] = "%016x" % version
            form.update({} if generation is None else {"lastGeneration": generation})
        return form

    def seal(self, comment, content, outside, flags=(), last=None):
        ephemeral = secret_key(f"ephemeral {outside.version}")
        data = cbor.write(content)
        message = box.seal(self.sealer, outside, data, ephemeral)
        taken = self.unseal(self.opener, outside.topic, message, last)
        assert taken in (content, None)
        more = {"ephemeral": ephemeral.hex()} if self.profile == box.PUBLIC_KEY else {}
        result = {} if taken else {"event": "again"}
        self.file.valid(comment, flags, topic=forms.hex_of(outside.topic), **self.number_form(outside, last),
                        content=data.hex(), **more, **result, message=message.hex())
        return message

    def refuse(self, comment, message, flags, event="not opened", topic=None, **more):
        self.file.invalid(comment, flags, event, topic=forms.hex_of(topic or self.topic), message=message.hex(), **more)

    def refuse_by(self, comment, sealer, content, flags, outside, event="not opened", topic=None):
        """Sealed by somebody, with something inside, to be opened by ours."""
        data = content if isinstance(content, bytes) else cbor.write(content)
        message = box.seal(sealer, outside, data, secret_key("ephemeral of a stranger"))
        self.refuse(comment, message, flags, event, topic)

    def refuse_changes(self, content, outside):
        """What holds for both: a bit, the end, the topic, the namespace, the key, the profile."""
        message = box.seal(self.sealer, outside, cbor.write(content), secret_key("ephemeral"))
        size = len(outside.head(self.profile))
        for name, at in (("kind", 0), ("profile", 1), ("version", size - 1), ("hedge or enc", size + 1), ("tag", len(message) - 1)):
            self.refuse(f"a bit of the {name} is another", flipped(message, at), ["Changed"])
        self.refuse("cut by a byte", message[:-1], ["Truncated"])
        self.refuse("the head alone", message[:size], ["Truncated"])
        self.refuse("nothing", b"", ["Truncated"])
        other = self.topic[:-1] + "2"
        self.refuse("another device's", message, ["Topic"], topic=other)
        stranger = Peer(**{**self.sealer.__dict__, "namespace": seeded("another namespace", 8)})
        self.refuse_by("of another namespace", stranger, content, ["Namespace"], outside)
        if self.profile == box.PUBLIC_KEY:
            self.refuse_public(content, outside)
        else:
            stranger = Peer(self.profile, NAMESPACE, psk=seeded("another psk"))
            self.refuse_by("of another pre-shared key", stranger, content, ["Stranger"], outside)
        for profile in PROFILES:
            if profile != self.profile:
                sealer, _ = peers(profile, self.type == "mailbox")
                self.refuse_by(f"of profile {profile}", sealer, content, ["Profile"], outside)

    def refuse_public(self, content, outside):
        to = self.sealer.other
        stranger = Peer(self.profile, NAMESPACE, own=secret_key("stranger"), other=to)
        self.refuse_by("signed by a stranger", stranger, content, ["BadSignature"], outside, "bad signature")
        stranger = Peer(self.profile, NAMESPACE, own=self.sealer.own, other=public_key("stranger"))
        self.refuse_by("sealed to somebody else", stranger, content, ["Stranger"], outside)
        message = box.seal(self.sealer, outside, cbor.write(content), secret_key("ephemeral"))
        size = len(outside.head(self.profile))
        self.refuse("enc is no point", message[:size] + b"\4" + bytes(64) + message[size + 65:], ["BadPoint"])
        self.refuse("enc is compressed", message[:size] + b"\2" + message[size + 1:], ["BadPoint"])


def new_file(algorithm):
    return File(algorithm)
