"""Tables of Markdown, for the pages that scripts generate."""


def row(*cells):
    return "| " + " | ".join(str(cell) for cell in cells) + " |\n"


def head(*names):
    return row(*names) + "|---" * len(names) + "|\n"


def percent(ratio):
    return f"{(ratio - 1) * 100:+.0f} %"
