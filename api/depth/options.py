"""Reads what a request for depth at once asks for: one output and its options."""

from __future__ import annotations

from collections.abc import Iterable

from api.answers.errors import InvalidFields
from api.jobs.options import options_from
from contract.documents import FieldProblem
from contract.immediate import FIELDS_OF_JOBS
from contract.options import JobOptions
from contract.outputs.registry import OUTPUTS
from contract.wrong_fields import nearest

DEFAULT_OUTPUT = "depth"


def wanted_options(fields: Iterable[tuple[str, str]], longest_s: int) -> tuple[JobOptions, float]:
    """Return the checked options and the deadline in seconds, at most `longest_s`.

    Raises InvalidFields, naming each that is unknown, double or wrong.
    """
    given = list(fields)
    names = [name for name, _ in given]
    for name in FIELDS_OF_JOBS:
        if name in names:
            raise _refused(name, "only jobs have it; here it is `output`, one of them")
    outputs = [value for name, value in given if name == "output"] or [DEFAULT_OUTPUT]
    if outputs[1:]:
        raise _refused("output", "given more than once; submit a job for several")
    if outputs[0] not in OUTPUTS:
        guess = nearest(outputs[0], OUTPUTS)
        raise _refused("output", f"{guess} expected one of {', '.join(OUTPUTS)}".lstrip())
    rest = [(name, value) for name, value in given if name != "output"]
    options = options_from([("outputs", outputs[0]), *rest])
    deadline_s = options.deadline_s or longest_s
    if deadline_s > longest_s:
        raise _refused("deadline_s", f"at most {longest_s} s; submit a job for what takes longer")
    return options, deadline_s


def _refused(field: str, message: str) -> InvalidFields:
    return InvalidFields([FieldProblem(field=field, message=message)])
