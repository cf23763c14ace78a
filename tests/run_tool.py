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
    aside = _set_flags_aside()
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
            _restore_flags(aside)
    return Done(status or 0, out.getvalue(), err.getvalue())


def _set_flags_aside():
    """Take away the flags that tests and other programs have defined."""
    aside = []
    for module, defined in list(flags.FLAGS.flags_by_module_dict().items()):
        if not module.startswith("absl"):
            for flag in list(defined):
                aside.append((module, flag))
                delattr(flags.FLAGS, flag.name)
    return aside


def _restore_flags(aside):
    _set_flags_aside()
    for module in [name for name in sys.modules if name.startswith("tools.")]:
        del sys.modules[module]  # it defines its flags anew
    for module, flag in aside:
        flags.FLAGS[flag.name] = flag
        flags.FLAGS.register_flag_by_module(module, flag)
    for name in flags.FLAGS:
        flags.FLAGS[name].unparse()
    flags.FLAGS.mark_as_parsed()
