"""The `depthq` command: puts the command groups together and turns errors into sentences."""

from __future__ import annotations

import sys
from typing import NoReturn

import typer
from pydantic import ValidationError

from client import console
from client.commands import (
    dataset,
    demo,
    doctor,
    jobs,
    live,
    models,
    now,
    programs,
    quarantine,
    submit,
    up,
    video,
    weights,
)
from client.plain import visible
from contract.errors import DepthqError
from contract.settings import Settings
from contract.startup import wrong_settings

HELP = """Depth maps from photographs, by the million, on ordinary CPUs.

On one machine, with nothing set up:

\b
    depthq up                                   the service; Ctrl-C stops it
    depthq submit cat.jpg --wait --out results  in another terminal

With a service elsewhere:

\b
    DEPTHQ_URL=https://depth.example.org \\
      depthq submit photos/ --wait --out results

Every setting is an environment variable; docs/configuration.md lists them.
Exit codes: 0 all well, 1 something failed, 2 wrong usage, 3 the service does not answer.
"""

app = typer.Typer(
    name="depthq",
    help=HELP,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for group in (up, submit, now, live, video, jobs, demo, doctor, programs):
    group.register(app)
app.add_typer(dataset.app, name="dataset")
app.add_typer(quarantine.app, name="quarantine")
app.add_typer(weights.app, name="weights")
app.add_typer(models.app, name="models")


def main() -> NoReturn:
    """Run the command line; ends the process with the command's exit code."""
    console.prepare()
    try:
        app()
    except DepthqError as error:
        code = console.complain(error)
        _show_traceback()
        sys.exit(code)
    except ValidationError as error:
        console.say(f"depthq: {wrong_settings(error)}")
        sys.exit(console.USAGE)
    except KeyboardInterrupt:
        sys.exit(console.INTERRUPTED)
    except BrokenPipeError:
        sys.stderr.close()  # the reader of the output has closed the pipe
        sys.exit(console.SOME_FAILED)
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        console.say(f"depthq: {visible(f'{where}{error.strerror or error}')}")
        _show_traceback()
        sys.exit(console.SOME_FAILED)
    except UnicodeError:
        console.say("depthq: a name or an option holds letters that cannot be sent (not UTF-8)")
        _show_traceback()
        sys.exit(console.USAGE)
    except Exception as error:
        console.say(f"depthq: a fault of ours: {error!r}; DEPTHQ_DEBUG=1 shows where")
        _show_traceback()
        sys.exit(console.SOME_FAILED)
    sys.exit(console.OK)


def _show_traceback() -> None:
    try:
        debug = Settings().debug
    except ValidationError:
        return
    if debug:
        console.err.print_exception()


if __name__ == "__main__":
    main()
