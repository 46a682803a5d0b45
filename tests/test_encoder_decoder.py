"""The example of encoders and decoders, with short strings."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest

from elman.engine import native_available

pytestmark = pytest.mark.skipif(not native_available(), reason="training takes minutes on NumPy")
FILE = Path(__file__).parent.parent / "examples" / "encoder_decoder.py"


@pytest.fixture(scope="module")
def example():
    spec = importlib.util.spec_from_file_location("encoder_decoder", FILE)
    module = importlib.util.module_from_spec(spec)
    sys.modules["encoder_decoder"] = module
    spec.loader.exec_module(module)
    return module


def test_attention_reverses_what_a_final_state_alone_does_not(example):
    task = example.reversal(4000, length=8, symbols=10, asked=200)
    found = {}
    for make in (example.attending, example.remembering):
        net = make(task, 32)
        example.train(net, task, epochs=6, batch_size=32, rate=1e-2)
        found[make] = example.right(net, task)[1]
    assert found[example.attending] > 0.85
    assert found[example.remembering] < 0.6


def test_a_decoder_adds(example):
    task = example.addition(2000, digits=1)
    net = example.repeating(task, 32)
    example.train(net, task, epochs=8, batch_size=32, rate=1e-2)
    seen = example.Task(task.source, task.target, task.source, task.target, task.symbols, task.classes)
    assert example.right(net, seen)[1] > 0.99


def test_questions_that_are_asked_were_never_seen(example):
    task = example.addition(5000, digits=2)
    numbers = {}
    for name, source, target in (("seen", task.source, task.target), ("asked", task.asked, task.expected)):
        texts = ["".join(example.LETTERS[i] for i in row[::-1]).strip() for row in source]
        answers = ["".join(example.LETTERS[i] for i in row).strip() for row in target]
        assert all(sum(map(int, q.split("+"))) == int(a) for q, a in zip(texts, answers, strict=True))
        numbers[name] = {frozenset(map(int, q.split("+"))) for q in texts}
    assert not numbers["seen"] & numbers["asked"]
    assert len(task.asked) == 2 * round(0.1 * 5050)
    assert np.array_equal(task.asked[:505].shape, (505, 5))
