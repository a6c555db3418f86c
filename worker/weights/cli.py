"""The command line of the weights: list, fetch, convert, show. `--json` for scripts."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Any

from contract.models.declaration import DEFAULT_MODEL, Weights
from contract.models.registry import known_weights
from contract.settings import Settings
from contract.startup import settings_or_exit
from runtime.pipes import while_read
from worker.weights import registry
from worker.weights.convert import convert
from worker.weights.download import Progress, quiet
from worker.weights.errors import WeightsError
from worker.weights.resolve import fetched, find_spec, from_file, resolve
from worker.weights.store import WeightsStore


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return 0, or 1 (2: wrong usage) with the reason on stderr."""
    options = _parser().parse_args(arguments)
    settings = settings_or_exit("weights")
    try:
        COMMANDS[options.command](options, settings)
    except WeightsError as exc:
        sys.stderr.write(f"{exc.message}\n")
        return exc.exit_code
    return 0


_FETCH_HELP = """\
The licence is shown first, and nothing is downloaded before it is accepted. A download that broke
off goes on where it stopped; the file's hash is checked. Workers take it at their next start.

names (`depthq weights list` has sizes, and which are here):
  {names}

examples:
  depthq weights fetch midas_small
  depthq weights fetch midas_small --yes --json             in a script
  depthq weights fetch midas_small --from ~/Downloads/FILE  without a network
"""
_CONVERT_HELP = """\
Workers run the result by DEPTHQ_WEIGHTS=FILE, or DEPTHQ_WEIGHTS=MODEL=FILE for a
model that is not the default.

example:
  depthq weights convert midas_v21_small_256.pt --out small.onnx
"""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="depthq weights", description="the network's weights")
    commands = parser.add_subparsers(dest="command", required=True)

    def command(name: str, does: str, more: str = "") -> argparse.ArgumentParser:
        return commands.add_parser(
            name,
            help=does,
            description=f"{does[0].upper()}{does[1:]}.",
            epilog=more,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )

    command("list", "the weights that are known, and which are here")
    fetch = command("fetch", "download published weights and make them ready", _fetch_help())
    fetch.add_argument("name", nargs="?", default=DEFAULT_MODEL, help="default: %(default)s")
    fetch.add_argument("--yes", action="store_true", help="accept the licence, ask nothing")
    fetch.add_argument("--from", dest="file", type=_file, help="take this file, download nothing")
    fetch.add_argument(
        "--base-url", help="folder of a mirror that holds the same file (DEPTHQ_WEIGHTS_MIRROR)"
    )
    make = command("convert", "turn .pt, .safetensors or .onnx into a network", _CONVERT_HELP)
    make.add_argument("file", type=_file)
    make.add_argument("--out", type=Path, help="where to; default: the cache, by hash")
    make.add_argument("--model", default=DEFAULT_MODEL, help="whose weights they are")
    make.add_argument("--weights-id", help="what results will call them; with --out")
    make.add_argument("--licence", default="unknown", help="kept in the file; with --out")
    make.add_argument("--half", action="store_true", help="keep kernels as fp16; with --out")
    command("show", "the weights that a worker started now would run")
    for each in commands.choices.values():
        each.add_argument("--json", action="store_true", help="for scripts")
    return parser


def _file(name: str) -> Path:
    if not Path(name).is_file():
        raise argparse.ArgumentTypeError(f"there is no file {name}")
    return Path(name)


def _fetch_help() -> str:
    published = (weights for _, weights in known_weights() if weights.url is not None)
    names = (f"{weights.name:<23} {weights.licence}" for weights in published)
    return _FETCH_HELP.format(names="\n  ".join(names))


def _list(options: argparse.Namespace, settings: Settings) -> None:
    store = WeightsStore(settings.cache_dir)
    rows = [{**asdict(w), "model": s.name, "here": store.has(w)} for s, w in known_weights()]
    lines = [
        f"{r['name']:<23} {_size(r['bytes'])}  {'here' if r['here'] else 'not here':<8}  "
        f"{r['weights_id']:<23} {r['licence']}{'; ' + r['note'] if r['note'] else ''}"
        for r in rows
    ]
    _say(options, {"weights": rows}, "\n".join(lines))


def _fetch(options: argparse.Namespace, settings: Settings) -> None:
    spec, weights = registry.get(options.name)
    store = WeightsStore(settings.cache_dir, options.base_url or settings.weights_mirror)
    path = _brought(options, store, weights)
    pinned = weights.sha256 is None and store.sha256_of(weights)
    if pinned:
        sys.stderr.write(
            f"{weights.name}: no hash is recorded; {pinned} is what must be here now\n"
        )
    # Converting now spares the first worker start the seconds, and finds a wrong file at once.
    network = fetched(store, spec, weights).path
    about = {"name": weights.name, "weights_id": weights.weights_id, "file": str(path)}
    _say(options, {**about, "network": str(network)}, f"{weights.name}: {path}")


def _brought(options: argparse.Namespace, store: WeightsStore, weights: Weights) -> Path:
    """Return the file of `weights`, from where the options say. Asks before the first download."""
    if options.file is not None:
        return store.take(weights, options.file)
    if weights.url is not None and not store.has(weights) and not options.yes:
        _ask(weights, store.url_of(weights))
    with ExitStack() as stack:
        shown = not options.json and sys.stderr.isatty()
        return store.fetch(weights, _progress_bar(stack, weights.name) if shown else quiet)


def _ask(weights: Weights, url: str) -> None:
    """Show what would be downloaded and its licence; WeightsError unless that is accepted."""
    about = f"{weights.name}: {_size(weights.bytes).strip()} from {url}, licence {weights.licence}"
    if not sys.stdin.isatty():
        raise WeightsError(f"{about}; --yes accepts that and downloads it")
    sys.stderr.write(f"{about}. Download it? [y/N] ")
    if input().strip().lower() not in ("y", "yes"):
        raise WeightsError("nothing was downloaded")


def _convert(options: argparse.Namespace, settings: Settings) -> None:
    spec = find_spec(settings, options.model)
    if options.out is None:
        artefact = from_file(WeightsStore(settings.cache_dir), options.file, spec)
        path, weights_id = artefact.path, artefact.weights_id
    else:
        weights_id = options.weights_id or options.file.stem
        path = convert(
            options.file,
            options.out,
            spec,
            weights_id=weights_id,
            licence=options.licence,
            half=options.half,
        )
    _say(options, {"network": str(path), "weights_id": weights_id}, f"{weights_id}: {path}")


def _show(options: argparse.Namespace, settings: Settings) -> None:
    artefact = resolve(settings, settings.models[0])
    about = {
        "model": artefact.model,
        "weights_id": artefact.weights_id,
        "network": str(artefact.path),
    }
    _say(options, about, f"{artefact.model}, weights {artefact.weights_id}: {artefact.path}")


def _say(options: argparse.Namespace, document: Mapping[str, Any], text: str) -> None:
    with while_read():
        sys.stdout.write((json.dumps(document) if options.json else text) + "\n")


def _size(size: int | None) -> str:
    return f"{'?' if size is None else f'{size / 1e6:.1f}':>7} MB"


def _progress_bar(stack: ExitStack, name: str) -> Progress:
    from rich.console import Console  # only a terminal needs it
    from rich.progress import DownloadColumn, TransferSpeedColumn
    from rich.progress import Progress as Bar

    columns = (*Bar.get_default_columns(), DownloadColumn(), TransferSpeedColumn())
    bar = stack.enter_context(Bar(*columns, console=Console(stderr=True)))
    task = bar.add_task(name)
    return lambda done, total: bar.update(task, completed=done, total=total)


COMMANDS: dict[str, Callable[[argparse.Namespace, Settings], None]] = {
    "list": _list,
    "fetch": _fetch,
    "convert": _convert,
    "show": _show,
}
