"""Training over streams: which windows an epoch sees, states, texts larger than memory, what is kept."""

from __future__ import annotations

import numpy as np
import pytest

import elman as el
from elman.errors import DataError, ModelFileError, OptionError
from elman.language import LanguageModel
from elman.language.numbers import Numbers
from elman.language.scores import mean_nats, nats
from elman.language.streams import Windows, usual_streams

TEXT = "it was the best of times, it was the worst of times.\n" * 60
SMALL = {"units": 12, "embedding": 8, "steps": 10, "streams": 5, "epochs": 2, "learning_rate": 0.01}


def parameters(**more):
    return LanguageModel(**{**SMALL, **more}).fit(TEXT, verbose=0).network_.arena


def test_a_training_is_that_of_the_network_itself():
    """With nothing held out, no fresh states and a text without a rest: `Network.fit`, statefully."""
    text = TEXT[: 5 * 10 * 30 + 1]
    model = LanguageModel(**SMALL, validation=0.0, fresh=0.0).fit(text, verbose=0)
    again = model._network(len(model.vocabulary_))
    x, target = el.language.parallel_streams(model.vocabulary_.encode(text), 5, 10)
    again.fit(
        x,
        target,
        loss="softmax_cross_entropy",
        optimizer=model._optimizer(60),
        batch_size=5,
        epochs=2,
        shuffle=False,
        stateful=True,
        verbose=0,
    )
    assert (again.arena == model.network_.arena).all()


def test_parts_of_a_text_are_as_good_as_the_whole(monkeypatch):
    whole = parameters()
    monkeypatch.setattr("elman.language.loop.TOKENS_AT_ONCE", 120)
    monkeypatch.setattr("elman.language.numbers.IN_MEMORY", 100)
    monkeypatch.setattr("elman.language.texts.PIECE", 37)
    assert (parameters() == whole).all()


def test_a_file_a_generator_and_a_text_teach_the_same(tmp_path):
    (tmp_path / "text.txt").write_text(TEXT)
    ways = [TEXT, tmp_path / "text.txt", (line for line in TEXT.splitlines(keepends=True))]
    found = [LanguageModel(**SMALL).fit(text, verbose=0).network_.arena for text in ways]
    assert (found[0] == found[1]).all() and (found[0] == found[2]).all()


def test_threads_change_nothing():
    assert (
        parameters(threads=1, dropout=0.2, weight_drop=0.3) == parameters(threads=2, dropout=0.2, weight_drop=0.3)
    ).all()


@pytest.mark.parametrize(
    "change",
    [
        {"fresh": 0.5},
        {"dropout": 0.3},
        {"input_dropout": 0.3},
        {"weight_drop": 0.3},
        {"warm_up": 0.5},
        {"weight_decay": 0.5},
    ]
    + [{"seed": 1}, {"clip_norm": 0.01}, {"tied": True}, {"layers": 2}, {"cell": "gru"}, {"steps": 11}, {"streams": 4}],
    ids=str,
)
def test_every_option_counts(change):
    found, usual = parameters(**change), parameters()
    assert len(found) != len(usual) or (found != usual).any()


def test_variational_dropout_is_another_than_that_of_each_step():
    ways = [parameters(dropout=0.3, variational=variational) for variational in (False, True)]
    assert (ways[0] != ways[1]).any()


def test_tied_matrices_are_one():
    names = LanguageModel(**SMALL, tied=True).fit(TEXT, verbose=0).network_.params
    assert "dense.W" not in names and names["h.W"].shape == (8, 12) and names["embedding.E"].shape[1] == 8
    alike = LanguageModel(**{**SMALL, "embedding": None}, tied=True).fit(TEXT, verbose=0).network_.params
    assert alike["embedding.E"].shape[1] == 12 and not any(name.startswith("h.W") and "_" not in name for name in alike)


def test_windows_shift_over_all_that_is_left_over():
    windows = Windows(Numbers.of([np.arange(23)], 23), 2, 3)
    assert windows.batches == 3 and windows.left_over == 4
    for shift in range(5):
        x, target = windows.some(1, 2, shift)
        assert x[0, 0] == shift + 3 and (target == x + 1).all() and target.max() <= 22


@pytest.mark.parametrize(("tokens", "streams"), [(30, 2), (500, 8), (200_000, 10), (10**9, 32)])
def test_a_short_text_has_fewer_streams(tokens, streams):
    assert usual_streams(tokens, 10) == streams


def test_the_best_epoch_is_kept():
    model = LanguageModel(**{**SMALL, "epochs": 8, "learning_rate": 0.3}, clip_norm=5.0).fit(TEXT, verbose=0)
    best = min(model.history_["val_loss"])
    assert mean_nats(model.network_, model.held_out_.numbers) == pytest.approx(best, rel=1e-6)


def test_patience_ends_it():
    model = LanguageModel(**{**SMALL, "epochs": 40}, patience=1, validation=0.05)
    model.fit("ab" * 2000 + "ba" * 10 + "xyz" * 60, verbose=0)
    assert len(model.history_["loss"]) < 40


def test_a_text_of_its_own_judges():
    model = LanguageModel(**SMALL).fit(TEXT, validation_text="it was the age of wisdom " * 20, verbose=0)
    assert len(model.held_out_.numbers) == 500 and "g" in model.vocabulary_.characters


def test_parts_side_by_side_are_about_the_whole(monkeypatch):
    monkeypatch.setattr("elman.language.scores.LEAST", 60)
    model = LanguageModel(**SMALL).fit(TEXT, verbose=0)
    numbers = Numbers.of([model.vocabulary_.encode(TEXT)], len(model.vocabulary_))
    total, count = nats(model.network_, numbers.pieces(100))
    assert count == len(TEXT) - 1
    assert mean_nats(model.network_, numbers) == pytest.approx(total / count, rel=0.01)


def test_bits_compare_what_is_cut_differently():
    by_words = LanguageModel(tokens="words", **{**SMALL, "epochs": 6}).fit(TEXT, verbose=0)
    score = by_words.evaluate(TEXT)
    assert score.characters == len(TEXT) - 2 and score.tokens == len(by_words.vocabulary_.encode(TEXT)) - 1
    assert score.nats == pytest.approx(np.log(score.perplexity) * score.tokens)
    assert score.bits_per_character * score.characters == pytest.approx(score.bits_per_token * score.tokens)
    assert by_words.evaluate("it was a surprise").unknown == 2


def test_words_of_the_held_out_text_are_not_looked_at():
    model = LanguageModel(tokens="words", **SMALL).fit(TEXT, validation_text="never seen\n" * 20, verbose=0)
    assert "never" not in model.vocabulary_.words


def test_an_older_file_is_refused(tmp_path):
    model = LanguageModel(**SMALL).fit(TEXT, verbose=0)
    model.network_.metadata["language model"] = '{"params": {}, "cell": "gru", "characters": "ab"}'
    from elman.network.files import write

    file = write(model.network_, tmp_path / "old.safetensors", model.network_.metadata)
    with pytest.raises(ModelFileError, match="an older version of Elman, .* train it again"):
        LanguageModel.load(file)
    with pytest.raises(ModelFileError, match="older version"):
        el.load(file)


def test_states_stay_in_bounds_over_a_long_run():
    """What a drift would be: states, or losses, that grow with the length of a run."""
    model = LanguageModel(**{**SMALL, "epochs": 6}).fit(TEXT, verbose=0)
    numbers = model.vocabulary_.encode(TEXT * 20)
    _, begun = model.network_(numbers[None, :500, None], return_state=True)
    _, later = model.network_(numbers[None, :, None], return_state=True)
    for one, other in zip(begun[0], later[0], strict=True):
        assert np.abs(other).max() < 3 * np.abs(one).max() + 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the text is empty"),
        ("a" * 700, "a single kind of character"),
        ("ab", "the text has 2 tokens"),
        ([], "the text is empty"),
        (["a", 3], "item 1 is 3"),
        (b"abc", "bytes are decoded before"),
        (7, "expected a text"),
    ],
)
def test_texts_that_cannot_be_learnt(text, message):
    with pytest.raises(DataError, match=message):
        LanguageModel(**SMALL).fit(text, verbose=0)


def test_scikit_learn_can_clone_it():
    from sklearn.base import clone

    model = LanguageModel("gru", 5, tokens="words", tied=True)
    assert clone(model).get_params() == model.get_params()


@pytest.mark.parametrize("name", ["fresh", "dropout", "input_dropout", "weight_drop", "warm_up", "validation"])
def test_shares_are_below_one(name):
    with pytest.raises(OptionError, match=rf"{name} is 1; expected a number in \[0, 1\)"):
        LanguageModel(**{name: 1}).fit(TEXT, verbose=0)


@pytest.mark.parametrize("update", [2, 9])
def test_a_training_that_was_stopped_goes_on_to_the_same_bits(update, tmp_path):
    def fit(*callbacks, **saved):
        model = el.LanguageModel(units=8, steps=6, streams=4, epochs=3, patience=3, dropout=0.1, fresh=0.3)
        return model.fit("to be or not to be, " * 12, verbose=0, callbacks=callbacks, **saved)

    def stop(training):
        if training.net.updates == update:
            raise KeyboardInterrupt

    whole, run = fit(), {"checkpoint": tmp_path / "run", "every": 1}
    assert whole.network_.updates > 9
    with pytest.raises(KeyboardInterrupt):
        fit(el.LambdaCallback(on_batch_end=stop), **run)
    again = fit(el.LambdaCallback(on_batch_end=lambda training: None), **run, resume=True)
    np.testing.assert_array_equal(again.network_.arena, whole.network_.arena)
    assert again.history_["val_loss"] == whole.history_["val_loss"]
