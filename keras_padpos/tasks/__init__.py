"""Tasks that only a network can do that knows where it looks."""

from keras_padpos.tasks._attack_loss import attack_loss
from keras_padpos.tasks._calibrate_classifier import calibrate_classifier
from keras_padpos.tasks._calibrate_location import calibrate_location
from keras_padpos.tasks._calibrate_semantic import calibrate_semantic
from keras_padpos.tasks._canvas_labels import BACKGROUND
from keras_padpos.tasks._canvas_labels import canvas_labels
from keras_padpos.tasks._class_accuracy import class_accuracy
from keras_padpos.tasks._classification_net import classification_net
from keras_padpos.tasks._decay_weights import decay_weights
from keras_padpos.tasks._four_quadrants import CANVAS
from keras_padpos.tasks._four_quadrants import PATCH
from keras_padpos.tasks._four_quadrants import four_quadrants
from keras_padpos.tasks._input_gradient import input_gradient
from keras_padpos.tasks._location_net import LOCATION_NETS
from keras_padpos.tasks._location_net import LOCATION_TASKS
from keras_padpos.tasks._location_net import location_net
from keras_padpos.tasks._location_representations import (
    location_representations,
)
from keras_padpos.tasks._pgd import pgd
from keras_padpos.tasks._quadrant_features import pooled_maps
from keras_padpos.tasks._quadrant_features import quadrant_features
from keras_padpos.tasks._red_green import RED_GREEN_SIZES
from keras_padpos.tasks._red_green import SPLITS
from keras_padpos.tasks._red_green import red_green
from keras_padpos.tasks._region_mask import REGIONS
from keras_padpos.tasks._region_mask import region_mask
from keras_padpos.tasks._score_classifier import score_classifier
from keras_padpos.tasks._score_invariance import invariance_size
from keras_padpos.tasks._score_invariance import score_invariance
from keras_padpos.tasks._score_location import score_location
from keras_padpos.tasks._score_quadrants import score_quadrants
from keras_padpos.tasks._score_robustness import ATTACKS
from keras_padpos.tasks._score_robustness import score_robustness
from keras_padpos.tasks._score_semantic import score_semantic
from keras_padpos.tasks._semantic_answers import semantic_answers
from keras_padpos.tasks._semantic_baselines import BASELINES
from keras_padpos.tasks._semantic_baselines import semantic_baselines
from keras_padpos.tasks._texture_net import texture_net
from keras_padpos.tasks._train_classifier import train_classifier
from keras_padpos.tasks._train_location import train_location
from keras_padpos.tasks._train_quadrants import QUADRANT_EPOCHS
from keras_padpos.tasks._train_quadrants import train_quadrants
from keras_padpos.tasks._train_red_green import RED_GREEN_EPOCHS
from keras_padpos.tasks._train_red_green import train_red_green
from keras_padpos.tasks._train_semantic import train_semantic
from keras_padpos.tasks._universal_perturbation import perturbed
from keras_padpos.tasks._universal_perturbation import universal_perturbation
from keras_padpos.tasks.canvas import CIFAR_DEVIATION
from keras_padpos.tasks.canvas import CIFAR_MEAN
from keras_padpos.tasks.canvas import FILLS
from keras_padpos.tasks.canvas import Canvas
from keras_padpos.tasks.cutout import CUTOUT_FILLS
from keras_padpos.tasks.cutout import Cutout
from keras_padpos.tasks.gradient_error import GradientError
from keras_padpos.tasks.permute_channels import PermuteChannels
from keras_padpos.tasks.pixel_loss import PixelLoss
from keras_padpos.tasks.plateau import Plateau

__all__ = [
    "ATTACKS",
    "BACKGROUND",
    "BASELINES",
    "CANVAS",
    "CIFAR_DEVIATION",
    "CIFAR_MEAN",
    "CUTOUT_FILLS",
    "FILLS",
    "GradientError",
    "LOCATION_NETS",
    "LOCATION_TASKS",
    "PATCH",
    "QUADRANT_EPOCHS",
    "RED_GREEN_EPOCHS",
    "RED_GREEN_SIZES",
    "REGIONS",
    "SPLITS",
    "Canvas",
    "Cutout",
    "PermuteChannels",
    "PixelLoss",
    "Plateau",
    "attack_loss",
    "calibrate_classifier",
    "calibrate_location",
    "calibrate_semantic",
    "canvas_labels",
    "class_accuracy",
    "classification_net",
    "decay_weights",
    "four_quadrants",
    "input_gradient",
    "invariance_size",
    "location_net",
    "location_representations",
    "perturbed",
    "pgd",
    "pooled_maps",
    "quadrant_features",
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
    "train_quadrants",
    "train_red_green",
    "train_semantic",
    "universal_perturbation",
]
