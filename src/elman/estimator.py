"""Parameters in scikit-learn's manner: `__init__` only assigns; `get_params`, `set_params`, `clone` and tags work."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Mapping
from typing import Any, Self

from elman.checks import nearest
from elman.errors import OptionError


class Estimator:
    """Reads and writes the parameters that a subclass names in its `__init__`."""

    @classmethod
    def _parameters(cls) -> dict[str, Any]:
        """Names and defaults, as the constructor has them."""
        signature = inspect.signature(cls)
        return {name: parameter.default for name, parameter in signature.parameters.items()}

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The parameters by name; `deep` is there for scikit-learn and changes nothing.

        Parameters
        ----------
        deep : bool, default True
            There for scikit-learn.

        Returns
        -------
        dict
        """
        return {name: getattr(self, name) for name in self._parameters()}

    def _set_params(self, params: Mapping[str, Any]) -> Self:
        """Set parameters by name; `set_params` of a subclass knows the types of its own.

        Raises
        ------
        OptionError
            If there is no such parameter.
        """
        known = self._parameters()
        for name in params:
            if name not in known:
                hint = nearest(name, known)
                raise OptionError(f"{type(self).__name__} has no parameter {name!r}{hint}; it has {', '.join(known)}")
        for name, value in params.items():
            setattr(self, name, value)
        return self

    def __sklearn_tags__(self) -> Any:
        """What scikit-learn from 1.6 on asks of an estimator; only it calls this, so it is there to import."""
        from sklearn.utils import InputTags, Tags, TargetTags

        return Tags(
            estimator_type=None,
            target_tags=TargetTags(required=False),
            input_tags=InputTags(one_d_array=True, two_d_array=False),
            non_deterministic=False,
        )

    def __repr__(self) -> str:
        changed = [
            f"{n}={getattr(self, n)!r}"
            for n, default in self._parameters().items()
            if not _same(getattr(self, n), default)
        ]
        return f"{type(self).__name__}({', '.join(changed)})"


def _same(value: Any, default: Any) -> bool:
    """Whether a parameter is its default; what cannot be compared, an array say, is not."""
    return value is default or (type(value) is type(default) and bool(value == default))


def not_fitted(estimator: Estimator, what_to_do: str) -> OptionError:
    """The error of an estimator that has learnt nothing; scikit-learn's `NotFittedError` too, where that is in use."""
    message = f"this {type(estimator).__name__} has learnt nothing yet: {what_to_do}"
    if "sklearn" not in sys.modules:
        return OptionError(message)
    from sklearn.exceptions import NotFittedError

    class NotFitted(OptionError, NotFittedError):
        """What has learnt nothing is asked for something."""

    return NotFitted(message)
