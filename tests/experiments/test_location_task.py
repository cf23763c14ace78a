import pytest
from run_study import StudyRuns
from tfds_folder import write_bright_dataset

from keras_padpos import tasks

SHARED = (
    "--dataset=padpos_bright",
    "--data_dir=tfds",
    "--train_images=20",
    "--test_images=12",
    "--batch_size=4",
    "--epochs=1",
    "--log_steps=2",
    "--padding_mode=zeros",
)
WHOLE = (
    "--task=both,segmentation",
    "--padding_mode=zeros,none",
    "--canvas=mean",
)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("location")
    for name, train, options in (
        ("padpos_bright", 20, {}),
        ("padpos_few", 3, {}),
        ("padpos_many", 20, {"classes": 12}),
    ):
        splits = {"train": train, "test": 14}
        write_bright_dataset(folder / "tfds", name, splits, **options)
    return StudyRuns("location_task", folder, *SHARED)


@pytest.fixture(scope="module")
def finished(run):
    return run(*WHOLE)


def test_rows_have_every_cell_as_often(finished):
    heads = {
        "both": ("class", "cell", "latent"),
        "segmentation": ("pixels", "latent"),
    }
    named = ("task", "padding_mode", "head")
    assert [tuple(row[name] for name in named) for row in finished.rows] == [
        (task, mode, head)
        for task in heads
        for mode in ("zeros", "none")
        for head in heads[task]
    ]
    for row in finished.rows:
        if row["head"] == "latent":
            continue
        assert [len(line) for line in row["per_cell"]] == [3, 3, 3]
        assert row["per_cell_images"] == row["test_images"] == 12
        assert len(row["by_border_distance"]) == 2
        assert row["steps"] == 5
        if row["head"] == "pixels":
            assert 0 <= row["mean_iou"] <= 1
        else:
            mean = sum(map(sum, row["per_cell"])) / 9
            assert row["accuracy"] == pytest.approx(mean)


def test_rows_of_units_add_up(finished):
    for row in finished.rows:
        if row["head"] == "latent":
            kinds = ("location", "class", "residual")
            counts = [row[f"neurons_{kind}"] for kind in kinds]
            assert sum(counts) == row["units"] == 256
            assert list(row["position_units"]) == [
                f"stage{number}_out" for number in range(1, 5)
            ]


def test_it_leaves_curves_figures_and_models(finished):
    assert len(finished.models) == 4
    assert finished.figures == {
        f"{what}_vgg5_{head}_mean_3_ordered"
        for what in ("cells", "distance", "learning")
        for head in ("both_class", "both_cell", "segmentation_pixels")
    }
    steps = [2, 4, 5]
    assert [line["step"] for line in finished.lines] == steps * 4
    for mode in ("zeros", "none"):
        label = f"vgg5-both-mean-3x3-{mode}-seed0"
        assert finished.arrays[f"{label}/step"].tolist() == steps
        assert finished.arrays[f"{label}/epoch"].tolist() == [0.4, 0.8, 1]
        assert finished.arrays[f"{label}/cell_accuracy"].shape == (3,)


def test_finished_it_prints_the_same_tables(finished, run):
    assert "| segmentation | pixels | mean" in finished.stdout
    assert "What units say of position and class" in finished.stdout
    assert run(*WHOLE).stdout == finished.stdout


def test_channels_may_be_permuted(run):
    done = run("--grid=2", "--channels=permuted", work="permuted")
    rows = [row for row in done.rows if row["head"] == "cell"]
    assert [row["channels"] for row in rows] == ["permuted"]


def test_a_network_that_diverges_does_not_end_the_run(run, monkeypatch):
    train = tasks.train_location

    def diverging(model, *args, **options):
        steps = train(model, *args, **options)
        if model.layers[-1].name == "cell_logits":
            model.layers[-1].bias.assign([float("nan")] * 4)
        return steps

    monkeypatch.setattr(tasks, "train_location", diverging)
    flags = ("--task=location,classification", "--grid=2")
    done = run(*flags, work="diverged")
    heads = [row["head"] for row in done.rows]
    assert heads == ["cell", "class", "latent"]
    assert "diverged" in done.rows[0]["reason"]
    assert "accuracy" not in done.rows[0]
    assert done.rows[0]["reason"] in done.stdout


@pytest.mark.large
def test_seeds_grids_and_half_precision(run):
    done = run(
        *("--task=both", "--grid=1,2", "--seeds=2", "--max_steps=3"),
        *("--nocalibrate_batch_norm", "--mixed_precision"),
        work="half",
    )
    cells = [row for row in done.rows if row["head"] == "cell"]
    assert [(row["seed"], row["grid"], row["chance"]) for row in cells] == [
        (seed, grid, 1 / grid**2) for seed in (0, 1) for grid in (1, 2)
    ]
    assert cells[0]["accuracy"] == 1
    assert {row["steps"] for row in done.rows} == {3}
    curve = done.arrays["vgg5-both-black-1x1-zeros-seed0/cell_accuracy"]
    assert curve.tolist() == [1, 1]


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ("--model=vgg6", "--model must be one of vgg5"),
        ("--task=where", "--task must be one of classification"),
        ("--canvas=grey", "--canvas must be one of black"),
        ("--grid=0", "--grid"),
        ("--grid=three", "--grid"),
        ("--padding_mode=mirror", "mirror"),
        ("--train_images=3", "--train_images must be at least --batch_size=4"),
        ("--test_images=10", "--test_images must be at least 11"),
        ("--max_images=10", "Received: 10, with --max_images=10 and"),
        ("--grid=4", "--test_images must be at least 17"),
        ("--channels=mixed", "--channels must be one of ordered, permuted"),
        ("--channels=permuted --task=segmentation", "--channels must be orde"),
        ("--dataset=padpos_nowhere", "=padpos_nowhere cannot be read: "),
        ("--dataset=padpos_few", "=padpos_few, which has 3"),
        ("--dataset=padpos_many", "at most 10 classes. Received: --dataset=pa"),
    ],
)
def test_what_cannot_work_is_refused_at_once(run, flags, message):
    run.check_refused(flags, message)
