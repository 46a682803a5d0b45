"""The language model by characters, against texts of known entropy and networks of known weights."""

from __future__ import annotations

import math

import numpy as np
import pytest

import elman as el
from elman.errors import DataError, ModelFileError, OptionError
from elman.language import LanguageModel

SMALL = {"units": 24, "embedding": 8, "steps": 16, "streams": 8, "learning_rate": 1e-2}

RHYME = "tick tock goes the clock\n" * 120
HELD = RHYME[-300:]


def coin(length: int, heads: float = 0.5, seed: int = 0) -> str:
    """Tosses of a coin, that nobody can foresee."""
    return "".join("ab"[i] for i in (np.random.default_rng(seed).random(length) < heads).astype(int))


@pytest.fixture(scope="module")
def rhyme() -> LanguageModel:
    return LanguageModel("lstm", epochs=25, **SMALL).fit(RHYME, verbose=0)


def test_what_repeats_is_learnt_by_heart(rhyme):
    assert rhyme.perplexity() < 1.1
    assert (
        rhyme.generate("tick tock goes the clock\ntick tock", 100, temperature=0)
        == (" goes the clock\n" + "tick tock goes the clock\n" * 4)[:100]
    )


def test_perplexity_cannot_be_better_than_the_entropy():
    heads = 0.8
    model = LanguageModel("gru", epochs=6, fresh=0, **SMALL).fit(coin(6000, heads), verbose=0)
    entropy = -heads * math.log(heads) - (1 - heads) * math.log(1 - heads)
    assert math.exp(entropy) - 0.08 < model.perplexity(coin(4000, heads, seed=1)) < math.exp(entropy) + 0.08


def test_perplexity_is_that_of_one_long_run(rhyme, monkeypatch):
    text = HELD[:90]
    numbers = rhyme.vocabulary_.encode(text)
    logits = rhyme.network_(numbers[None, :-1, None])[0].astype(np.float64)
    chances = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    expected = np.exp(-np.mean(np.log(chances[np.arange(len(numbers) - 1), numbers[1:]])))
    assert rhyme.perplexity(text) == pytest.approx(expected, rel=1e-6)
    monkeypatch.setattr("elman.language.scores.STEPS", 7)
    monkeypatch.setattr("elman.language.texts.PIECE", 5)
    assert rhyme.perplexity(text) == pytest.approx(expected, rel=1e-6)


def test_a_model_that_knows_nothing_has_the_perplexity_of_its_vocabulary():
    model = LanguageModel(epochs=1, **SMALL).fit(coin(500), verbose=0)
    model.network_.params.write(0)
    assert model.perplexity(coin(100)) == pytest.approx(2)


@pytest.mark.parametrize("cell", ["simple", "gru", el.cells.min_gru])
def test_every_cell_learns(cell):
    model = LanguageModel(cell, epochs=8, layers=2, dropout=0.1, **SMALL).fit("abcabd" * 300, verbose=0)
    assert model.perplexity() < 1.6


def test_a_seed_fixes_everything():
    def run() -> tuple[float, str]:
        model = LanguageModel(epochs=2, seed=3, **SMALL).fit("hello world, " * 60, verbose=0)
        return model.perplexity(), model.generate("h", 40)

    assert run() == run()


def test_samples_are_printed_while_it_learns(capsys):
    LanguageModel(epochs=2, **SMALL).fit("ab" * 400, samples=12, verbose=0)
    assert [line[:11] for line in capsys.readouterr().out.split("\n") if "---" in line] == [
        "--- epoch 1",
        "--- epoch 2",
    ]


def test_a_file_keeps_it_all(rhyme, tmp_path):
    other = LanguageModel.load(rhyme.save(tmp_path / "rhyme.safetensors"))
    assert other.get_params() == rhyme.get_params()
    assert other.perplexity(HELD) == rhyme.perplexity(HELD)
    assert rhyme.perplexity(HELD) == pytest.approx(rhyme.perplexity())
    assert other.generate("tick", 30, seed=5) == rhyme.generate("tick", 30, seed=5)


def test_a_file_of_a_cell_of_ones_own(tmp_path):
    model = LanguageModel(el.cells.min_gru, epochs=1, **SMALL).fit("abc" * 200, verbose=0)
    other = LanguageModel.load(model.save(tmp_path / "own.safetensors"))
    assert other.generate("a", 20) == model.generate("a", 20)


def test_a_file_of_another_kind(tmp_path):
    file = el.Network(1, [el.GRU(3)]).save(tmp_path / "net.safetensors")
    with pytest.raises(ModelFileError, match="holds a Network, not a LanguageModel: read it with el.load"):
        LanguageModel.load(file)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: LanguageModel().fit("short", verbose=0), DataError, "need at least 101"),
        (lambda: LanguageModel().fit(b"bytes", verbose=0), DataError, "expected a text"),
        (lambda: LanguageModel("grru").fit("ab" * 9000, verbose=0), OptionError, "there is no cell 'grru'"),
        (lambda: LanguageModel(validation=1.5).fit("ab" * 9000), OptionError, "share of the text"),
        (lambda: LanguageModel().generate("a"), OptionError, "call fit"),
    ],
)
def test_mistakes_are_named(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_a_character_it_never_saw(rhyme):
    with pytest.raises(DataError, match=r"character 'z' \(in "):
        rhyme.perplexity("tocz")


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda model: LanguageModel().fit("", verbose=0), "the text is empty"),
        (lambda model: LanguageModel(streams=1, steps=1).fit("a", verbose=0), "a single kind of character"),
        (lambda model: LanguageModel(streams=1, steps=50).fit("to be", verbose=0), "need at least 51"),
        (lambda model: model.generate("tick €"), "the character '€' .in 'tick €'"),
        (lambda model: model.generate("tick", temperature=-1), "temperature"),
        (lambda model: model.generate("tick", temperature=float("nan")), "temperature"),
        (lambda model: model.generate("tick", repetition_penalty=0), "expected a number above 0"),
        (lambda model: model.generate("tick", length=0), "length is 0; expected a whole number of at least 1"),
        (lambda model: model.generate(b"tick"), "prompt is b.tick.; expected a text"),
        (lambda model: model.perplexity(""), "two characters at least"),
        (lambda model: model.generate("tick", length=None), "length is None; expected a whole number"),
        (lambda model: model.generate("tick", stop=""), "expected texts that are not empty"),
        (lambda model: model.generate("tick", stop=[3]), "expected texts that are not empty"),
        (lambda model: model.generate("tick", beam=2, top_k=3), "leave out either"),
        (lambda model: model.generate("tick", repetition_window=3), "repetition_window is of a repetition_penalty"),
        (lambda model: LanguageModel(tokens="word").fit("ab" * 900), "did you mean 'words'"),
        (lambda model: LanguageModel(tokens="words").fit("  \n ".replace("\n", "\t") * 90), "the text has none"),
        (lambda model: LanguageModel(vocabulary=1).fit("ab" * 900), "expected at least 2 characters"),
        (lambda model: LanguageModel(validation=0, patience=2).fit("ab" * 900), "no text is held out"),
        (lambda model: LanguageModel("min_gru", weight_drop=0.5).fit("ab" * 900), "multiplies no state by a matrix"),
        (lambda model: LanguageModel(units=2.5).fit("ab" * 9000), "units is 2.5; expected a whole number"),
        (lambda model: LanguageModel(epochs=0).fit("ab" * 9000), "epochs is 0; expected a whole number"),
    ],
)
def test_texts_and_values_at_the_edges(rhyme, call, message):
    with pytest.raises(el.ElmanError, match=message):
        call(rhyme)


def test_any_characters_are_learnt_and_written_again():
    text = "\r\n\U0001f600\udcff\u0000é\U0010ffff" * 40
    model = LanguageModel(units=4, steps=8, streams=4, epochs=1).fit(text, verbose=0)
    assert set(model.generate("\r\n", 50)) <= set(text) and model.perplexity(text[:50]) > 1


def test_any_cell_of_the_catalogue_by_name(tmp_path):
    model = LanguageModel("minimal_rnn", units=8, steps=8, streams=4, epochs=1).fit(
        "to be or not to be, " * 20, verbose=0
    )
    model.save(tmp_path / "model.safetensors")
    again = LanguageModel.load(tmp_path / "model.safetensors")
    assert again.cell == "minimal_rnn" and again.generate("to ", 5, seed=1) == model.generate("to ", 5, seed=1)


def test_a_fit_that_is_refused_leaves_the_model_as_it_was():
    model = LanguageModel(units=4, steps=8, epochs=1).fit("to be or not to be, " * 40, verbose=0)
    written = model.generate("to ", 20)
    with pytest.raises(OptionError, match="no text is held out"):
        model.set_params(patience=2, validation=0).fit("xyz" * 90, verbose=0)
    assert model.generate("to ", 20) == written and model.held_out_ is not None


def test_parameters_that_were_spoilt_in_a_file(tmp_path):
    model = LanguageModel(units=4, steps=8, epochs=1).fit("to be or not to be, " * 40, verbose=0)
    file = model.save(tmp_path / "model.safetensors")
    file.write_bytes(file.read_bytes().replace(b'\\"seed\\": 0', b'\\"seed\\":-7'))
    with pytest.raises(ModelFileError, match="seed is -7"):
        LanguageModel.load(file)
    with pytest.raises(OptionError, match="units is 0"):
        model.set_params(units=0).save(file)


def test_halves_of_surrogate_pairs_are_not_joined_in_a_file(tmp_path):
    model = LanguageModel(units=4, steps=8, epochs=1).fit("\udc00a\udbff" * 40, verbose=0)
    file = model.save(tmp_path / "model.safetensors")
    assert LanguageModel.load(file).vocabulary_ == model.vocabulary_


def test_the_choice_of_scikit_learn():
    search = pytest.importorskip("sklearn.model_selection").GridSearchCV(
        LanguageModel(steps=8, epochs=1, threads=1), {"units": [2, 8]}, cv=2
    )
    search.fit([f"to be or not to be, that is question {k}" for k in range(20)])
    assert search.best_score_ == max(search.cv_results_["mean_test_score"]) < 0
    assert search.score("to be") == -search.best_estimator_.bits_per_character("to be")
    with pytest.raises(OptionError, match="a text has no targets"):
        search.best_estimator_.score("to be", [1, 2])
