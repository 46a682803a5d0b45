"""Toy tasks with known answers: each function makes inputs and targets, other ones for each seed.

Inputs are float32 of shape (B, T, F), good as they are for a network; targets are float32 where they are numbers and
int64 where they are classes. What a network that remembers nothing can reach is in each docstring.
"""

from __future__ import annotations

import numpy as np

from elman import checks
from elman.data.sampler import WindowSampler
from elman.errors import OptionError

Pair = tuple[np.ndarray, np.ndarray]


def sine(rows: int = 100, steps: int = 50, *, period: float = 25.0, horizon: int = 1, seed: int = 0) -> Pair:
    """Sine waves of random phase, and the same waves `horizon` steps later.

    Two values say all: ``s_{t+1} = 2 cos(2 pi / period) s_t - s_{t-1}``.

    Parameters
    ----------
    rows : int, default 100
        Sequences B.
    steps : int, default 50
        Steps T.
    period : float, default 25
        Steps of a wave.
    horizon : int, default 1
        Steps from an input to its target.
    seed : int, default 0
        Fixes the phases.

    Returns
    -------
    x, target : ndarray of float32, shape (B, T, 1)

    References
    ----------
    G. U. Yule, On a method of investigating periodicities in disturbed series, Philosophical Transactions of the Royal
    Society A 226 (1927): the recurrence.

    Examples
    --------
    >>> x, target = sine(rows=2, steps=10)
    >>> bool((x[:, 1:] == target[:, :-1]).all())
    True
    """
    period = checks.real(period, "period", 0)
    phase = _random(seed).uniform(0, 2 * np.pi, (checks.whole(rows, "rows"), 1, 1))
    t = np.arange(checks.whole(steps, "steps") + checks.whole(horizon, "horizon", least=0))[:, None]
    wave = np.sin(2 * np.pi * t / period + phase).astype(np.float32)  # (B, T + horizon, 1)
    return wave[:, :steps], wave[:, horizon:]


def swelling_wave(t: np.ndarray) -> np.ndarray:
    """``t sin(t) / 3 + 2 sin(5 t)``: a slow wave that grows, and a fast one.

    Parameters
    ----------
    t : ndarray
        Times.

    Returns
    -------
    ndarray

    References
    ----------
    A. Géron, Hands-On Machine Learning with Scikit-Learn and TensorFlow, O'Reilly (2017), chapter 14.

    Examples
    --------
    >>> import numpy as np
    >>> import elman as el
    >>> el.data.tasks.swelling_wave(np.array([0.0, 1.0])).round(3)
    array([ 0.   , -1.637])
    """
    t = checks.numbers(t, "t")
    return t * np.sin(t) / 3 + 2 * np.sin(5 * t)


def swelling_waves(rows: int = 50, steps: int = 20, *, horizon: int = 1, seed: int = 0) -> Pair:
    """Windows of `swelling_wave` at random times in 0 to 30, a value each 0.1, and the same `horizon` steps later.

    Parameters
    ----------
    rows, steps, horizon, seed
        As for `sine`.

    Returns
    -------
    x, target : ndarray of float32, shape (B, T, 1)

    References
    ----------
    See `swelling_wave`.

    Examples
    --------
    >>> x, target = swelling_waves(rows=2)
    >>> x.shape, target.shape
    ((2, 20, 1), (2, 20, 1))
    """
    sampler = WindowSampler(swelling_wave, start=0, stop=30, points=300, seed=seed)
    x, target = sampler.next_batch(rows, steps, horizon)
    return x, target


def adding(rows: int = 100, steps: int = 50, *, seed: int = 0) -> Pair:
    """Add the two numbers that are marked among many.

    Each step shows a number from 0 to 1 and a mark; one number of each half is marked. Who answers 1 always has a
    mean squared error of 1/6.

    Parameters
    ----------
    rows : int, default 100
        Sequences B.
    steps : int, default 50
        Steps T, at least 2.
    seed : int, default 0
        Fixes the numbers and marks.

    Returns
    -------
    x : ndarray of float32, shape (B, T, 2)
        Numbers, and marks 0 or 1.
    target : ndarray of float32, shape (B, 1)

    References
    ----------
    S. Hochreiter and J. Schmidhuber, Long short-term memory, Neural Computation 9 (1997), experiment 4; in the form of
    Q. V. Le, N. Jaitly and G. E. Hinton, arXiv:1504.00941 (2015).

    Examples
    --------
    >>> x, target = adding(rows=3, steps=8)
    >>> x[..., 1].sum(axis=1).tolist()
    [2.0, 2.0, 2.0]
    """
    random, half = _random(seed), checks.whole(steps, "steps", least=2) // 2
    numbers = random.random((checks.whole(rows, "rows"), steps), np.float32)
    marks = np.zeros_like(numbers)
    each = np.arange(rows)
    marks[each, random.integers(0, half, rows)] = 1
    marks[each, random.integers(half, steps, rows)] = 1
    return np.stack([numbers, marks], axis=-1), (numbers * marks).sum(axis=1, keepdims=True)


def copy(rows: int = 100, length: int = 10, delay: int = 20, *, symbols: int = 8, seed: int = 0) -> Pair:
    """Repeat a sequence of symbols after a delay.

    A row shows `length` symbols, blanks, and at ``length + delay - 1`` a sign to answer; the target is blank until then
    and the symbols in their order in the `length` steps after. Who remembers nothing has a cross entropy of
    ``length log(symbols) / (2 length + delay)``.

    Parameters
    ----------
    rows : int, default 100
        Sequences B.
    length : int, default 10
        Symbols to remember.
    delay : int, default 20
        Steps between the last symbol and the first of the answer, the sign's own included.
    symbols : int, default 8
        How many there are: classes 1 .. symbols. Class 0 is the blank, ``symbols + 1`` the sign.
    seed : int, default 0
        Fixes the symbols.

    Returns
    -------
    x : ndarray of float32, shape (B, 2 length + delay, symbols + 2)
        One-hot.
    target : ndarray of int64, shape (B, 2 length + delay)
        Classes 0 .. symbols.

    References
    ----------
    S. Hochreiter and J. Schmidhuber, Long short-term memory, Neural Computation 9 (1997); in the form of M. Arjovsky,
    A. Shah and Y. Bengio, Unitary evolution recurrent neural networks, ICML 2016.

    Examples
    --------
    >>> x, target = copy(rows=1, length=3, delay=4, symbols=2)
    >>> x.argmax(axis=-1), target
    (array([[2, 2, 2, 0, 0, 0, 3, 0, 0, 0]]), array([[0, 0, 0, 0, 0, 0, 0, 2, 2, 2]]))
    """
    random, steps = _random(seed), 2 * checks.whole(length, "length") + checks.whole(delay, "delay")
    shown = random.integers(1, checks.whole(symbols, "symbols") + 1, (checks.whole(rows, "rows"), length))
    classes = np.zeros((rows, steps), np.int64)
    classes[:, :length] = shown
    classes[:, length + delay - 1] = symbols + 1
    target = np.zeros((rows, steps), np.int64)
    target[:, length + delay :] = shown
    return np.eye(symbols + 2, dtype=np.float32)[classes], target


def parity(rows: int = 100, steps: int = 20, *, seed: int = 0) -> Pair:
    """Say after each bit whether the ones so far are odd in number.

    Every bit counts, however old; who remembers nothing is right half of the time.

    Parameters
    ----------
    rows : int, default 100
        Sequences B.
    steps : int, default 20
        Bits T.
    seed : int, default 0
        Fixes the bits.

    Returns
    -------
    x, target : ndarray of float32, shape (B, T, 1)
        Zeros and ones.

    References
    ----------
    M. Minsky and S. Papert, Perceptrons, MIT Press (1969).

    Examples
    --------
    >>> x, target = parity(rows=1, steps=6)
    >>> x[0, :, 0].tolist(), target[0, :, 0].tolist()
    ([1.0, 1.0, 1.0, 0.0, 0.0, 0.0], [1.0, 0.0, 1.0, 1.0, 1.0, 1.0])
    """
    bits = _random(seed).integers(0, 2, (checks.whole(rows, "rows"), checks.whole(steps, "steps"), 1))
    return bits.astype(np.float32), np.bitwise_xor.accumulate(bits, axis=1).astype(np.float32)


def flip_flop(rows: int = 100, steps: int = 50, *, bits: int = 3, pulses: float = 0.2, seed: int = 0) -> Pair:
    """Hold the sign of the last pulse on each of three channels.

    A channel is 0 but for pulses of +1 or -1; its target is its last pulse. Each begins with a pulse, so that every
    target is known.

    Parameters
    ----------
    rows : int, default 100
        Sequences B.
    steps : int, default 50
        Steps T.
    bits : int, default 3
        Channels F: the network has 2**F things to remember.
    pulses : float, default 0.2
        Probability of a pulse at a step, in (0, 1].
    seed : int, default 0
        Fixes the pulses.

    Returns
    -------
    x, target : ndarray of float32, shape (B, T, F)

    References
    ----------
    D. Sussillo and O. Barak, Opening the black box: low-dimensional dynamics in high-dimensional recurrent neural
    networks, Neural Computation 25 (2013).

    Examples
    --------
    >>> x, target = flip_flop(rows=1, steps=6, bits=1, pulses=0.4, seed=1)
    >>> x[0, :, 0].tolist(), target[0, :, 0].tolist()
    ([-1.0, 0.0, -1.0, 0.0, 1.0, 0.0], [-1.0, -1.0, -1.0, -1.0, 1.0, 1.0])
    """
    if not checks.is_number(pulses) or not 0 < pulses <= 1:
        raise OptionError(f"pulses is {checks.shown(pulses)}; expected a probability above 0")
    random = _random(seed)
    shape = checks.whole(rows, "rows"), checks.whole(steps, "steps"), checks.whole(bits, "bits")
    fires = random.random(shape) < pulses
    fires[:, 0] = True
    x = np.where(fires, random.choice([-1, 1], shape), 0).astype(np.float32)
    last = np.maximum.accumulate(np.where(fires, np.arange(steps)[:, None], 0), axis=1)  # step of the last pulse
    return x, np.take_along_axis(x, last, axis=1)


def delayed_match(rows: int = 100, delay: int = 20, *, stimuli: int = 4, seed: int = 0) -> Pair:
    """Delayed match to sample: is the second stimulus the one shown first?

    A row shows a sample, nothing for `delay` steps, and a test, which is the same for about half of the rows.

    Parameters
    ----------
    rows : int, default 100
        Sequences B.
    delay : int, default 20
        Steps between the two, at least 0.
    stimuli : int, default 4
        How many there are, at least 2; each has a channel of its own.
    seed : int, default 0
        Fixes the stimuli.

    Returns
    -------
    x : ndarray of float32, shape (B, delay + 2, stimuli)
        One-hot at the first and the last step, else zeros.
    target : ndarray of int64, shape (B,)
        1 where they match, else 0.

    References
    ----------
    Y. Miyashita and H. S. Chang, Neuronal correlate of pictorial short-term memory in the primate temporal cortex,
    Nature 331 (1988).

    Examples
    --------
    >>> x, target = delayed_match(rows=2, delay=3, stimuli=2)
    >>> x[:, 0].argmax(axis=-1), x[:, -1].argmax(axis=-1), target
    (array([1, 1]), array([1, 0]), array([1, 0]))
    """
    random = _random(seed)
    sample = random.integers(0, checks.whole(stimuli, "stimuli", least=2), checks.whole(rows, "rows"))
    match = random.integers(0, 2, rows)
    other = (sample + random.integers(1, stimuli, rows)) % stimuli  # any but the sample, each as likely
    x = np.zeros((rows, checks.whole(delay, "delay", least=0) + 2, stimuli), np.float32)
    each = np.arange(rows)
    x[each, 0, sample] = 1
    x[each, -1, np.where(match == 1, sample, other)] = 1
    return x, match


def _random(seed: int) -> np.random.Generator:
    return np.random.default_rng(checks.as_seed(seed))
