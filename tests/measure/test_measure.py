"""One call measures a network that a program has in memory."""

import csv
import json
import logging
import logging.handlers

import keras
import numpy as np
import pytest
from PIL import Image
from run_study import Finished
from run_study import run_study

import keras_padpos
from keras_padpos import data
from keras_padpos import models
from keras_padpos import probes
from keras_padpos.choices import DEFAULT_TARGETS
from keras_padpos.errors import InputError
from keras_padpos.measure import PatternResult
from keras_padpos.measure import PositionResult
from keras_padpos.measure._compare import comparison_conclusion
from keras_padpos.measure._position import position_conclusion
from keras_padpos.studies.layouts import LAYOUTS

QUIET = {"verbose": False, "batch_size": 4}


def network(size=16, channels=3):
    keras.utils.set_random_seed(1)
    return keras.Sequential(
        [
            keras.Input((size, size, channels)),
            keras.layers.Conv2D(6, 3, padding="same", name="first"),
            keras.layers.ReLU(name="relu"),
            keras.layers.Conv2D(6, 3, 2, padding="same", name="last"),
        ],
        name="mine",
    )


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(0).uniform(1, 2, (18, 16, 16, 3))


@pytest.fixture(scope="module")
def position(images):
    return keras_padpos.measure_position(network(), images, **QUIET)


@pytest.fixture(scope="module")
def comparison(images):
    inputs = keras.Input((16, 16, 3))
    x = keras.layers.GlobalMaxPooling2D()(network()(inputs))
    classifier = keras.Model(inputs, keras.layers.Dense(5)(x), name="mine")
    return keras_padpos.compare_padding(
        classifier, ["zeros", "reflect", "none"], images, **QUIET
    )


def test_stages_inside_another_model_have_its_name_before_theirs(images):
    inputs = keras.Input((16, 16, 3))
    model = keras.Model(inputs, network()(inputs))
    options = {"reference": False, "targets": ["vertical"], **QUIET}
    result = keras_padpos.measure_position(model, images, **options)
    names = [row["stages"] for row in result.rows]
    assert names == ["mine/relu", "mine/last"]
    assert result.plot() and result.plot("maps")
    pattern = keras_padpos.measure_pattern(model, images, verbose=False)
    assert {row["layer"] for row in pattern.rows} == set(names)
    assert pattern.plot()


def test_padding_is_what_the_probe_reads(position):
    by_mode = {
        (row["padding_mode"], row["target"]): row["spearman"]
        for row in position.rows
        if row["stages"] == "last"
    }
    assert {row["stages"] for row in position.rows} == {"relu", "last"}
    for target in ("horizontal", "vertical", "gaussian"):
        assert by_mode["own", target] > 0.2 + by_mode["reference", target]
    assert position.rows[0]["train_images"] == 12
    assert position.rows[0]["images"] == 6


def test_numbers_are_those_of_the_pieces(position, images):
    """`position_probe` on features cut by hand from the pictures' middle."""
    net = network()
    stages = keras.Model(
        net.inputs[0],
        {name: net.get_layer(name).output for name in ("relu", "last")},
    )
    shape = data.as_images(images).shape
    larger = keras_padpos.ppp.ReferenceFeatures(stages, 16).picture_shape
    assert larger > shape
    pictures = keras.ops.image.resize(
        images.astype("float32"), larger, "bicubic", antialias=True
    )
    train, test = data.split_images(data.as_images(pictures))
    rows, _ = probes.position_probe(
        probes.probe_features(stages, picture_shape=larger),
        train,
        {"test": test},
        targets=["horizontal"],
        heads=[probes.Head(stages=("last",))],
    )
    (row,) = (
        row
        for row in position.rows
        if (row["padding_mode"], row["target"], row["stages"])
        == ("own", "horizontal", "last")
    )
    assert row["spearman"] == pytest.approx(rows[0]["spearman"], abs=1e-6)
    assert row["mae"] == pytest.approx(rows[0]["mae"], abs=1e-6)


def test_a_result_prints_its_table_and_its_conclusion(position):
    text = str(position)
    assert max(map(len, text.splitlines())) <= 100
    assert text.splitlines()[-1] == position.conclusion
    for part in ("real neighbours", "horizontal", "18 pictures, resized to 2"):
        assert part in text
    html = position._repr_html_()
    assert html.count("<tr>") == 1 + 2 * 4
    assert position.conclusion in html
    frame = position.to_frame()
    assert len(frame) == len(position.rows) == 16


def _score_rows(own, control, images=8):
    return [
        {
            "padding_mode": mode,
            "target": "vertical",
            "stages": "last",
            "spearman": score,
            "images": images,
        }
        for mode, score in {**own, "reference": control}.items()
    ]


@pytest.mark.parametrize(
    ("score", "control", "part"),
    [(0.9, 0.25, "0.65"), (0.24, -0.41, "all"), (0.2, 0.3, "none")],
)
def test_padding_accounts_for_at_most_the_whole_score(score, control, part):
    own = _score_rows({"own": score}, control)
    assert f"accounts for {part} of it." in position_conclusion(own)
    zeros = _score_rows({"zeros": score}, control)
    assert comparison_conclusion(zeros).endswith(
        f"Of {score:.2f}, zeros padding accounts for {part}."
    )


def test_fewer_than_eight_test_pictures_give_no_conclusion():
    rows = _score_rows({"zeros": 0.9, "own": 0.9}, 0.1, images=7)
    for conclusion in position_conclusion, comparison_conclusion:
        assert conclusion(rows).startswith("7 test pictures: too few")


def test_intervals_are_shown_where_there_are_some(position, images):
    first, *others = position.rows
    assert first["spearman_ci95"] is None  # of so few pictures
    assert "[0." not in str(position)
    first = {**first, "spearman": 0.8, "spearman_ci95": (0.714, 0.886)}
    result = PositionResult([first, *others], {}, "", [])
    assert "0.800 [0.71, 0.89]" in str(result)
    first["spearman_ci95"] = (-0.001, 0.5)
    result = PositionResult([first, *others], {}, "", [])
    assert "0.800 [0.00, 0.50]" in str(result)
    pattern = keras_padpos.measure_pattern(network(), images, **QUIET)
    row = {**pattern.rows[0], "relative_ci95": (0.125, 0.5), "snr_ci95": None}
    for rows, count in ([row], 1), ([row | {"relative_ci95": None}], 0):
        text = str(PatternResult(rows, {}, "", []))
        assert text.count("95 %") == text.count("[0.125, 0.500]") == count


def test_a_comparison_has_a_table_of_intervals_where_there_are_some(
    comparison,
):
    assert len(comparison.tables()) == 1
    for row in comparison.position:
        row["spearman_ci95"] = (-0.125, 0.714)
    try:
        _, intervals = comparison.tables()
        assert str(comparison).count("[-0.12, 0.71]") == 3 * 4
    finally:
        for row in comparison.position:
            row["spearman_ci95"] = None
    first, _, last = intervals["rows"]
    assert (first["padding_mode"], last["padding_mode"]) == ("zeros", "none")


def test_a_result_is_drawn(position):
    assert len(position.plot().axes) == 4
    # Maps, and the bar of their scale.
    assert len(position.plot("maps").axes) == 3 * 4 + 1
    with pytest.raises(InputError, match="`kind` must be one of stages, maps"):
        position.plot("bars")


def test_a_saved_result_is_a_run_of_the_report(position, tmp_path):
    position.save(tmp_path / "work")
    results = json.loads((tmp_path / "work" / "results.json").read_text())
    assert len(results["rows"]) == 16
    text = keras_padpos.report.report_text(
        keras_padpos.report.find_runs([str(tmp_path / "work")]),
        "markdown",
        LAYOUTS,
    )
    assert "real neighbours" in text


def test_a_network_that_knows_its_position_is_read_and_one_that_cannot_is_not():
    """Coordinates as a channel; a network of points alone."""
    rng = np.random.default_rng(0)
    images = rng.uniform(size=(12, 16, 16, 3)).astype("float32")
    images[..., 2] = np.linspace(0, 1, 16)
    keras.utils.set_random_seed(0)
    points = keras.Sequential(
        [keras.Input((16, 16, 3)), keras.layers.Conv2D(4, 1, name="points")]
    )
    options = {"targets": ["horizontal"], **QUIET}
    (knows, *_) = keras_padpos.measure_position(
        points, images, reference=False, **options
    ).rows
    assert knows["spearman"] > 0.999
    images[..., 2] = rng.uniform(size=(12, 16, 16))
    (cannot, control) = keras_padpos.measure_position(
        points, images, **options
    ).rows
    assert abs(cannot["spearman"]) < 0.2
    assert cannot["spearman"] == control["spearman"]


def test_a_pattern_is_at_the_border(images):
    pattern = keras_padpos.measure_pattern(network(), images, **QUIET)
    for row in pattern.rows:
        assert row["border"] > 1e4 * row["centre"]
    assert "border" in str(pattern)
    assert len(pattern.plot().axes) == 2 + 1


def test_modes_are_compared_in_one_table(comparison):
    zeros, reflect, none = comparison.rows
    assert [row["padding_mode"] for row in comparison.rows] == [
        "zeros",
        "reflect",
        "none",
    ]
    assert zeros["top1_agreement"] == 1
    assert zeros["horizontal"] > reflect["horizontal"]
    assert zeros["relative_pattern"] > reflect["relative_pattern"] > 0
    assert none["relative_pattern"] is None


def test_all_that_is_compared_is_drawn(comparison):
    *scores, pattern, agreement = comparison.plot().axes
    assert len(scores) == len(DEFAULT_TARGETS)
    labels = [line.get_label() for line in pattern.lines]
    assert labels == ["zeros", "reflect"]
    heights = [bar.get_height() for bar in agreement.patches]
    assert heights == [row["top1_agreement"] for row in comparison.rows[:2]]


def test_a_mode_may_be_an_object(images):
    net = network()
    pool = keras.layers.GlobalMaxPooling2D()
    classifier = keras.Sequential([net, pool, keras.layers.Dense(5)])
    modes = ["zeros", keras_padpos.padding.Constant(1.5)]
    zeros, constant = keras_padpos.compare_padding(
        classifier, modes, images, targets=["horizontal"], **QUIET
    ).rows
    assert constant["padding_mode"] == "Constant(value=1.5)"
    assert zeros["top1_agreement"] == 1
    assert 0 <= constant["top1_agreement"] <= 1


def test_callbacks_log_what_the_functions_measure(images):
    net = network()
    head = keras.Sequential([net, keras.layers.GlobalAveragePooling2D()])
    head.compile("sgd", "mse")
    options = {"stages": ["last"], "batch_size": 4}
    history = head.fit(
        images,
        np.zeros((18, 6)),
        epochs=2,
        verbose=0,
        callbacks=[
            keras_padpos.PositionCallback(
                images, targets=["horizontal"], every=2, **options
            ),
            keras_padpos.PatternCallback(images, **options),
        ],
    ).history
    assert len(history["pattern_last"]) == 2
    after = keras_padpos.measure_pattern(head, images, verbose=False, **options)
    assert history["pattern_last"][-1] == pytest.approx(
        after.rows[0]["relative"], rel=1e-4
    )
    after = keras_padpos.measure_position(
        head, images, reference=False, verbose=False, **options
    )
    between, last = history["position_horizontal_last"]
    assert np.isnan(between)
    assert last == pytest.approx(after.rows[0]["spearman"], abs=1e-4)


def test_what_is_measured_later_has_a_column_in_a_log(images, tmp_path):
    net = network()
    net.compile("sgd", "mse")
    options = {"every": 2, "batch_size": 4}
    history = net.fit(
        images,
        np.zeros((18, 8, 8, 6)),
        epochs=2,
        verbose=0,
        callbacks=[
            keras_padpos.PositionCallback(
                images, targets="horizontal", **options
            ),
            keras_padpos.PatternCallback(images, **options),
            keras.callbacks.CSVLogger(str(tmp_path / "log.csv")),
        ],
    ).history
    with (tmp_path / "log.csv").open() as file:
        rows = list(csv.DictReader(file))
    for name, values in history.items():
        assert [float(row[name]) for row in rows] == pytest.approx(
            values, nan_ok=True
        )
    assert {"position_horizontal_relu", "pattern_last"} < set(history)


def test_a_file_and_other_channels_are_measured(tmp_path):
    images = np.random.default_rng(0).uniform(size=(6, 20, 24, 1))
    net = network(None, 1)
    position = keras_padpos.measure_position(
        net, images, stages=["last"], targets=["vertical"], **QUIET
    )
    assert {row["backbone"] for row in position.rows} == {"mine"}
    path = tmp_path / "net.keras"
    network().save(path)
    rows = keras_padpos.measure_position(
        str(path), images.repeat(3, -1), reference=False, **QUIET
    ).rows
    assert {row["backbone"] for row in rows} == {str(path)}


@pytest.mark.parametrize(
    ("model", "options", "message"),
    [
        (3, {}, "`model` must be a Keras model.* Received: int"),
        (
            lambda: keras.Sequential([keras.layers.Conv2D(2, 3)]),
            {},
            "must be a built functional",
        ),
        (network, {"stages": ["lost"]}, "`stages` must name layers"),
        (network, {"targets": ["diagonal"]}, "`targets` must be among"),
        (network, {"targets": None}, "`targets` must be one or a list"),
        (network, {"stages": 3}, "`stages` must be one or a list"),
        (network, {"targets": []}, "`targets` must name at least one"),
        (network, {"max_images": 1}, "`images` must hold two or more"),
        ("no_net", {}, "no_net"),
    ],
)
def test_what_does_not_fit_is_named(model, options, message, images):
    model = model() if callable(model) else model
    with pytest.raises(InputError, match=message):
        keras_padpos.measure_position(model, images, **options, **QUIET)


def test_small_pictures_are_enlarged_with_a_warning(images):
    small = images[:, :12]
    options = {"targets": ["vertical"], "stages": ["last"], **QUIET}
    for reference in (True, False):
        with pytest.warns(UserWarning, match="of 12x16 pixels.* sees 16x16"):
            keras_padpos.measure_position(
                network(), small, reference=reference, **options
            )
    keras_padpos.measure_position(network(None), small, **options)


@pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="TensorFlow's warning"
)
def test_measuring_again_and_again_is_no_retracing(images):
    handler = logging.handlers.BufferingHandler(100)
    logger = logging.getLogger("tensorflow")
    logger.addHandler(handler)
    model = network()
    try:
        for count in (6, 7, 9, 10, 13):  # last batches of several sizes
            keras_padpos.measure_position(
                model, images[:count], targets=["vertical"], **QUIET
            )
    finally:
        logger.removeHandler(handler)
    lines = [record.getMessage() for record in handler.buffer]
    assert not [line for line in lines if "retracing" in line]


@pytest.mark.parametrize("dtype", ["uint8", "float32", "float64"])
def test_a_type_of_pictures_changes_no_score(dtype):
    rng = np.random.default_rng(5)
    pictures = rng.integers(0, 256, (9, 16, 16, 3), "uint8")
    options = {"targets": ["vertical"], "reference": False, **QUIET}
    scores = [
        [
            row["spearman"]
            for row in keras_padpos.measure_position(
                network(), each, **options
            ).rows
        ]
        for each in (pictures, list(pictures.astype(dtype)))
    ]
    np.testing.assert_allclose(*scores, atol=1e-4)


def test_one_name_stands_for_a_list_and_a_typo_has_a_hint(images):
    options = {"stages": "last", "targets": "horizontal", **QUIET}
    (row,) = keras_padpos.compare_padding(
        network(), "reflect", images, **options
    ).rows
    assert (row["stage"], row["padding_mode"]) == ("last", "reflect")
    with pytest.raises(InputError, match="`targets` .*mean horizontal?"):
        options["targets"] = "horizontl"
        keras_padpos.measure_position(network(), images, **options)


def test_progress_can_be_seen(images, capsys):
    keras_padpos.measure_position(
        network(), images, targets=["horizontal"], reference=False
    )
    assert "mine" in capsys.readouterr().err


def test_the_studies_measure_the_same(tmp_path):
    pytest.importorskip("tensorflow_datasets")
    net = network()
    net.save(tmp_path / "net.keras")
    (side, _) = keras_padpos.ppp.ReferenceFeatures(
        models.stages(net, ["relu", "last"]), 16
    ).picture_shape
    rng = np.random.default_rng(0)
    for name in ("train", "test"):
        (tmp_path / name).mkdir()
        for number in range(9):
            pixels = rng.integers(0, 256, (side, side, 3), "uint8")
            Image.fromarray(pixels).save(tmp_path / name / f"{number}.png")
    train, test = (
        data.open_images(tmp_path / name, size=side)
        for name in ("train", "test")
    )
    options = {"targets": ["horizontal"], "verbose": False}
    position = keras_padpos.measure_position(
        net, train, test_images=test, **options
    )
    pattern = keras_padpos.measure_pattern(net, train, verbose=False)
    for study, flags, result, fields in (
        (
            "position_probe",
            "--size=16 --stages=relu,last --stage_subsets=each "
            "--padding_mode=own,reference --train_images=train "
            "--test_images=test --targets=horizontal",
            position,
            ("padding_mode", "spearman", "mae", "spearman_ci95"),
        ),
        (
            "padding_pattern",
            "--crop=16 --layers=relu,last --padding_mode=own --images=train "
            "--crops_per_picture=1",
            pattern,
            ("padding_mode", "layer", "mae", "relative", "snr", "border"),
        ),
    ):
        work = tmp_path / study
        done = run_study(
            study,
            "--backbone=net.keras",
            "--weights=file",
            *flags.split(),
            f"--workdir={work}",
            cwd=tmp_path,
        )
        assert done.returncode == 0, done.stderr
        rows = Finished(done.stdout, done.stderr, work).rows
        assert len(rows) == len(result.rows)
        for row, ours in zip(rows, result.rows, strict=True):
            assert [row[key] for key in fields] == [
                json.loads(json.dumps(ours[key])) for key in fields
            ]
