"""`python -m worker.weights.own_cli FILE …`: what `depthq models add` runs."""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, get_args

from pydantic import ValidationError

from contract.models.own import OwnModel, read_own
from contract.startup import settings_or_exit
from contract.wrong_fields import wrong_fields
from worker.weights.errors import WeightsError, WeightsUsageError
from worker.weights.own import AGREES, Added, add

DESCRIPTION = """Check an ONNX file on a rendered scene and serve it as a model.

Its input is float32 (B, 3, H, W), its output (B, H, W) or (B, 1, H, W). What it needs may also
stand in a TOML file of the same name beside it, e.g. input = 518; options come first.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Add one model; return 0, or 1 (2: wrong usage) with the reason on stderr."""
    options = _parser().parse_args(arguments)
    settings = settings_or_exit("models")
    try:
        added = add(settings, options.file, _declared(options), force=options.force)
    except WeightsError as exc:
        sys.stderr.write(f"{exc.message}\n")
        return exc.exit_code
    _say(added, as_json=options.json)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="depthq models add", description=DESCRIPTION)
    parser.add_argument("file", type=Path, help="the network, an .onnx file")
    parser.add_argument("--name", help="what jobs call it; default: the file's name")
    for name, field in OwnModel.model_fields.items():
        if name in ("name", "image_s", "memory_bytes", "max_batch"):  # measured
            continue
        kind = int if field.annotation is int else str
        choices = [c for c in get_args(field.annotation) if isinstance(c, str)] or None
        flag = f"--{name.replace('_', '-')}"
        parser.add_argument(flag, type=kind, choices=choices, help=_help(name, field))
    parser.add_argument("--force", action="store_true", help="replace, and keep what seems wrong")
    parser.add_argument("--json", action="store_true", help="for scripts")
    return parser


def _help(name: str, field: Any) -> str:
    said = field.description or {
        "multiple": "sides are multiples of this",
        "rule": "which side is --input: the longer, the shorter, the nearer, both",
        "mean": "colours: ImageNet's mean and deviation, 0.5 and 0.5, or 0…1 as they are",
        "output": "inverse: near is large; depth: far is large, is turned round",
    }.get(name, "kept with the results")
    return said if field.is_required() else f"{said}; default {field.default}"


def _declared(options: argparse.Namespace) -> OwnModel:
    """Return the declaration: the options, and the TOML file beside, where there is one."""
    if not options.file.is_file():
        raise WeightsUsageError(f"there is no file {options.file}")
    beside = options.file.with_suffix(".toml")
    try:
        held = read_own(beside).model_dump(exclude_unset=True) if beside.is_file() else {}
    except ValueError as exc:
        raise WeightsError(str(exc)) from exc
    given = {n: v for n in OwnModel.model_fields if (v := getattr(options, n, None)) is not None}
    name = re.sub(r"[^a-z0-9_]+", "_", options.file.stem.lower())
    try:
        return OwnModel.model_validate({"name": name, **held, **given})
    except ValidationError as exc:
        wrong = wrong_fields(exc, OwnModel)[0]
        raise WeightsUsageError(f"--{wrong.place[0]} {wrong.says}; see --help") from exc


def _say(added: Added, *, as_json: bool) -> None:
    own = added.own
    if as_json:
        about = {**own.model_dump(), "file": str(added.path), "agreement": added.agreement}
        sys.stdout.write(json.dumps(about) + "\n")
        return
    unsure = "" if added.agreement >= AGREES else "; look at its results, that is little"
    sys.stdout.write(
        f"{own.name}: {own.image_s:.3g} s an image, {own.memory_bytes / 1e6:.0f} MB; near is large "
        f"(agreement {added.agreement:.2f} with a rendered scene{unsure}).\n"
        f"Workers hold it with DEPTHQ_MODELS=midas_small,{own.name}; jobs name it as "
        f"model={own.name}.\n"
    )


if __name__ == "__main__":
    sys.exit(main())
