"""By steps: an input of a network is made from its output, of any graph of layers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np

from elman.checks import nearest, numbers, shown
from elman.errors import OptionError, ShapeError
from elman.network.beam import search
from elman.network.choices import Choices
from elman.network.contexts import check_along, going_on, others_of, returned, start_of
from elman.network.decoding import Classes, Generated, draw, feed_values
from elman.network.face import Net
from elman.network.fed_back import Fed


def made_by_steps(net: Net, context: Any, steps: int, how: Choices) -> Generated:
    """Make the input that a context leaves out, or go on with the only one."""
    number, alone = _output(net, how.output), len(net.doors) == 1
    fed = 0 if alone else _left_out(net, context)
    classes = _classes(net, number, fed, how.one_hot)
    unrolled = net.unrolled(number, fed)
    if alone:
        given = numbers(context, "context")
        start = going_on(net, given, how, classes)
        pick = _picking(net, classes, how, start)
        made = pick(_begun(unrolled.begin(net.params, {}, [None], len(start)), start), steps)
        return made._replace(values=returned(made.values, given, classes))
    others, lengths = others_of(net, context, how.lengths, fed)
    start = start_of(net.doors[fed], how.start, len(next(iter(others.values()))), classes)
    check_along(net, fed, others, start.shape[1] + steps - 1)
    pick = _picking(net, classes, how, start)
    return pick(_begun(unrolled.begin(net.params, others, lengths, len(start)), start), steps)


def _begun(rows: Fed, start: np.ndarray) -> tuple[Fed, np.ndarray]:
    """Rows after what they begin with, and the output there."""
    for t in range(start.shape[1]):
        output = rows.step(start[:, t : t + 1])
    return rows, output


def _picking(
    net: Net, classes: Classes | None, how: Choices, start: np.ndarray
) -> Callable[[tuple[Fed, np.ndarray], int], Generated]:
    """What makes so many steps of rows that have begun with `start` (B, T, F)."""
    if classes is None:
        how.check_values()
        return feed_values
    stop, (width, penalty) = how.stopping(classes.count), how.searching()
    if width:
        return partial(search, classes=classes, width=width, penalty=penalty, stop=stop)
    drawing = how.drawing(classes.count, net.seed)
    assert drawing is not None
    repetition = how.repeating()
    if repetition is None:
        return partial(draw, classes=classes, drawing=drawing, stop=stop)
    before = start.argmax(axis=2) if classes.one_hot else start[:, :, 0].astype(np.int64)
    return partial(draw, classes=classes, drawing=drawing, stop=stop, repetition=repetition, before=before)


def _output(net: Net, name: Any) -> int:
    """The number of the output that is fed back."""
    names = net.structure.names
    known = isinstance(name, str) and name in (names or ())
    if names is None or len(names) == 1:
        if name is not None and not known:
            raise OptionError(f"output is {shown(name)}, but the network has a single one: leave it out")
        return 0
    if not known:
        hint = nearest(name, names) if isinstance(name, str) else ""
        raise OptionError(f"output is {shown(name)}{hint}; expected what is fed back: one of {', '.join(names)}")
    return names.index(name)


def _left_out(net: Net, context: Any) -> int:
    """The number of the input that a context lacks, which is the one to make."""
    names = [door.given.name for door in net.doors]
    given = list(context) if isinstance(context, Mapping) else None
    missing = [name for name in names if given is not None and name not in given]
    if given is None or len(missing) != 1 or len(given) != len(names) - 1:
        what = f"the inputs {', '.join(map(str, given))}" if given else shown(context)
        raise OptionError(
            f"context is {what}; expected a dict of all inputs but the one that is made, of {', '.join(names)}"
        )
    number = names.index(missing[0])
    if not net.doors[number].steps:
        raise OptionError(f"context lacks {missing[0]}, which has no time steps to be made: give it too")
    return number


def _classes(net: Net, number: int, fed: int, one_hot: bool) -> Classes | None:
    """How indices are fed back; None of values. `ShapeError` where outputs do not fit.

    What an input begins with, a start index, need not be among the outputs.
    """
    door, end = net.doors[fed], net.ends[number]
    name, features = door.given.name, door.given.width
    if not end.sequence_output:
        raise OptionError(
            f"generate makes the steps of {name} one after the other, and the network returns a single step for all of "
            "them: return every step"
        )
    if one_hot and door.indices:
        raise OptionError(f"{name} is an index, and one_hot=True is for indices as vectors: leave one_hot out")
    count = door.indices or (features if one_hot else 0)
    if count and (end.outputs > count or (end.outputs < count and (one_hot or len(net.doors) == 1))):
        raise ShapeError(
            f"generate draws the next of {count} indices with the network's outputs as logits, but it has "
            f"{end.outputs} outputs: end it with Dense({count})"
        )
    if not count and end.outputs != features:
        raise ShapeError(
            f"generate feeds outputs back as {name}, but the network has {end.outputs} outputs and {name} "
            f"{features} features"
        )
    return Classes(end.outputs, one_hot, end.last_op == "softmax", net.dtype) if count else None
