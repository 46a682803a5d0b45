"""What the estimators of sequences have in common: their parameters, how they take data, and how they learn."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

import numpy as np

from elman import checks
from elman.attributes import ESTIMATOR, answering
from elman.classify import store
from elman.classify.curves import Curves
from elman.classify.design import design_of
from elman.classify.parameters import SequenceParameters
from elman.classify.running import run
from elman.classify.scaling import Scaling, learn_scaling
from elman.classify.splitting import held_out
from elman.classify.stream import SequenceStream
from elman.classify.teaching import Lesson
from elman.data.cases import Cases
from elman.data.casing import cases_of, columns_in, has_axes, has_columns, unlabelled
from elman.data.casing.arrays import READ_AS
from elman.data.collecting import Names
from elman.data.names import counted
from elman.data.reading import Reading
from elman.errors import DataError
from elman.estimator import not_fitted
from elman.network import Network
from elman.training import Callback
from elman.training.callbacks import as_callbacks
from elman.training.notes import note as tell
from elman.training.runs import Folder, saving


@answering(ESTIMATOR)
class SequenceEstimator(SequenceParameters):
    """Learns something of sequences as a whole; `SequenceClassifier` and `SequenceRegressor` say what.

    Subclasses have the parameters below in their constructor, `_targets`, and what they make of the outputs.
    """

    _estimator_type: Any
    _target: np.ndarray
    _metrics: tuple[str, ...] = ()

    networks_: list[Network]
    history_: list[dict[str, list[float]]]
    scaling_: Scaling
    notes_: tuple[str, ...]
    n_features_in_: int

    # --- learning -------------------------------------------------------------------------------------------

    @contextmanager
    def _fitting(self, checkpoint: Folder, every: str | int | None, resume: bool) -> Iterator[None]:
        """All that learns is saved as it is asked for, once the parameters make sense."""
        self._check_saved(checkpoint)
        with saving(checkpoint, every, resume=resume), self._all_or_nothing():
            self.check_params()
            yield

    @contextmanager
    def _all_or_nothing(self) -> Iterator[None]:
        """A fit that fails leaves the estimator as it was; one that is stopped, with what was learnt if anything."""
        before = dict(vars(self))
        try:
            yield
        except BaseException as error:
            learnt = vars(self).get("networks_") is not before.get("networks_")
            if not (learnt and isinstance(error, KeyboardInterrupt)):
                vars(self).clear()
                vars(self).update(before)
            raise

    def _learn(
        self,
        cases: Cases,
        sample_weight: Any,
        callbacks: Iterable[Callback],
        outputs: int,
        limits: Iterable[Callback] = (),
        on_nan: str = "raise",
    ) -> np.ndarray:
        """Train the networks on cases; which of them were held out, (N,)."""
        weights = weights_of(sample_weight, len(cases))
        seed = self._seed()
        held = self._held(seed)
        taught = cases.take(~held)
        self.scaling_, notes = learn_scaling(taught)
        self.notes_ = (*cases.notes, *notes, *self._notes(held))
        curves = Curves()
        lesson = Lesson(
            self.scaling_.inputs(cases),
            cases.lengths,
            self._target,
            weights,
            self._class_weight(),
            held,
            self._loss(),
            self._metrics,
            self.epochs,
            self.batch_size,
            self.learning_rate,
            self.weight_decay,
            self.patience,
            self.verbose,
            [*as_callbacks(callbacks, self.members), *limits, curves],
            on_nan,
        )
        design = design_of(self)
        networks = [
            design.network(self.scaling_.width, outputs, seed + member, self.threads) for member in range(self.members)
        ]
        try:
            lesson.teach(networks, self.threads)
        finally:
            self._take_networks(networks, curves)
        return held

    def _take_networks(self, networks: list[Network], curves: Curves) -> None:
        """Keep the networks that have learnt: all, unless the training was stopped."""
        learnt = [net for net in networks if net.updates]
        for net in learnt:
            net.release_engines()
        if 0 < len(learnt) < len(networks):
            left = len(networks) - len(learnt)
            note = f"{left} of {counted(len(networks), 'networks')} had learnt nothing when the training was stopped"
            self.notes_ = (*self.notes_, f"{note}: {counted(len(learnt), 'networks')} judge")
        if learnt:
            self.networks_, self.history_ = learnt, curves.of(learnt)

    def _loss(self) -> Any:
        """What is minimised."""
        raise NotImplementedError

    def _class_weight(self) -> Any:
        """What each class counts, by its number."""
        return None

    def _strata(self) -> np.ndarray:
        """Of what kind each case is, (N,), so that the same share of each kind is held out."""
        raise NotImplementedError

    def _taken(self, X: Any, y: Any, columns: dict[str, Any]) -> Cases:
        """Cases of the data, each with its label."""
        if isinstance(y, str) and columns["label"] is None:
            y, columns = None, columns | {"label": y}
        cases = cases_of(X, y, channels=self.channels, **columns)
        if cases.labels is None:
            raise DataError(
                f"requires y to be passed, but the target y is None: give {type(self).__name__}.fit(X, y) a label for "
                "each case, or label='the column that holds it'"
            )
        for note in cases.notes:
            if note.startswith(READ_AS):  # who is wrong here trains another problem
                tell(note, UserWarning)
        self._columns = dict(columns) | ({"columns": list(cases.columns)} if cases.columns else {})
        self._set_columns(X)
        return cases

    def _set_columns(self, X: Any) -> None:
        """What scikit-learn reports of arrays."""
        vars(self).pop("n_features_in_", None)  # of a fit before
        shape = np.shape(X) if isinstance(X, np.ndarray) else ()
        if len(shape) > 1:
            self.n_features_in_ = shape[1 if self.channels == "first" else -1]

    def _held(self, seed: int) -> np.ndarray:
        """Which cases judge the training."""
        strata = self._strata()
        if self.validation == 0:
            return np.zeros(len(strata), bool)
        held = held_out(strata, self.validation, seed)
        if not held.any():
            raise DataError(
                f"no case of {len(strata)} (n_samples={len(strata)}) can be held out to judge the training; give "
                "validation=0, or more cases"
            )
        return held

    def _notes(self, held: np.ndarray) -> list[str]:
        if not held.any():
            return []
        return [f"{counted(int(held.sum()), 'cases')} of {len(held)} are held out: they choose the best epoch"]

    # --- using ----------------------------------------------------------------------------------------------

    def _outputs(self, cases: Cases) -> np.ndarray:
        """What each network says of each case, (M, N, O), in float64."""
        x = self.scaling_.inputs(cases)
        return np.stack([run(net, x, cases.lengths) for net in self.networks_])

    def _read(self, X: Any, reading: Reading | None = None) -> Cases:
        """Cases to be judged, of the form that was learnt."""
        self._check_fitted()
        if isinstance(X, Cases):
            return X
        return replace(cases_of(X, reading=reading, **self._told(X)), labels=None)

    def _labelled(self, X: Any, y: Any) -> Cases:
        """Cases to be judged, with what they are."""
        self._check_fitted()
        if isinstance(y, str):
            return cases_of(X, y, **unlabelled(self._remembered(X)))
        if y is not None:
            return cases_of(replace(self._read(X), labels=None), y)
        cases = X if isinstance(X, Cases) else cases_of(X, **self._told(X))
        if cases.labels is None:
            raise DataError("there is nothing to judge by: give a label for each case, score(X, y)")
        return cases

    def stream(self, rows: int = 1) -> SequenceStream:
        """What is thought of sequences while they come, step by step; see `SequenceStream`.

        Parameters
        ----------
        rows : int, default 1
            Sequences side by side.

        Returns
        -------
        SequenceStream
        """
        self._check_fitted()
        return SequenceStream(self, rows)

    # --- files ----------------------------------------------------------------------------------------------

    def save(self, path: str | Path) -> Path:
        """Write the estimator to a safetensors file that `load` reads, complete or not at all.

        Parameters
        ----------
        path : str or Path
            The file.

        Returns
        -------
        Path

        Raises
        ------
        OptionError
            If it has learnt nothing, a parameter cannot be saved, or the file cannot be written.
        """
        self._check_fitted()
        return store.save(self, path)

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read an estimator from a file that `save` wrote; its predictions are the same, bit for bit.

        Parameters
        ----------
        path : str or Path
            The file.

        Returns
        -------
        estimator

        Raises
        ------
        ModelFileError
            If there is no such file, or it holds something else.
        """
        return store.load(path, cls)

    def _learnt(self) -> dict[str, Any]:
        """What was learnt beside networks and scaling, as plain data."""
        raise NotImplementedError

    def _restore(self, learnt: dict[str, Any]) -> None:
        """Take what `_learnt` gave, checked."""
        raise NotImplementedError

    def _judged(self, outputs: np.ndarray) -> np.ndarray:
        """What the estimator says, of its networks' outputs (M, N, O)."""
        raise NotImplementedError

    def _check_fitted(self) -> None:
        if not hasattr(self, "networks_"):
            raise not_fitted(self, "call fit(X, y) first, or el.load")

    def __sklearn_tags__(self) -> Any:
        """What scikit-learn from 1.6 on asks; only it calls this."""
        from sklearn.utils import ClassifierTags, InputTags, RegressorTags, Tags, TargetTags

        kind = self._estimator_type
        return Tags(
            estimator_type=kind,
            target_tags=TargetTags(required=True),
            input_tags=InputTags(two_d_array=True, three_d_array=True, allow_nan=True),
            classifier_tags=ClassifierTags() if kind == "classifier" else None,
            regressor_tags=RegressorTags() if kind == "regressor" else None,
            non_deterministic=self.random_state is None,
        )

    def __sklearn_is_fitted__(self) -> bool:
        return self.is_fitted

    @property
    def is_fitted(self) -> bool:
        """Whether there is something to judge with."""
        return hasattr(self, "networks_")

    def remember_columns(
        self, *, group: Names = None, time: Names = None, columns: Names = None, label: str | None = None
    ) -> None:
        """Say by which columns tables are read, where cases were given in place of a table.

        Parameters
        ----------
        group, time, columns, label : optional
            As for `fit`.
        """
        self._columns = {"group": group, "time": time, "columns": columns, "label": label}

    @property
    def remembered_columns(self) -> dict[str, Any]:
        """The columns of the table that was learnt from, as `fit` was told them: group, time, columns and label."""
        return dict(self._columns)

    def _remembered(self, X: Any) -> dict[str, Any]:
        """Of how the training data were read, what other data can be read by: arrays have axes, tables have columns."""
        columns = self._columns if has_columns(X) else {}
        return columns | {"channels": self.channels if has_axes(X) else "last"}

    def _told(self, X: Any) -> dict[str, Any]:
        """How to read other data, which need not have the column of labels."""
        remembered = self._remembered(X)
        return remembered if remembered.get("label") in columns_in(X) else unlabelled(remembered)


def weights_of(given: Any, count: int) -> np.ndarray | None:
    """Weights of cases, checked."""
    if given is None:
        return None
    weights = checks.floats(given, "sample_weight", finite=True)
    if weights.shape != (count,):
        raise DataError(f"sample_weight has shape {weights.shape}; expected ({count},), a number for each case")
    if (weights < 0).any():
        raise DataError(f"sample_weight is {weights.min():g} for case {int(weights.argmin())}; expected 0 or more")
    if not weights.any():
        raise DataError("the sample_weight of every case is zero, so that no case counts")
    return weights
