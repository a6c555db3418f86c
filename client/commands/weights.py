"""`depthq weights …`: the models' weights on this machine (the work is worker.weights')."""

from __future__ import annotations

import typer

from client.commands.programs import become
from client.local.processes import python_command

app = typer.Typer(
    help="List, fetch and convert model weights.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
_PASS_ON = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}


@app.command("list", context_settings=_PASS_ON)
def list_weights(context: typer.Context) -> None:
    """List the weights that depthq knows, and which of them are here."""
    become(python_command("worker.weights", "list", *context.args))


@app.command(context_settings=_PASS_ON)
def fetch(context: typer.Context) -> None:
    """Download weights, resuming and checking them. Example: depthq weights fetch midas_small"""
    become(python_command("worker.weights", "fetch", *context.args))


@app.command(context_settings=_PASS_ON)
def convert(context: typer.Context) -> None:
    """Convert a published .pt checkpoint to the ONNX file that the engines load."""
    become(python_command("worker.weights", "convert", *context.args))
