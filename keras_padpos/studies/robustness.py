"""What borders have to do with how robust a classifier is.

Small classifiers are trained with each padding mode, with and without squares
cut out of their pictures (Cutout) that are black, white, of the mean colour or
noise. Then they are scored on clean pictures, on pictures with squares cut
out, and under attack: by random signs, picture by picture (PGD), and by one
perturbation for all pictures; on the whole picture, on its border alone, and
on as many pixels of its interior.
"""

from keras_padpos.choices import ATTACKS
from keras_padpos.choices import CUTOUT_FILLS
from keras_padpos.errors import InputError
from keras_padpos.runs.flags import Flag
from keras_padpos.runs.flags import naming
from keras_padpos.studies import networks
from keras_padpos.studies._robustness_report import TABLES
from keras_padpos.studies._robustness_report import plot_figures
from keras_padpos.studies.study import Study

_FLAGS = {
    "model": networks.model_flag(),
    "padding_mode": networks.padding_flag(
        ["zeros", "reflect", "interpolate"], "Padding modes to train with"
    ),
    "cutout": Flag(
        ["off", "black", "mean"],
        "What squares are filled with while training: off (no squares), black, "
        "white, mean, random.",
        choices=["off", *CUTOUT_FILLS],
        crossed=True,
    ),
    "test_cutout": Flag(
        ["black", "white", "mean", "random"],
        "What squares are filled with in test pictures, one after the other.",
        choices=CUTOUT_FILLS,
        empty=True,
    ),
    "cutout_size": Flag(
        0.5, "Side of the squares, a share of the picture's.", above=0, most=1
    ),
    "attacks": Flag(
        ["noise", "pgd", "universal"],
        "Attacks: noise (random signs), pgd (each picture by itself), "
        "universal (one perturbation, computed on training pictures).",
        choices=ATTACKS,
        empty=True,
    ),
    "shares": Flag(
        ["0.05", "0.1"],
        "Widths of the border that is attacked alone, shares of the picture's "
        "side; an interior of as many pixels is, too.",
        type=float,
        above=0,
        most=0.5,
        empty=True,
    ),
    "epsilon": Flag(
        ["2", "8"],
        "Sizes of the attacks: how far each value may move, of 0 to 255.",
        type=float,
        above=0,
        most=255,
        empty=True,
    ),
    "attack_step": Flag(
        0.25, "How far it does so at a time, a share of --epsilon.", least=0
    ),
    "attack_steps": Flag(10, "How many times, with pgd.", least=1, most=10_000),
    "universal_epochs": Flag(
        5, "Passes over --universal_images, with universal.", least=1
    ),
    "universal_images": Flag(
        500, "Training pictures that it is found on, the first.", least=1
    ),
    "dataset": networks.dataset_flag("their classes"),
    "size": Flag(
        32,
        "Height and width that pictures are resized to; vgg5 without padding "
        "(none) takes 38 and more.",
        least=1,
        most=networks.MOST_PIXELS,
    ),
}

_TRAINING = {
    "epochs": 3,
    "batch_size": 48,
    "learning_rate": 1e-3,
    "train_images": 10000,
    "test_images": 500,
    "seeds_of": "first weights, order, squares and attacks",
}


def _sets(run):
    from keras_padpos import tasks

    settings, trials = run.settings, _trials(run)
    for share in trials["shares"]:
        with naming("--shares"):
            tasks.region_mask(settings.size, settings.size, "border", share)
    if trials["attacks"] and not trials["epsilons"]:
        raise InputError(
            f"--epsilon must name the sizes of {settings.text('attacks')}. "
            "Received: nothing"
        )
    if not trials["attacks"] and not trials["fills"]:
        raise InputError(
            "--attacks or --test_cutout must name something to measure. "
            "Received: nothing"
        )
    return networks.tfds_sets(run, settings.size)


def _trials(run):
    """What a network is scored under, each once, for `score_robustness`."""
    trials = {}
    for argument, flag in {
        "fills": "test_cutout",
        "attacks": "attacks",
        "shares": "shares",
        "epsilons": "epsilon",
    }.items():
        values = list(dict.fromkeys(getattr(run.settings, flag)))
        # Names of figures and arrays have six digits.
        texts = [f"{x:g}" if isinstance(x, float) else x for x in values]
        if len(set(texts)) < len(values):
            raise InputError(
                f"--{flag} must differ in their first six digits. "
                f"Received: {', '.join(map(str, values))}"
            )
        trials[argument] = values
    return trials


def _network(run, plan):
    import keras

    from keras_padpos import tasks

    seed, cutout = plan.get("seed", run.settings.seed), plan["cutout"]
    keras.utils.set_random_seed(seed)
    return tasks.classification_net(
        plan["model"],
        run.sets["train"].classes,
        padding_mode=plan["padding_mode"],
        cutout=None if cutout == "off" else cutout,
        cutout_size=run.settings.cutout_size,
        seed=seed,
        size=run.settings.size,
    )


def _amount(run, plan):
    """Pictures that go through a network: in training, and in each row."""
    fills, attacks, shares, epsilons = map(len, _trials(run).values())
    rows = 1 + fills + attacks * epsilons * (1 + 2 * shares)
    return run.training_pictures + rows * len(run.sets["test"])


_ROW_FLAGS = (
    *("dataset", "size", "cutout_size", "attack_step", "attack_steps"),
    *("universal_epochs", "universal_images"),
)


def _measure(run, plan, unit):
    """Rows of one network; its curve and perturbations."""
    from keras_padpos import tasks

    settings, (pictures, labels) = run.settings, run.arrays["test"]
    network, note = networks.trained_classifier(run, plan, unit)
    reason, perturbations = note["reason"], {}
    if not reason:
        first = slice(settings.universal_images)
        try:
            rows, perturbations = tasks.score_robustness(
                network,
                pictures,
                labels,
                tuple(each[first] for each in run.arrays["train"]),
                **_trials(run),
                cutout_size=settings.cutout_size,
                step=settings.attack_step,
                steps=settings.attack_steps,
                universal_epochs=settings.universal_epochs,
                seed=plan["seed"],
                advance=lambda rows: unit.advance(rows * len(pictures)),
                checkpoint=unit.scoring,
            )
        except tasks.GradientError:
            reason = "gradients are not finite: training has diverged"
    if reason:
        trial = dict.fromkeys(("attack", "fill", "region", "share", "epsilon"))
        rows = [{**trial, "reason": reason}]
    rate = settings.learning_rate
    about = {
        **{name: getattr(settings, name) for name in _ROW_FLAGS},
        **networks.training_fields(run, unit, note, learning_rate=rate),
    }
    rows = [{**plan, **row, **about} for row in rows]
    return rows, {**unit.rolling.curves(), **perturbations}


STUDY = Study(
    name="robustness",
    about=__doc__,
    flags=_FLAGS,
    training=_TRAINING,
    sets=_sets,
    network=_network,
    network_flags=["size"],
    label="{model}-{padding_mode}-{cutout}-seed{seed}".format_map,
    amount=_amount,
    measure=_measure,
    tables=TABLES,
    figures=plot_figures,
)
