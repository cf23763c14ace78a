"""The tables that the report's page shows of each experiment."""

from keras_padpos import studies
from keras_padpos.report.content import Layout
from keras_padpos.report.content import plain_rows
from keras_padpos.studies.study import Study


def _declared(study: Study) -> Layout:
    """The tables that a study declares."""
    seeds = {"seed", "seeds"} if "seeds" in study.declared else ()
    key = frozenset({*study.crossed, *study.shared, *seeds})
    return Layout(
        study.lay_out,
        study.notes,
        key,
        study.read or plain_rows,
        study.conclusion,
    )


LAYOUTS = {name: _declared(studies.get(name)) for name in studies.STUDIES}
"""From each experiment that has tables of its own to these."""
