"""`depthq models …`: which models there are, and models of one's own (worker.weights' work)."""

from __future__ import annotations

from dataclasses import asdict

import typer

from client import console
from client.commands.programs import become
from client.commands.service import JsonOption
from client.local.processes import python_command
from contract.models.declaration import ModelSpec
from contract.models.own import own_specs
from contract.models.registry import MODELS
from contract.settings import Settings

app = typer.Typer(
    help="List the models that jobs may name, and add models of your own.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
_PASS_ON = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}


@app.command("list")
def list_models(json: JsonOption = False) -> None:
    """List the models that this installation knows. `GET /v1/models` says which are served."""
    specs = [*MODELS.values(), *own_specs(Settings().cache_dir).values()]
    if json:
        console.say_json({"models": [asdict(spec) for spec in specs]})
        return
    for spec in specs:
        console.tell(_line(spec))


@app.command(context_settings=_PASS_ON)
def add(context: typer.Context) -> None:
    """Check an ONNX file and serve it.

    Example: depthq models add my.onnx --input 518 --multiple 14 --rule lower_bound
    --mean imagenet --output inverse
    """
    become(python_command("worker.weights.own_cli", *context.args))


def _line(spec: ModelSpec) -> str:
    gflop = f"{spec.cost.gflop:.0f} GFLOP" if spec.cost.gflop else "? GFLOP"
    memory = f"{spec.cost.memory_bytes / 1e6:.0f} MB"
    return f"{spec.name:<23} {gflop:>11} {memory:>8}  {spec.licence:<11} {spec.line['en']}"
