"""From an output's declaration to the function that renders it; imported when first needed."""

from __future__ import annotations

import functools
import importlib
from typing import cast

from contract.errors import InternalError
from contract.outputs.registry import output_of
from worker.outputs.view import Renderer


@functools.cache
def renderer_of(name: str) -> Renderer:
    """Return the renderer of the output `name`. Raises InternalError if it cannot be imported."""
    module, _, function = output_of(name).renderer.partition(":")
    try:
        return cast("Renderer", getattr(importlib.import_module(module), function))
    except (ImportError, AttributeError) as exc:
        raise InternalError(f"the output {name} cannot be rendered here: {exc}") from exc
