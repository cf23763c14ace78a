"""Tiny runs of every experiment, and of tools over what they leave.

All paths are seen from the folder that `make_data.py` fills. A run works in
`work/NAME` there; NAME begins with its experiment's, up to the first `-`.
"""

TEXTURE = """
    --backbone=small.keras --weights=file --layer=relu
    --train_set=textures/train --test_set=textures/test
    --size=24 --batch_size=4 --log_steps=2 --epochs=1
"""
ROBUSTNESS = """
    --dataset=padpos_bright --data_dir=tfds
    --train_images=16 --test_images=10 --batch_size=4 --epochs=2 --log_steps=4
    --shares=0.1 --attack_steps=2 --attack_step=1 --epsilon=8
    --universal_images=8 --universal_epochs=1
"""
LOCATION = """
    --dataset=padpos_bright --data_dir=tfds
    --train_images=20 --test_images=12 --batch_size=4 --epochs=1 --log_steps=2
"""
SEMANTIC = """
    --backbone=vgg5 --stages=1,2,3 --size=24,32
    --batch_size=4 --max_steps=5 --log_steps=2
"""
VOC = "--train_set=voc:voc:train --test_set=voc:voc:test --classes=3"
DUTS = """
    --task=saliency
    --train_set=duts:duts:train --test_set=duts:duts:test
"""
PATTERN = """
    --backbone=pattern.keras --layers=first,second,third
    --padding_mode=own,reflect,randn,none
    --images=noise --crop=28 --crops_per_picture=4 --batch_size=3
"""
FORMATION = """
    --padding_mode=zeros,none --dataset=padpos_bright --data_dir=tfds
    --train_images=16 --batch_size=4 --epochs=1 --checkpoints=0,2,50
    --calibrate_batch_norm=8 --images=photos --pattern_crops=5
"""

RUNS = {
    "texture": f"""{TEXTURE}
        --padding_mode=own,none --train=frozen,scratch --seeds=2
    """,
    # A backbone with a name: its last stage, and batches of six pictures.
    "texture-named": """
        --backbone=vgg5 --weights=random --padding_mode=zeros,randn
        --train=frozen,scratch --size=48 --batch_size=4 --epochs=1
        --train_set=textures/train --test_set=textures/test --max_images=6
    """,
    "texture-diverged": f"""{TEXTURE}
        --padding_mode=own --train=scratch,frozen --learning_rate=1e20
    """,
    "robustness": f"""{ROBUSTNESS}
        --padding_mode=zeros --cutout=off,black --test_cutout=black,random
        --attacks=noise,pgd,universal --seeds=2
    """,
    "robustness-modes": f"""{ROBUSTNESS}
        --padding_mode=randn --cutout=random --test_cutout=
        --attacks=pgd,universal --nocalibrate_batch_norm
    """,
    "robustness-diverged": f"""{ROBUSTNESS}
        --padding_mode=zeros --cutout=off --learning_rate=1e30 --max_steps=1
    """,
    "location_task": f"""{LOCATION}
        --task=both,segmentation --padding_mode=zeros,none --canvas=mean
    """,
    "location_task-single": f"""{LOCATION}
        --task=location,classification --grid=2 --padding_mode=zeros
        --channels=ordered,permuted
    """,
    "location_task-seeds": f"""{LOCATION}
        --task=both --grid=1,2 --padding_mode=randn --seeds=2 --max_steps=3
        --nocalibrate_batch_norm
    """,
    "semantic_head": f"{SEMANTIC} {VOC} --seeds=2",
    "semantic_head-saliency": f"""{SEMANTIC} {DUTS}
        --head=fcn,fcn_skips --padding_mode=reflect --invariance_images=2
    """,
    "semantic_head-file": f"""{SEMANTIC} {VOC}
        --backbone=small.keras --weights=file --stages=conv,relu
        --padding_mode=own --enlarge=places,stretch
    """,
    "semantic_head-deeplab": f"""{SEMANTIC} {VOC}
        --backbone=resnet18 --stages=all --size=64 --head=deeplab
        --padding_mode=zeros
    """,
    "semantic_head-diverged": f"""{SEMANTIC} {VOC}
        --padding_mode=zeros --learning_rate=1e30
    """,
    "position_probe": """
        --backbone=mobilenet,rgb --weights=random
        --padding_mode=zeros,replicate
        --train_images=pictures[:4] --test_images=pictures,black
        --targets=horizontal,vertical_stripes --kernel_sizes=1,3 --stages=1,2
        --ridge=0.1
    """,
    "position_probe-file": """
        --backbone=net-zeros-seed0.keras --weights=file,random
        --stages=conv0,conv1 --stage_subsets=each,all --kernel_sizes=1,3
        --ridge=auto --positions_per_image=20 --calibrate_batch_norm=4
        --seeds=2 --train_images=pictures[:3],noise
        --test_images=pictures,white --targets=horizontal,vertical,gaussian
    """,
    "position_probe-adam": """
        --backbone=rgb --tables=2a,3 --solver=adam --epochs=1 --head_width=2
        --train_images=pictures --test_images=noise --max_images=2
    """,
    "position_probe-sgd": """
        --backbone=net-zeros-seed0.keras --weights=file --solver=sgd
        --stages=conv0,conv1 --padding_mode=zeros,randn
        --targets=horizontal,vertical --train_images=pictures
        --test_images=noise,white --max_images=4 --epochs=2 --seeds=2
    """,
    "padding_pattern": PATTERN,
    "padding_pattern-before": f"""{PATTERN}
        --padding_mode=own,zeros,constant,symmetric,replicate,circular
        --activation=before
    """,
    "padding_pattern-partial": f"""{PATTERN}
        --padding_mode=distribution,random_sides,partial,interpolate
        --max_images=2
    """,
    "pattern_formation": f"{FORMATION} --seeds=2 --seed=3",
    "fconv_tests": """
        --convolution=valid,full --padding_mode=zeros --splits=released
        --seeds=2 --seed=3 --epochs=1 --max_images=12
    """,
    "fconv_tests-quadrants": """
        --test=four_quadrants --backbone=net-zeros-seed0.keras --weights=file
        --layer=conv1 --padding_mode=own --train=frozen,scratch --borders=0,8
        --images=noise --pictures=6,3 --background=black --seeds=1 --epochs=1
    """,
    "prediction_agreement": """
        --images=pictures --weights=mobilenet.weights.h5 --crop=32
        --padding_mode=zeros,replicate,none
    """,
}
RUNS = {name: given.split() for name, given in RUNS.items()}

_ALL = tuple(RUNS)
_PROBES = (
    "position_probe",
    "position_probe-file",
    "position_probe-adam",
    "position_probe-sgd",
)
_METRICS = ("pattern_formation", "fconv_tests-quadrants")

# From a name to the command and the runs that it is over.
TOOLS = {
    **{
        f"compare_metrics-{kind}": (
            [
                "tools.compare_metrics",
                *(f"work/{name}" for name in _METRICS),
                f"--format={kind}",
            ],
            _METRICS,
        )
        for kind in ("terminal", "markdown")
    },
    **{
        f"position_tables-{kind}": (
            [
                "tools.position_tables",
                *(f"work/{name}" for name in _PROBES),
                f"--format={kind}",
            ],
            _PROBES,
        )
        for kind in ("terminal", "markdown")
    },
    **{
        f"report-{kind}": (
            ["tools.report", "work", "--out=-", f"--format={kind}"],
            _ALL,
        )
        for kind in ("markdown", "csv", "html")
    },
    "sweep-dry_run": (
        ["tools.sweep", "grid.yaml", "--out=swept", "--dry_run"],
        (),
    ),
}
