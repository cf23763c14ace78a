"""The tables that the report's page shows of each experiment."""

from keras_padpos.report._position_rows import position_rows
from keras_padpos.report.content import Layout
from keras_padpos.report.content import plain_rows
from keras_padpos.studies.fconv_tests import STUDY as FCONV
from keras_padpos.studies.location_task import STUDY as LOCATION_TASK
from keras_padpos.studies.padding_pattern import STUDY as PADDING_PATTERN
from keras_padpos.studies.pattern_formation import STUDY as PATTERN_FORMATION
from keras_padpos.studies.robustness import STUDY as ROBUSTNESS
from keras_padpos.studies.semantic_head import STUDY as SEMANTIC_HEAD
from keras_padpos.studies.shift_consistency import STUDY as SHIFT_CONSISTENCY
from keras_padpos.studies.study import Study
from keras_padpos.studies.texture import STUDY as TEXTURE

_SEEDS = {"seed", "seeds"}


def _declared(study: Study) -> Layout:
    """The tables that a study declares."""
    seeds = _SEEDS if "seeds" in study.declared else ()
    key = frozenset({*study.crossed, *study.shared, *seeds})
    return Layout(study.lay_out, study.notes, key, study.read or plain_rows)


LAYOUTS = {
    "position_probe": _declared(POSITION),
    "padding_pattern": _declared(PADDING_PATTERN),
    "pattern_formation": _declared(PATTERN_FORMATION),
    "fconv_tests": _declared(FCONV),
    "prediction_agreement": _declared(AGREEMENT),
    "location_task": _declared(LOCATION_TASK),
    "semantic_head": _declared(SEMANTIC_HEAD),
    "robustness": _declared(ROBUSTNESS),
    "texture": _declared(TEXTURE),
    "shift_consistency": _declared(SHIFT_CONSISTENCY),
}
"""From each experiment that has tables of its own to these."""
