"""Writes docs/kinds.md from the declarations of kinds: `python -m client.kinds_table`."""

from __future__ import annotations

import sys
from pathlib import Path

from contract.kinds.registry import own_kinds

DOCUMENT = Path(__file__).parent.parent / "docs" / "kinds.md"
INTRODUCTION = """# Kinds of long work

What takes longer than a request is a *run* of one of these kinds: planned into shards, run by many
workers, finished by one. [Add a kind](howto/add-a-kind.md) of your own.

This page is made from the declarations in `contract/kinds/`: change those, then run
`python -m client.kinds_table`.

| kind | what it is | calls | code |
|---|---|---|---|
"""


def render() -> str:
    """Return the document, of the kinds that depthq brings itself."""
    rows = []
    for kind in own_kinds():
        code = kind.opened_by.partition(":")[0].replace(".", "/") + ".py"
        rows.append(f"| {kind.name} | {kind.line['en']} | `/v1/{kind.name}s` | `{code}` |\n")
    return INTRODUCTION + "".join(rows)


if __name__ == "__main__":
    if "--print" in sys.argv:
        sys.stdout.write(render())
    else:
        DOCUMENT.write_text(render(), encoding="utf-8")
