"""`elman classify` and `elman regress`: what they show and write, and everything that may be wrong."""

import csv
import json
import os
import subprocess
import sys

import numpy as np
import pytest

import elman as el
from elman.cli import main
from elman.plots.page import Report
from tests.cli.cases import AS_TOLD, HEAD, QUICK, archive, edited, long_table

FILES = {"predictions.csv", "metrics.json", "report.html", "model.safetensors"}


@pytest.fixture(autouse=True)
def quick_pages(monkeypatch, request):
    """A page takes longer than all else; it is made where a test asks for it."""
    if "drawn" not in request.fixturenames:
        from elman import commands_sequences_files

        monkeypatch.setattr(commands_sequences_files, "page", lambda *_: Report("", []))


@pytest.fixture
def drawn():
    """Pages are made."""


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    """Run `elman ...` in an empty folder: exit code, stdout, stderr."""

    def call(*arguments):
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(sys, "argv", ["elman", *map(str, arguments)])
        with pytest.raises(SystemExit) as end:
            main()
        return end.value.code, *capsys.readouterr()

    return call


@pytest.fixture
def walks(tmp_path):
    """A table to learn from, one of others, and the same without labels."""
    (tmp_path / "walks.csv").write_text(long_table())
    (tmp_path / "others.csv").write_text(long_table(("down", "up", "up", "down"), steps=7))
    (tmp_path / "unlabelled.csv").write_text(long_table(("down", "up", "up"), labelled=False))
    return tmp_path


def read(path):
    with path.open() as file:
        return list(csv.DictReader(file))


# --- what a newcomer does -----------------------------------------------------------------------------------


def test_classify_with_a_test(run, walks, drawn):
    code, out, _ = run("classify", "walks.csv", *AS_TOLD, "--test", "others.csv", *QUICK)
    assert code == 0
    assert "walks: 12 cases of 5 steps, 2 channels (x, y); classes down (6), up (6)." in out
    assert (
        "Tested on 4 cases of others.csv." in out and "Accuracy " in out and "precision" in out and "is \\ said" in out
    )
    assert "always saying the most frequent class of the training would give 0.500" in out
    assert "Written to classify-walks: predictions.csv, report.html, metrics.json, model.safetensors" in out
    folder = walks / "classify-walks"
    assert {p.name for p in folder.iterdir()} == FILES
    rows = read(folder / "predictions.csv")
    assert list(rows[0]) == ["name", "label", "predicted", "probability_down", "probability_up"]
    assert [row["label"] for row in rows] == ["down", "up", "up", "down"]
    for row in rows:
        down, up = float(row["probability_down"]), float(row["probability_up"])
        assert down + up == pytest.approx(1, abs=1e-5) and row["predicted"] == ("up" if up > down else "down")
    metrics = json.loads((folder / "metrics.json").read_text())
    right = np.mean([row["label"] == row["predicted"] for row in rows])
    assert metrics["scores"]["accuracy"] == right
    assert metrics["trained_on"]["labels"] == {"down": 6, "up": 6} and metrics["tested_on"]["cases"] == 4
    assert len(metrics["history"][0]["loss"]) == 2
    page = (folder / "report.html").read_text()
    for title in (
        "Verdict",
        "Confusion",
        "The hardest cases",
        "What it thought over time",
        "Learning",
        "Data",
        "Model",
    ):
        assert f"<h2>{title}</h2>" in page
    assert page.count('<figure class="chart') == 12 and "<code>elman classify walks.csv " in page


def test_the_model_that_is_written_judges_as_in_python(run, walks):
    run("classify", "walks.csv", *AS_TOLD, "--test", "others.csv", *QUICK, "--out", "o", "--members", 2, "--seed", 3)
    model = el.load(walks / "o" / "model.safetensors")
    assert isinstance(model, el.SequenceClassifier)
    assert (model.units, model.members, model.random_state, model.convolution) == (4, 2, 3, None)
    found = model.predict_proba(el.data.casing.read_cases(walks / "others.csv", group="walk", time="t", label="kind"))
    written = [float(row["probability_up"]) for row in read(walks / "o" / "predictions.csv")]
    np.testing.assert_allclose(found[:, 1], written, atol=1e-6)


def test_classify_again_with_a_model_knows_the_columns(run, walks):
    run("classify", "walks.csv", *AS_TOLD, "--test", "others.csv", *QUICK, "--out", "o")
    code, out, _ = run("classify", "--model", "o/model.safetensors", "others.csv", "--out", "again")
    assert code == 0 and "Judged by o/model.safetensors: 4 cases of others.csv." in out and "Accuracy" in out
    assert (walks / "o/predictions.csv").read_text() == (walks / "again/predictions.csv").read_text()
    assert {p.name for p in (walks / "again").iterdir()} == FILES - {"model.safetensors"}


def test_judging_leaves_the_test_of_the_model_as_it_is(run, walks):
    run("classify", "walks.csv", *AS_TOLD, *QUICK)
    before = {file.name: file.read_bytes() for file in (walks / "classify-walks").iterdir()}
    for _ in range(2):
        code, out, _ = run("classify", "--model", "classify-walks/model.safetensors", "walks.csv")
        assert code == 0 and "Written to classify-walks-again: " in out
    assert {file.name: file.read_bytes() for file in (walks / "classify-walks").iterdir()} == before


def test_cases_without_labels_are_judged_and_nothing_says_how_well(run, walks):
    code, out, _ = run("classify", "walks.csv", *AS_TOLD, "--test", "unlabelled.csv", *QUICK, "--out", "o")
    assert code == 0 and "Accuracy" not in out and "Judged 3 cases of unlabelled.csv" in out
    assert "Note: unlabelled.csv has no column 'kind'" in out
    assert list(read(walks / "o/predictions.csv")[0]) == ["name", "predicted", "probability_down", "probability_up"]
    assert json.loads((walks / "o/metrics.json").read_text())["scores"] is None
    code, again, _ = run("classify", "--model", "o/model.safetensors", "unlabelled.csv", "--out", "again")
    assert code == 0 and "w0: " in again
    assert (walks / "o/predictions.csv").read_text() == (walks / "again/predictions.csv").read_text()


def test_without_a_test_cases_of_every_class_are_held_out_and_all_are_learnt(run, walks):
    code, out, _ = run("classify", "walks.csv", *AS_TOLD, *QUICK, "--out", "o", "--hold-out", 0.34)
    assert code == 0 and "Tested on 4 of 12 cases, held out from every class" in out and "learnt from all 12" in out
    labels = [row["label"] for row in read(walks / "o/predictions.csv")]
    assert sorted(labels) == ["down", "down", "up", "up"]
    run("classify", "walks.csv", *AS_TOLD, *QUICK, "--out", "all", "--hold-out", 0)
    assert not (walks / "all/predictions.csv").exists()
    first, second = (el.load(walks / name / "model.safetensors") for name in ("o", "all"))
    cases = el.data.casing.read_cases(walks / "others.csv", group="walk", time="t", label="kind")
    np.testing.assert_array_equal(first.predict_proba(cases), second.predict_proba(cases))


def test_regress(run, walks, drawn):
    numbers = [0.5 * i for i in range(12)]
    (walks / "numbers.csv").write_text(long_table(numbers))
    code, out, _ = run("regress", "numbers.csv", *AS_TOLD, *QUICK, "--loss", "huber", "--out", "o")
    assert code == 0 and "numbers from 0 to 5.5" in out and "mean of training" in out and "R²" in out
    rows = read(walks / "o/predictions.csv")
    assert list(rows[0]) == ["name", "label", "predicted"]
    errors = [float(row["label"]) - float(row["predicted"]) for row in rows]
    scores = json.loads((walks / "o/metrics.json").read_text())["scores"]
    assert scores["rmse"] == pytest.approx(np.sqrt(np.mean(np.square(errors))), rel=1e-6)
    assert "<h2>Said and true</h2>" in (walks / "o/report.html").read_text()
    code, out, _ = run("regress", "--model", "o/model.safetensors", "unlabelled.csv", "--out", "again")
    assert code == 0 and "w0: " in out


def test_files_of_archives_and_options_of_all_kinds(run, tmp_path):
    rng = np.random.default_rng(1)
    cases = [(np.round(sign * np.arange(n) + rng.normal(size=n), 3), name)
             for n in range(4, 12) for sign, name in ((1, "up"), (-1, "down"))]  # fmt: skip
    (tmp_path / "Walks_TRAIN.ts").write_text(archive(cases))
    (tmp_path / "Walks_TEST.ts").write_text(archive(cases[::-1]))
    code, out, err = run(
        "classify", "Walks_TRAIN.ts", "--test", "Walks_TEST.ts", *QUICK, "--cell", "lstm", "--layers", 2, "--forward",
        "--pooling", "last,max", "--class-weight", "balanced", "--label-smoothing", 0.1, "--validation", 0.3,
        "--patience", 1, "--dropout", 0.1, "--batch-size", 4, "--learning-rate", 0.01, "--threads", 1,
    )  # fmt: skip
    assert code == 0 and "4 to 11 steps" in out and "Written to classify-Walks:" in out and "training" in err
    model = el.load(tmp_path / "classify-Walks/model.safetensors")
    assert (model.layers, model.bidirectional, model.pooling) == (2, False, ["last", "max"])
    assert (model.class_weight, model.validation, model.patience, model.threads) == ("balanced", 0.3, 1, 1)


def test_quiet_says_nothing(run, walks):
    code, out, err = run("classify", "walks.csv", *AS_TOLD, *QUICK, "--hold-out", 0, "--quiet")
    assert (code, out, err) == (0, "", "")


def test_what_a_test_does_not_tell_is_noted(run, walks):
    (walks / "rare.csv").write_text(long_table([*("up", "down") * 6, "left"]))
    _, out, _ = run("classify", "rare.csv", *AS_TOLD, *QUICK)
    assert "Note: 1 class has one case, which was not held out: 'left'." in out
    _, out, _ = run("classify", "walks.csv", *AS_TOLD, "--test", "walks.csv", *QUICK)
    assert "which was learnt from: it says nothing of new cases" in out


def test_an_old_folder_keeps_what_is_not_of_the_command(run, walks):
    (walks / "o").mkdir()
    (walks / "o/mine.txt").write_text("mine")
    (walks / "o/predictions.csv").write_text("old")
    assert run("classify", "walks.csv", *AS_TOLD, *QUICK, "--out", "o", "--hold-out", 0)[0] == 0
    assert (walks / "o/mine.txt").read_text() == "mine" and not (walks / "o/predictions.csv").exists()


# --- what is refused, with nothing written ------------------------------------------------------------------

BAD_TABLES = {
    "empty": ("", "is empty"),
    "a header alone": (",".join(HEAD) + "\n", "has no rows"),
    "one class": (long_table(["up"] * 6), "are of one class, 'up'"),
    "a class for each case": (long_table(list("abcdef")), "each of the 6 cases .* has a class of its own, such as 'a'"),
    "numbers for classes": (long_table([0.25 * i for i in range(6)]), "`elman regress` learns numbers"),
    "a label that changes": (edited(3, lambda r: [*r[:4], "down"]), "labels case 'w0' both 'up' and 'down'"),
    "a case without a label": (
        long_table().replace(",up\n", ",\n", 5), "'kind' has no label for 1 case: 'w0'",
    ),
    "a time twice": (edited(3, lambda r: [r[0], "1", *r[2:]]), "case 'w0' has the time 1 twice"),
    "a word for a number": (edited(4, lambda r: [*r[:2], "much", *r[3:]]), "'x' .* holds 'much' in row 4"),
    "an infinite number": (edited(4, lambda r: [*r[:2], "inf", *r[3:]]), "'x' .* is infinite in row 4"),
    "a field too many": (edited(4, lambda r: [*r, "7"]), "line 5 has 6 fields, expected 5"),
    "no such column": (long_table(head=["walk", "t", "x", "y", "sort"]), "no column 'kind'"),
    "no value in a channel": (
        "\n".join(",".join([*r.split(",")[:2], "x" if not i else "", *r.split(",")[3:]])
                  for i, r in enumerate(long_table().splitlines())), "channel 'x' has no value in any case",
    ),
    "no text": (b"\x00\x01\x02" * 50, "is not a text"),
}  # fmt: skip


def refused(found, tmp_path, before, *words):
    """One line of a reason, exit code 2, and nothing new in the folder."""
    import re

    code, out, err = found
    lines = [line for line in err.splitlines() if line.strip()]
    assert code == 2 and out == "" and len(lines) == 1, (code, out, err)
    for pattern in words:
        assert re.search(pattern, err), (pattern, err)
    assert sorted(p.name for p in tmp_path.rglob("*")) == before


@pytest.mark.parametrize("what", BAD_TABLES)
def test_tables_that_cannot_be_learnt_from(run, tmp_path, what):
    content, words = BAD_TABLES[what]
    path = tmp_path / "bad.csv"
    path.write_bytes(content) if isinstance(content, bytes) else path.write_text(content)
    refused(run("classify", "bad.csv", *AS_TOLD, *QUICK), tmp_path, ["bad.csv"], words)


BAD_TESTS = {
    "other channels": (long_table(head=["walk", "t", "a", "b", "kind"]), "bad.csv.* the channels a, b; expected x, y"),
    "more channels": (long_table(head=["walk", "t", "x", "y", "z", "kind"]), "bad.csv.* 3 channels .* expected 2"),
    "other classes": (long_table(["left", "right"] * 3), "bad.csv.* labelled 'left', 'right', .* 'down', 'up'"),
    "a class more": (
        long_table(["up", "left"] * 3),
        "bad.csv: 3 cases of 6 are of the class 'left', which was not learnt",
    ),
    "empty": ("", "bad.csv is empty"),
    "a case without a label": (long_table().replace(",up\n", ",\n", 5), "has no label for 1 case"),
}


@pytest.mark.parametrize("what", BAD_TESTS)
@pytest.mark.parametrize("trained", [False, True])
def test_cases_that_cannot_be_judged_are_refused_before_the_training(run, walks, what, trained):
    content, words = BAD_TESTS[what]
    (walks / "bad.csv").write_text(content)
    asked = ["walks.csv", *AS_TOLD, "--test", "bad.csv", *QUICK]
    if trained:
        run("classify", "walks.csv", *AS_TOLD, *QUICK, "--hold-out", 0, "--out", "o")
        asked = ["--model", "o/model.safetensors", "bad.csv"]
    before = sorted(p.name for p in walks.rglob("*"))
    refused(run("classify", *asked), walks, before, words)


@pytest.mark.parametrize(
    "options, words",
    [
        (["missing.csv", *AS_TOLD], "there is no file missing.csv"),
        (["folder", *AS_TOLD], "folder is a folder"),
        (["walks.csv"], "name the column that does with group="),
        (["walks.csv", "--group", "walk"], r"columns that are no numbers: 'kind' \(texts\)"),
        (["walks.csv", *AS_TOLD[:-1], "knd"], "no column 'knd' .did you mean 'kind'"),
        (["walks.csv", *AS_TOLD, "--test", "missing.csv"], "there is no file missing.csv"),
        (["walks.csv", *AS_TOLD, "--test", "others.csv", "--hold-out", "0.2"], "leave it or --test out"),
        (["walks.csv", *AS_TOLD, "--seed", "-1"], "random_state is -1; expected a whole number of at least 0"),
        (["walks.csv", *AS_TOLD, "--hold-out", "1.5"], r"hold_out is 1.5; expected a number in \[0, 1\)"),
        (["walks.csv", *AS_TOLD, "--units", "0"], "units is 0"),
        (["walks.csv", *AS_TOLD, "--cell", "lsmt"], "did you mean 'lstm'"),
        (["walks.csv", *AS_TOLD, "--pooling", "mean,meen"], "did you mean 'mean'"),
        (["walks.csv", *AS_TOLD, "--patience", "3"], "patience needs cases that judge"),
        (["walks.csv", *AS_TOLD, "--channels", "first"], "channels='first' .* means nothing for a table"),
        (["walks.csv", *AS_TOLD, "--out", "walks.csv"], "called as a file is"),
        (["walks.csv", *AS_TOLD, "--out", "text"], "the output text is a file"),
        (["--model", "missing.safetensors", "walks.csv"], "no model file missing.safetensors"),
        (["--model", "text", "walks.csv"], "cannot be read as a safetensors file"),
        (["--model", "net.safetensors", "walks.csv"], "holds a Network, not a SequenceClassifier"),
        (["--model", "net.safetensors", "walks.csv", "--epochs", "3"], "--epochs is for training"),
    ],
)
def test_options_that_make_no_sense(run, walks, options, words):
    (walks / "folder").mkdir()
    (walks / "text").write_text("hello")
    el.Network(1, [el.GRU(2)]).save(walks / "net.safetensors")
    before = sorted(p.name for p in walks.rglob("*"))
    refused(run("classify", *options), walks, before, words)


def test_a_model_of_classes_tells_no_numbers(run, walks):
    run("classify", "walks.csv", *AS_TOLD, *QUICK, "--hold-out", 0, "--out", "o")
    before = sorted(p.name for p in walks.rglob("*"))
    words = "holds a SequenceClassifier, not a SequenceRegressor.*`elman classify --model` in the shell"
    refused(run("regress", "--model", "o/model.safetensors", "others.csv"), walks, before, words)
    refused(run("regress", "walks.csv", *AS_TOLD), walks, before, "y is 'up' .* expected numbers", "`elman classify`")


def test_a_training_that_cannot_go_on_leaves_nothing(run, walks):
    before = sorted(p.name for p in walks.rglob("*"))
    found = run("classify", "walks.csv", *AS_TOLD, *QUICK, "--learning-rate", 1e30)
    refused(found, walks, before, "try a learning rate below")


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="the administrator may write everywhere")
def test_a_folder_that_cannot_be_written_is_refused_before_the_training(run, walks):
    (walks / "closed").mkdir(mode=0o500)
    code, _, err = run("classify", "walks.csv", *AS_TOLD, *QUICK, "--out", "closed/deep")
    assert code == 2 and "cannot be written: Permission denied" in err


# --- a training is never lost -------------------------------------------------------------------------------

PRESSED = """
import sys
from elman.cli.bars import Bars
from elman.training import LambdaCallback

def press(training):
    raise KeyboardInterrupt

shown = Bars.watch
pressed = {{"{stage}": [LambdaCallback(on_epoch_end=press)]}}
Bars.watch = lambda self, stage, n: [*shown(self, stage, n), *pressed.get(stage, [])]
from elman.cli import main
sys.argv = ["elman", "classify", "walks.csv", *{asked!r}]
main()
"""


@pytest.mark.parametrize("stage", ["training", "hold-out"])
def test_ctrl_c_keeps_what_was_learnt(walks, run, stage):
    code = PRESSED.format(stage=stage, asked=[*AS_TOLD, *QUICK, "--out", "o"])
    end = subprocess.run([sys.executable, "-c", code], cwd=walks, capture_output=True, text=True)
    assert end.returncode == 130
    assert "what was learnt so far is in o/model.safetensors; classify with it by --model" in end.stderr
    assert sorted(p.name for p in (walks / "o").iterdir()) == ["model.safetensors", "run"]
    assert run("classify", "--model", "o/model.safetensors", "others.csv")[0] == 0


def test_what_goes_wrong_behind_the_training_keeps_the_model(run, walks, monkeypatch):
    from elman.classify import holding
    from elman.errors import DataError

    def fail(*_):
        raise DataError("no")

    monkeypatch.setattr(holding, "judge", fail)
    code, _, err = run("classify", "walks.csv", *AS_TOLD, *QUICK, "--out", "o")
    assert code == 2 and "no. The model that was trained is kept: o/model.safetensors" in err
    assert {p.name for p in (walks / "o").iterdir()} == {"model.safetensors", "run"}  # which --resume goes on from


def test_a_page_that_cannot_be_drawn_is_a_note(run, walks, monkeypatch):
    from elman import commands_sequences_files

    monkeypatch.setattr(commands_sequences_files, "page", lambda *_: 1 / 0)
    code, out, _ = run("classify", "walks.csv", *AS_TOLD, *QUICK, "--out", "o")
    assert code == 0 and "Note: there is no page: ZeroDivisionError" in out
    assert {p.name for p in (walks / "o").iterdir()} == FILES - {"report.html"}


def test_a_label_that_is_part_of_the_names(run, tmp_path):
    rows = [f"{p},{kind},{t},{t if kind == 'up' else -t}" for p in "abcd" for kind in ("up", "down") for t in range(5)]
    (tmp_path / "walks.csv").write_text("who,kind,t,x\n" + "\n".join(rows) + "\n")
    code, _, err = run("classify", "walks.csv", "--group", "who,kind", "--time", "t", "--label", "kind", *QUICK)
    assert code == 0, err
    assert read(tmp_path / "classify-walks" / "predictions.csv")[0]["name"].split(", ")[1] in ("up", "down")
    new = ["who,t,x", *(f"{p},{t},{t}" for p in "xy" for t in range(5))]
    (tmp_path / "new.csv").write_text("\n".join(new) + "\n")
    code, _, err = run("classify", "--model", "classify-walks/model.safetensors", "new.csv")
    assert code == 0, err
    assert [row["name"] for row in read(tmp_path / "classify-new" / "predictions.csv")] == ["x", "y"]


def test_a_model_remembers_the_order_of_axes(run, tmp_path):
    X = np.random.default_rng(0).normal(size=(12, 2, 7))
    np.savez(tmp_path / "first.npz", X=X, y=["up", "down"] * 6)
    np.savez(tmp_path / "last.npz", X=X.transpose(0, 2, 1), y=["up", "down"] * 6)
    np.save(tmp_path / "alone.npy", X)
    assert run("classify", "first.npz", "--channels", "first", "--out", "m", *QUICK)[0] == 0
    for source, options in (("alone.npy", []), ("last.npz", ["--channels", "last"])):
        code, _, err = run("classify", "--model", "m/model.safetensors", source, "--out", source[:4], *options)
        assert code == 0, err
    found = [[row["probability_up"] for row in read(tmp_path / name / "predictions.csv")] for name in ("alon", "last")]
    assert found[0] == found[1]
    (tmp_path / "walks.ts").write_text(archive([((1, 2, 3), "up")]))
    assert "have 1 channel" in run("classify", "--model", "m/model.safetensors", "walks.ts")[2]


def test_metrics_hold_every_setting(run, walks):
    options = ["--dropout", "0.1", "--filters", "6", "--learning-rate", "0.01", "--class-weight", "balanced"]
    assert run("classify", "walks.csv", *AS_TOLD, *QUICK, *options)[0] == 0
    told = json.loads((walks / "classify-walks" / "metrics.json").read_text())["model"]
    settings = {"dropout": 0.1, "filters": 6, "learning_rate": 0.01, "class_weight": "balanced", "epochs": 2}
    assert settings.items() <= told.items() and told["cell"] == "gru"


PERSONS = "person,trial,t,x,label\n" + "".join(
    f"p{person},{trial},{t},{(1 if (person + trial) % 2 else -1) * t + 0.1 * person},{'ab'[(person + trial) % 2]}\n"
    for person in range(6)
    for trial in range(4)
    for t in range(5)
)
OF_PERSONS = ("--group", "person,trial", "--time", "t", "--label", "label", *QUICK)


def test_whole_persons_are_held_out(run, tmp_path):
    (tmp_path / "walks.csv").write_text(PERSONS)
    code, out, err = run("classify", "walks.csv", *OF_PERSONS, "--hold-out-by", "person", "--out", "o")
    assert code == 0, err
    with open(tmp_path / "o" / "predictions.csv") as file:
        judged = [row["name"][:2] for row in csv.DictReader(file)]
    assert set(judged) < {f"p{k}" for k in range(6)}
    assert all(judged.count(name) == 4 for name in judged) and len(judged) in (4, 8)
    assert "that person tells apart" in " ".join(out.split()) and "both sides" not in out


def test_persons_on_both_sides_are_said(run, tmp_path):
    (tmp_path / "walks.csv").write_text(PERSONS)
    code, out, _ = run("classify", "walks.csv", *OF_PERSONS, "--out", "o")
    assert code == 0 and "--hold-out-by person judges by others" in " ".join(out.split())


@pytest.mark.parametrize(
    "options, message",
    [
        (("--hold-out-by", "persn"), "did you mean 'person'?"),
        (("--hold-out-by", "person", "--hold-out", "0"), "says how cases are held out, and none are"),
        (("--hold-out-by", "person", "--test", "walks.csv"), "--hold-out-by is for a test without a file"),
    ],
)
def test_a_hold_out_that_cannot_be_made(run, tmp_path, options, message):
    (tmp_path / "walks.csv").write_text(PERSONS)
    code, _, err = run("classify", "walks.csv", *OF_PERSONS, *options, "--out", "o")
    assert code == 2 and message in err and not (tmp_path / "o").exists()


def test_one_person_cannot_be_held_out(run, tmp_path):
    (tmp_path / "walks.csv").write_text("".join(r + "\n" for r in PERSONS.splitlines() if r[:3] in ("per", "p0,")))
    code, _, err = run("classify", "walks.csv", *OF_PERSONS, "--hold-out-by", "person", "--out", "o")
    assert code == 2 and "all of one person" in err
