"""The final messages of the dataset commands, and their exit codes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from client import console
from client.commands.dataset_view import describe, duration, size
from client.dataset import Dataset
from client.files.walk import LeftOut
from client.local.program import program
from client.plain import visible
from runtime.pipes import while_read

T = TypeVar("T")
_SAID = 20


def interruptible(work: Callable[[], T], dataset_id: Callable[[], str | None]) -> T:
    """Return what `work` does; Ctrl-C stops the watching only, and says how to go on."""
    try:
        return work()
    except KeyboardInterrupt:
        known = dataset_id()
        if known is None:
            console.say("stopped before anything was submitted; the same command begins again")
        else:
            console.say(
                f"dataset {known} goes on in the service.\n"
                f"  watch it:   {program()} dataset watch {known}\n"
                f"  stop it:    {program()} dataset cancel {known}\n"
                "  results:    the same command again"
            )
        raise


def code_of(dataset: Dataset) -> int:
    """Return the exit code of a dataset that has ended."""
    if dataset.error is not None:
        return console.exit_code_of(dataset.error)
    return console.OK if dataset.whole else console.SOME_FAILED


def show(dataset: Dataset, as_json: bool, line: str | None = None) -> None:
    """Print the dataset: its document, or a line for people."""
    with while_read():
        if as_json:
            console.say_json(dataset.document)
        else:
            console.tell(line or describe(dataset))


def say_end(dataset: Dataset, out: Path, *, local: bool, as_json: bool) -> int:
    """Print what a run came to; return its exit code. `local`: the pictures are on this machine."""
    show(dataset, as_json)
    if not as_json and dataset.counts["failed"]:
        again = f"{program()} dataset retry {dataset.id} --wait"
        console.say(
            f"what failed:  {program()} dataset errors {dataset.id}\n"
            f"once mended:  {'the same command again' if local else again}"
        )
    if dataset.error is None:
        console.say(f"results are in {out}; larger values are nearer")
    return code_of(dataset)


def say_left_out(left_out: LeftOut, quiet: bool = False) -> int:
    """Print what of a folder was no input; return SOME_FAILED if a part could not be read."""
    sentence = left_out.sentence()
    if sentence and not quiet:
        console.say(sentence)
    return say_failed(left_out.unreadable, "could not be read")


def say_failed(failed: Mapping[str, str], what: str) -> int:
    """Print the first of what failed, one a line, and how many; return the exit code."""
    for name, why in islice(failed.items(), _SAID):
        console.say(f"{visible(name)}: {visible(why)}")
    if failed:
        console.say(f"{len(failed)} {what}")
    return console.SOME_FAILED if failed else console.OK


def say_forecast(forecast: dict[str, Any], as_json: bool) -> int:
    """Print what a dry run found; return the exit code."""
    error = forecast.get("error")
    with while_read():
        if as_json:
            console.say_json(forecast)
        elif not error:
            for sentence in _sentences(forecast):
                console.tell(sentence)
    if error and not as_json:
        console.say(f"depthq: {error['message']}")
    return console.USAGE if error else console.OK


def _sentences(forecast: dict[str, Any]) -> list[str]:
    least = "" if forecast["complete"] else "at least "
    read = f", {size(forecast['input_bytes'])}" if forecast.get("input_bytes") else ""
    lines = [
        f"{least}{forecast['items']} images{read}",
        f"{forecast['images_per_s']:.1f} images/s with one worker, measured on "
        f"{forecast['sampled']} of them",
    ]
    for workers, hours in forecast.get("hours", {}).items():
        lines.append(f"  {workers:>2} worker(s): {duration(hours * 3600)}")
    if forecast.get("output_bytes") is not None:
        lines.append(f"about {size(forecast['output_bytes'])} of results")
    if forecast["sample_failed"]:
        codes = ", ".join(f"{code} {count}" for code, count in forecast["errors"].items())
        lines.append(f"{forecast['sample_failed']} of the sample failed: {codes}")
    return lines
