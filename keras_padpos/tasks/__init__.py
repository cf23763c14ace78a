"""Tasks that need position, semantic heads, F-Conv's tests and attacks."""

from keras_padpos.choices import ATTACKS
from keras_padpos.choices import CUTOUT_FILLS
from keras_padpos.choices import LOCATION_TASKS
from keras_padpos.published.canvas_facts import BACKGROUND
from keras_padpos.published.canvas_facts import FILLS
from keras_padpos.tasks._classification_nets import classification_net
from keras_padpos.tasks._classification_nets import texture_net
from keras_padpos.tasks._location_net import LOCATION_NETS
from keras_padpos.tasks._location_net import location_net
from keras_padpos.tasks._location_representations import (
    location_representations,
)
from keras_padpos.tasks._pgd import pgd
from keras_padpos.tasks._red_green import RED_GREEN_SIZES
from keras_padpos.tasks._red_green import red_green
from keras_padpos.tasks._score_invariance import invariance_size
from keras_padpos.tasks._score_invariance import score_invariance
from keras_padpos.tasks._score_location import score_location
from keras_padpos.tasks._score_quadrants import score_quadrants
from keras_padpos.tasks._score_robustness import perturbation_name
from keras_padpos.tasks._score_robustness import score_robustness
from keras_padpos.tasks._universal_perturbation import universal_perturbation
from keras_padpos.tasks.attack_ball import GradientError
from keras_padpos.tasks.attack_ball import region_mask
from keras_padpos.tasks.canvas import Canvas
from keras_padpos.tasks.canvas import canvas_labels
from keras_padpos.tasks.classifier import calibrate_classifier
from keras_padpos.tasks.classifier import class_accuracy
from keras_padpos.tasks.classifier import score_classifier
from keras_padpos.tasks.classifier import train_classifier
from keras_padpos.tasks.cutout import Cutout
from keras_padpos.tasks.fconv_training import QUADRANT_EPOCHS
from keras_padpos.tasks.fconv_training import RED_GREEN_EPOCHS
from keras_padpos.tasks.fconv_training import decay_weights
from keras_padpos.tasks.fconv_training import train_red_green
from keras_padpos.tasks.location_training import calibrate_location
from keras_padpos.tasks.location_training import train_location
from keras_padpos.tasks.quadrant_pictures import PATCH
from keras_padpos.tasks.quadrant_pictures import four_quadrants
from keras_padpos.tasks.semantic_scores import score_semantic
from keras_padpos.tasks.semantic_scores import semantic_answers
from keras_padpos.tasks.semantic_scores import semantic_baselines
from keras_padpos.tasks.semantic_training import calibrate_semantic
from keras_padpos.tasks.semantic_training import train_semantic

__all__ = [
    "ATTACKS",
    "BACKGROUND",
    "CUTOUT_FILLS",
    "FILLS",
    "GradientError",
    "LOCATION_NETS",
    "LOCATION_TASKS",
    "PATCH",
    "QUADRANT_EPOCHS",
    "RED_GREEN_EPOCHS",
    "RED_GREEN_SIZES",
    "Canvas",
    "Cutout",
    "calibrate_classifier",
    "calibrate_location",
    "calibrate_semantic",
    "canvas_labels",
    "class_accuracy",
    "classification_net",
    "decay_weights",
    "four_quadrants",
    "invariance_size",
    "location_net",
    "location_representations",
    "perturbation_name",
    "pgd",
    "red_green",
    "region_mask",
    "score_classifier",
    "score_invariance",
    "score_location",
    "score_quadrants",
    "score_robustness",
    "score_semantic",
    "semantic_answers",
    "semantic_baselines",
    "texture_net",
    "train_classifier",
    "train_location",
    "train_red_green",
    "train_semantic",
    "universal_perturbation",
]
