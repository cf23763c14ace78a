"""Border arithmetic and padding modes: arrays in, arrays out."""

from keras_padpos.padding.copy_mode import Circular
from keras_padpos.padding.copy_mode import CopyMode
from keras_padpos.padding.copy_mode import Reflect
from keras_padpos.padding.copy_mode import Replicate
from keras_padpos.padding.copy_mode import Symmetric
from keras_padpos.padding.distribution import Distribution
from keras_padpos.padding.earth import Earth
from keras_padpos.padding.extrapolate import Extrapolate
from keras_padpos.padding.geometry import Geometry
from keras_padpos.padding.interpolate import Interpolate
from keras_padpos.padding.modes import get
from keras_padpos.padding.modes import get_or_none
from keras_padpos.padding.modes import names
from keras_padpos.padding.modes import serialize
from keras_padpos.padding.padding_mode import PaddingMode
from keras_padpos.padding.partial import Partial
from keras_padpos.padding.partial import unseen_zeros
from keras_padpos.padding.per_axis import PerAxis
from keras_padpos.padding.randn import Randn
from keras_padpos.padding.random_sides import RandomSides
from keras_padpos.padding.zeros import Constant
from keras_padpos.padding.zeros import Zeros

__all__ = [
    "Circular",
    "Constant",
    "CopyMode",
    "Distribution",
    "Earth",
    "Extrapolate",
    "Geometry",
    "Interpolate",
    "PaddingMode",
    "Partial",
    "PerAxis",
    "Randn",
    "RandomSides",
    "Reflect",
    "Replicate",
    "Symmetric",
    "Zeros",
    "get",
    "get_or_none",
    "names",
    "serialize",
    "unseen_zeros",
]
