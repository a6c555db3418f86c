"""`depthq doctor`: what is missing on this machine, and how to get it."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.text import Text

from client import console
from client.local.doctor import examine
from client.local.finding import Finding
from client.plain import visible
from contract.settings import Settings
from runtime.pipes import while_read

_MARKS = {"ok": ("✓", "green"), "note": ("•", "yellow"), "problem": ("✗", "bold red")}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(doctor)


def doctor(
    json: Annotated[bool, typer.Option("--json", help="one JSON document on stdout")] = False,
) -> None:
    """Say what is missing here and how to get it. Exits with 1 if something must be mended.

    Example: depthq doctor --json | jq '.findings[] | select(.level == "problem")'
    """
    findings = examine(Settings())
    healthy = all(finding.level != "problem" for finding in findings)
    with while_read():
        if json:
            console.say_json({"healthy": healthy, "findings": [vars(f) for f in findings]})
        else:
            for finding in findings:
                _print(finding)
    raise typer.Exit(console.OK if healthy else console.SOME_FAILED)


def _print(finding: Finding) -> None:
    mark, style = _MARKS[finding.level]
    line = Text(mark, style=style).append(f" {finding.what}: ", style="bold")
    console.out.print(line.append(visible(finding.message), style="default"))
    if finding.remedy:
        console.out.print(Text(visible(f"    → {finding.remedy}")))
