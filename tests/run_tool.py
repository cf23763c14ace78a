"""A program of `tools` in this process, as its command runs it."""

import functools
import runpy
import sys
from unittest import mock

from run_study import captured


def run_tool(module, *argv, cwd):
    """Run `python -m MODULE ARGV` in a folder; what it printed."""
    command = functools.partial(
        runpy.run_module, module, run_name="__main__", alter_sys=True
    )
    with mock.patch.object(sys, "argv", [module, *map(str, argv)]):
        return captured(command, cwd)
