"""`depthq dataset …`: thousands to millions of images, from the command line."""

from __future__ import annotations

import typer

from client.commands import dataset_follow, dataset_start

app = typer.Typer(help="Many images at once: run, follow, retry, fetch.", no_args_is_help=True)
dataset_start.register(app)
dataset_follow.register(app)
