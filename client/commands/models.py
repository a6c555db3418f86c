"""`depthq models …`: which models there are, and models of one's own (worker.weights' work)."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from client import console
from client.commands.programs import become
from client.commands.service import JsonOption
from client.local.processes import python_command
from contract.models.declaration import ModelSpec
from contract.models.own import own_specs
from contract.models.registry import MODELS
from contract.settings import Settings
from runtime.pipes import while_read

app = typer.Typer(
    help="List the models that jobs may name, and add models of your own.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
Option = typer.Option


@app.command("list")
def list_models(json: JsonOption = False) -> None:
    """List the models that this installation knows. `GET /v1/models` says which are served."""
    specs = [*MODELS.values(), *own_specs(Settings().cache_dir).values()]
    with while_read():
        if json:
            console.say_json({"models": [asdict(spec) for spec in specs]})
            return
        for spec in specs:
            console.tell(_line(spec))


@app.command()
def add(
    file: Annotated[str, typer.Argument(help="the network: float32 (B, 3, H, W) → (B, H, W)")],
    name: Annotated[str | None, Option(help="what jobs call it; default: the file's name")] = None,
    input: Annotated[  # noqa: A002 - the option's name
        int | None, Option(help="the side that the rule is about, px")
    ] = None,
    multiple: Annotated[int | None, Option(help="sides are multiples of this; default 1")] = None,
    rule: Annotated[
        str | None,
        Option(
            help="which side becomes --input: upper_bound (the longer), lower_bound (the shorter), "
            "minimal (the nearer), exact (both; default)"
        ),
    ] = None,
    mean: Annotated[
        str | None,
        Option(help="of colours, with the deviation: imagenet (default), half, none (0 to 1)"),
    ] = None,
    output: Annotated[
        str | None, Option(help="inverse: near is large (default); depth: far is large")
    ] = None,
    licence: Annotated[str | None, Option(help="kept with the model")] = None,
    weights_id: Annotated[
        str | None, Option(help="in results; default: by the file's hash")
    ] = None,
    force: Annotated[bool, Option("--force", help="replace, and keep what seems wrong")] = False,
    json: JsonOption = False,
) -> None:
    """Check an ONNX file on a rendered scene, and keep it as a model that workers can serve.

    What the options say may also stand in a TOML file of the same name beside it.

    Example: depthq models add my.onnx --input 518 --multiple 14 --rule lower_bound
    """
    given = {
        "name": name, "input": input, "multiple": multiple, "rule": rule, "mean": mean,
        "output": output, "licence": licence, "weights-id": weights_id,
    }  # fmt: skip
    flags = [f"--{flag}={value}" for flag, value in given.items() if value is not None]
    switches = [flag for flag, on in (("--force", force), ("--json", json)) if on]
    become(python_command("worker.weights.own_cli", file, *flags, *switches))


def _line(spec: ModelSpec) -> str:
    gflop = f"{spec.cost.gflop:.0f} GFLOP" if spec.cost.gflop else "? GFLOP"
    memory = f"{spec.cost.memory_bytes / 1e6:.0f} MB"
    return f"{spec.name:<23} {gflop:>11} {memory:>8}  {spec.licence:<11} {spec.line['en']}"
