"""Networks of other packages, small, with random weights."""

import dataclasses
import functools
import importlib
import importlib.util
from collections.abc import Callable
from typing import Any

import keras

# Height and width of pictures: divided by every total stride (32), and more
# than two cells of it, so that a roll by one cell is no mirror image.
_SIZE = 96
_SHAPE = (_SIZE, _SIZE, 3)


@dataclasses.dataclass(frozen=True)
class Network:
    """A network that can be built without downloads.

    Attributes:
        name: Package and class: `"applications/VGG16"`.
        package: Package to import.
        build: Makes it, with a fixed size of the input.
        learns_positions: Whether weights hang on the position by design, as
            embeddings of positions do.
        grid: Cells of the picture that a layer takes together inside, where
            that is more than the stride of its map.
    """

    name: str
    package: str
    build: Callable[[], keras.Model]
    learns_positions: bool = False
    grid: int = 1

    @property
    def installed(self) -> bool:
        """Whether its package is installed."""
        return importlib.util.find_spec(self.package) is not None


def catalogue() -> list[Network]:
    """Every network of the catalogue, of packages not installed too."""
    return [
        *map(_of_applications, _APPLICATIONS),
        *(
            Network(
                f"keras_hub/{name}",
                "keras_hub",
                functools.partial(_of_hub, kind, **config),
                learns_positions=name in _WITH_POSITIONS,
                grid=_GRIDS.get(name, 1),
            )
            for name, (kind, config) in _HUB.items()
        ),
        *(
            Network(
                f"{package}/{name}",
                package,
                functools.partial(_of_module, module, name, **config),
            )
            for package, module, config, names in _FAMILIES
            for name in names
        ),
        Network("csbdeep/CARE 2D", "csbdeep", functools.partial(_care, 2)),
        Network("csbdeep/CARE 3D", "csbdeep", functools.partial(_care, 3)),
        Network("keras_tcn/TCN", "tcn", _tcn),
    ]


_APPLICATIONS = (
    "VGG16",
    "ResNet50",
    "ResNet50V2",
    "MobileNet",
    "MobileNetV2",
    "MobileNetV3Small",
    "DenseNet121",
    "EfficientNetB0",
    "EfficientNetV2B0",
    "InceptionV3",
    "InceptionResNetV2",
    "Xception",
    "NASNetMobile",
    "ConvNeXtTiny",
)


def _of_applications(name):
    build = functools.partial(
        _of_module,
        "keras.applications",
        name,
        include_top=False,
        weights=None,
        input_shape=_SHAPE,
    )
    return Network(f"applications/{name}", "keras", build)


def _of_module(module, name, **config):
    return getattr(importlib.import_module(module), name)(**config)


_KIMM = (
    "ConvMixer736D32",
    "ConvNeXtAtto",
    "GhostNetW050",
    "GhostNetV2W100",
    "HGNetV2B0",
    "InceptionNeXtTiny",
    "LCNet035",
    "MobileOneS0",
    "RegNetX002",
    "RepVGGA0",
    "EfficientNetLiteB0",
)
_FAMILIES: tuple[tuple[str, str, dict[str, Any], tuple[str, ...]], ...] = (
    (
        "kimm",
        "kimm.models",
        {"include_top": False, "weights": None, "input_shape": _SHAPE},
        _KIMM,
    ),
    (
        "keras_unet_collection",
        "keras_unet_collection.models",
        {"input_size": _SHAPE, "filter_num": [8, 16, 32], "n_labels": 2},
        ("unet_2d", "att_unet_2d", "unet_plus_2d", "r2_unet_2d"),
    ),
)

_RESNET = {
    "input_conv_filters": [64],
    "input_conv_kernel_sizes": [7],
    "stackwise_num_filters": [64, 32, 64, 64],
    "stackwise_num_blocks": [2, 2, 2, 2],
    "stackwise_num_strides": [1, 2, 2, 2],
    "block_type": "basic_block",
    "image_shape": _SHAPE,
}
_RESNET_VD = {
    **_RESNET,
    "input_conv_filters": [32, 32, 64],
    "input_conv_kernel_sizes": [3, 3, 3],
    "block_type": "bottleneck_block_vd",
}
_CSPNET = {
    "stem_filters": 16,
    "stem_kernel_size": 3,
    "stem_strides": 1,
    "stem_padding": "same",
    "stackwise_depth": [1, 2, 2],
    "stackwise_strides": [2, 2, 2],
    "stackwise_num_filters": [32, 64, 64],
    "image_shape": _SHAPE,
}
_MIT = {
    "layerwise_depths": [1, 1],
    "num_layers": 2,
    "layerwise_num_heads": [1, 2],
    "layerwise_sr_ratios": [4, 2],
    "max_drop_path_rate": 0.1,
    "layerwise_patch_sizes": [7, 3],
    "layerwise_strides": [4, 2],
    "hidden_dims": [16, 32],
    "image_shape": _SHAPE,
}
_VIT = {
    "image_shape": _SHAPE,
    "patch_size": 16,
    "num_layers": 2,
    "num_heads": 2,
    "hidden_dim": 32,
}
_MOBILENET: dict[str, Any] = {
    "stackwise_expansion": [[40, 56], [64, 144, 144]],
    "stackwise_num_blocks": [2, 3],
    "stackwise_num_filters": [[16, 16], [24, 24, 24]],
    "stackwise_kernel_size": [[3, 3], [5, 5, 5]],
    "stackwise_num_strides": [[2, 1], [2, 1, 1]],
    "stackwise_se_ratio": [[None, None], [0.25, 0.25, 0.25]],
    "stackwise_activation": [["relu"] * 2, ["hard_swish"] * 3],
    "stackwise_padding": [[1, 1], [2, 2, 2]],
    "output_num_filters": 96,
    "input_activation": "hard_swish",
    "output_activation": "hard_swish",
    "input_num_filters": 16,
    "image_shape": _SHAPE,
    "depthwise_filters": 8,
    "depthwise_stride": 2,
    "depthwise_residual": False,
    "last_layer_filter": 96,
    "squeeze_and_excite": 0.5,
}
_MOBILENET_V5 = {
    "stackwise_block_types": [["er"], ["uir", "uir"]],
    "stackwise_num_blocks": [1, 2],
    "stackwise_num_filters": [[24], [48, 48]],
    "stackwise_strides": [[2], [2, 1]],
    "stackwise_act_layers": [["relu"], ["relu", "relu"]],
    "stackwise_exp_ratios": [[4.0], [6.0, 6.0]],
    "stackwise_se_ratios": [[0.0], [0.0, 0.0]],
    "stackwise_dw_kernel_sizes": [[0], [5, 5]],
    "stackwise_dw_start_kernel_sizes": [[0], [0, 0]],
    "stackwise_dw_end_kernel_sizes": [[0], [0, 0]],
    "stackwise_exp_kernel_sizes": [[3], [0, 0]],
    "stackwise_pw_kernel_sizes": [[1], [0, 0]],
    "stackwise_num_heads": [[0], [0, 0]],
    "stackwise_key_dims": [[0], [0, 0]],
    "stackwise_value_dims": [[0], [0, 0]],
    "stackwise_kv_strides": [[0], [0, 0]],
    "stackwise_use_cpe": [[False], [False, False]],
    "use_msfa": False,
    "image_shape": _SHAPE,
}
_HGNET = {
    "depths": [1, 1, 2],
    "embedding_size": 16,
    "hidden_sizes": [32, 64, 64],
    "stem_channels": [3, 16, 16],
    "hidden_act": "relu",
    "use_learnable_affine_block": False,
    "stackwise_stage_filters": [
        (16, 16, 32, 1, 1, 3),
        (32, 32, 64, 1, 2, 3),
        (64, 32, 64, 2, 2, 3),
    ],
    "apply_downsample": [False, True, True],
    "use_lightweight_conv_block": [False, False, True],
    "image_shape": _SHAPE,
}
_EFFICIENT_NET = {
    "stackwise_kernel_sizes": [3, 3, 5],
    "stackwise_num_repeats": [1, 2, 2],
    "stackwise_input_filters": [16, 16, 24],
    "stackwise_output_filters": [16, 24, 40],
    "stackwise_expansion_ratios": [1, 4, 6],
    "stackwise_squeeze_and_excite_ratios": [0.0, 0.0, 0.25],
    "stackwise_strides": [1, 2, 2],
    "stackwise_block_types": ["fused", "unfused", "unfused"],
    "stackwise_width_coefficients": [1.0] * 3,
    "stackwise_depth_coefficients": [1.0] * 3,
    "input_shape": _SHAPE,
    "num_features": 64,
}
# Its map of stride 16 holds more cells than the largest dilation, 18.
_OF_DEEPLAB = (320, 320, 3)
_OPEN = {"image_shape": (None, None, 3)}
_HUB: dict[str, tuple[str, dict[str, Any]]] = {
    "ResNet": ("ResNetBackbone", _RESNET),
    "ResNetV2": ("ResNetBackbone", {**_RESNET, "use_pre_activation": True}),
    "ResNetVD": ("ResNetBackbone", _RESNET_VD),
    "VGG": (
        "VGGBackbone",
        {
            "stackwise_num_repeats": [1, 2, 2, 2, 2],
            "stackwise_num_filters": [16, 32, 32, 64, 64],
            "image_shape": _SHAPE,
        },
    ),
    "DenseNet": (
        "DenseNetBackbone",
        {"stackwise_num_repeats": [2, 4, 3, 2], "image_shape": _SHAPE},
    ),
    "EfficientNet": ("EfficientNetBackbone", _EFFICIENT_NET),
    "MobileNet": ("MobileNetBackbone", _MOBILENET),
    "MobileNetV5": ("MobileNetV5Backbone", _MOBILENET_V5),
    "CSPNet": (
        "CSPNetBackbone",
        {
            **_CSPNET,
            "block_type": "dark_block",
            "stage_type": "csp",
            "bottle_ratio": [0.5, 1.0, 1.0],
            "block_ratio": [1.0, 0.5, 0.5],
            "expand_ratio": [2.0, 1.0, 1.0],
            "down_growth": True,
        },
    ),
    "DarkNet": (
        "CSPNetBackbone",
        {**_CSPNET, "block_type": "dark_block", "stage_type": "dark"},
    ),
    "HGNetV2": ("HGNetV2Backbone", _HGNET),
    "Xception": (
        "XceptionBackbone",
        {
            "stackwise_conv_filters": [[32, 64], [64, 96], [96, 96]],
            "stackwise_pooling": [True, True, False],
            "image_shape": _SHAPE,
        },
    ),
    "MiT": ("MiTBackbone", _MIT),
    "SegFormer": (
        "SegFormerBackbone",
        {"image_encoder": ("MiTBackbone", _MIT), "projection_filters": 16},
    ),
    "DeepLabV3Plus": (
        "DeepLabV3Backbone",
        {
            "image_encoder": (
                "ResNetBackbone",
                {**_RESNET, "image_shape": _OF_DEEPLAB},
            ),
            "projection_filters": 16,
            "low_level_feature_key": "P2",
            "spatial_pyramid_pooling_key": "P4",
            "upsampling_size": 4,
            "dilation_rates": [6, 12, 18],
            "image_shape": _OF_DEEPLAB,
        },
    ),
    "RetinaNet": (
        "RetinaNetBackbone",
        {
            "image_encoder": ("ResNetBackbone", {**_RESNET, **_OPEN}),
            "min_level": 3,
            "max_level": 5,
            "use_p5": False,
            "image_shape": _SHAPE,
        },
    ),
    "BASNet": (
        "BASNetBackbone",
        {
            "image_encoder": ("ResNetBackbone", {**_RESNET, **_OPEN}),
            "num_classes": 1,
            "projection_filters": 64,
            "image_shape": _SHAPE,
        },
    ),
    "ViT": ("ViTBackbone", {**_VIT, "mlp_dim": 64}),
    "DeiT": ("DeiTBackbone", {**_VIT, "intermediate_dim": 64}),
    "SAM encoder": (
        "ViTDetBackbone",
        {
            "image_shape": _SHAPE,
            "patch_size": 16,
            "hidden_size": 16,
            "num_layers": 2,
            "global_attention_layer_indices": [1],
            "intermediate_dim": 32,
            "num_heads": 2,
            "num_output_channels": 8,
            "window_size": 2,
        },
    ),
    "SwinTransformer": (
        "SwinTransformerBackbone",
        {
            "image_shape": _SHAPE,
            "embed_dim": 16,
            "depths": (2, 2),
            "num_heads": (2, 4),
            "window_size": 3,
        },
    ),
}
# Attention among 4 x 4 cells of a map of stride 4, and 2 x 2 of stride 8.
_GRIDS = {"MiT": 16, "SegFormer": 16}
_WITH_POSITIONS = ("ViT", "DeiT", "SAM encoder", "SwinTransformer")


def _of_hub(kind, **config):
    models = importlib.import_module("keras_hub.models")
    if "image_encoder" in config:
        encoder, of_encoder = config["image_encoder"]
        config["image_encoder"] = getattr(models, encoder)(**of_encoder)
    return getattr(models, kind)(**config)


def _care(rank):
    nets = importlib.import_module("csbdeep.internals.nets")
    sizes = (_SIZE, _SIZE) if rank == 2 else (16, 32, 32)
    return nets.common_unet(rank, n_depth=2, n_first=8)((*sizes, 1))


def _tcn():
    tcn = importlib.import_module("tcn")
    inputs = keras.Input((64, 3))
    layer = tcn.TCN(8, dilations=(1, 2, 4), return_sequences=True)
    return keras.Model(inputs, layer(inputs))
