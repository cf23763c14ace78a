"""Pictures as finite, ordered sets that can be read again and again."""

from keras_padpos.data._as_images import as_images
from keras_padpos.data._as_images import split_images
from keras_padpos.data._location_canvases import location_canvases
from keras_padpos.data._open_images import limited
from keras_padpos.data._open_images import open_images
from keras_padpos.data._open_labelled import labelled_pictures
from keras_padpos.data._open_labelled import open_labelled
from keras_padpos.data._open_masks import open_masks
from keras_padpos.data.crops import open_crops
from keras_padpos.data.image_set import ImageSet
from keras_padpos.data.joint_augmentation import JointAugmentation
from keras_padpos.data.paired_set import PairedSet

__all__ = [
    "ImageSet",
    "JointAugmentation",
    "PairedSet",
    "as_images",
    "labelled_pictures",
    "location_canvases",
    "open_crops",
    "limited",
    "open_images",
    "open_labelled",
    "open_masks",
    "split_images",
]
