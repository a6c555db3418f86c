"""What is printed to a reader that has gone."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from runtime.pipes import while_read

PRINTS = """
import sys
from runtime.pipes import while_read
with while_read():
    for line in range(100_000):
        print(line)
print("and goes on", file=sys.stderr)
sys.exit(3)
"""


def test_a_program_goes_on_after_a_list_that_is_not_read_to_its_end():
    with subprocess.Popen(
        [sys.executable, "-P", "-c", PRINTS],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    ) as program:  # fmt: skip
        assert program.stdout.readline() == "0\n"
        program.stdout.close()
        said = program.stderr.read()
    assert (program.returncode, said) == (3, "and goes on\n")


def test_another_error_is_no_reader_that_has_gone():
    with pytest.raises(PermissionError), while_read():
        raise PermissionError
