"""A program of `tools` in this process, as its command runs it."""

import contextlib
import io
import os
import runpy
import sys
import warnings
from unittest import mock

from absl import flags
from run_study import Done


def run_tool(module, *argv, cwd):
    """Run `python -m MODULE ARGV` in a folder; what it printed."""
    out, err = io.StringIO(), io.StringIO()
    with (
        contextlib.chdir(cwd),
        mock.patch.object(sys, "argv", [module, *map(os.fspath, argv)]),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        warnings.catch_warnings(),
    ):
        # As in a process of its own: a warning is a line, no error.
        warnings.simplefilter("default", UserWarning)
        try:
            runpy.run_module(module, run_name="__main__", alter_sys=True)
        except SystemExit as end:
            status = end.code
        finally:
            _forget_flags()
    return Done(status or 0, out.getvalue(), err.getvalue())


def _forget_flags():
    """Several programs have flags of one name."""
    for module, defined in list(flags.FLAGS.flags_by_module_dict().items()):
        if module.startswith("tools.") or module.endswith(".py"):
            for flag in list(defined):
                delattr(flags.FLAGS, flag.name)
            sys.modules.pop(module, None)
    for name in flags.FLAGS:
        flags.FLAGS[name].unparse()
    flags.FLAGS.mark_as_parsed()
