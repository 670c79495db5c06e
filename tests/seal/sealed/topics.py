"""Topics and filters: what matches, and which group a topic belongs to (section 1)."""


def matches(filter_, topic):
    """Whether a filter matches a topic name, as MQTT has it."""
    wanted, levels = filter_.split("/"), topic.split("/")
    if topic.startswith("$") and wanted[0] in ("+", "#"):
        return False
    for i, level in enumerate(wanted):
        if level == "#":
            return True
        if i >= len(levels) or level not in ("+", levels[i]):
            return False
    return len(wanted) == len(levels)


def literal_levels(filter_):
    """How many levels stand in front of the first wildcard."""
    levels = filter_.split("/")
    return next((i for i, level in enumerate(levels) if level in ("+", "#")), len(levels))


def group_of(groups, topic):
    """The group that a topic belongs to, or None."""
    fits = [(-literal_levels(filter_), group.id, group) for group in groups for filter_ in group.seen_filters()
            if matches(filter_, topic)]
    return min(fits, key=lambda fit: fit[:2])[2] if fits else None
