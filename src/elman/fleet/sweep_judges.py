"""What judges settings: the backtest of a forecaster, held-out cases of a classifier, the held-out end of a text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np

from elman.checks import nearest, shown
from elman.classify import SequenceClassifier, SequenceRegressor
from elman.classify.holding import HeldOut, groups_of
from elman.classify.report import report_on_classes, report_on_numbers
from elman.classify.splitting import parts_of
from elman.data.cases import Cases
from elman.data.casing import targets_of
from elman.data.collection import Collection
from elman.data.names import counted
from elman.errors import DataError, OptionError
from elman.fleet.sweep_fingerprint import of_cases, of_collection, of_text
from elman.fleet.sweep_folds import folds, folds_of_groups
from elman.fleet.sweep_space import Settings
from elman.forecast import Forecaster
from elman.forecast.backtest import Backtest, backtest
from elman.forecast.scores import judge as judged
from elman.language import LanguageModel

Scores = dict[str, float]
HIGHER = frozenset({"accuracy", "balanced_accuracy", "macro_f1", "r2"})  # of all measures, those that should be high


@dataclass(frozen=True)
class Baseline:
    """What a method without any setting reaches, on the same data."""

    name: str
    scores: Scores


class Judge(Protocol):
    """Judges settings on data that it holds; goes to other processes."""

    @property
    def measures(self) -> tuple[str, ...]:
        """Names of its scores, the usual one first."""

    def __call__(self, settings: Settings, seed: int) -> Scores:
        """Train with settings and a seed, and judge what was not learnt from."""

    def fingerprint(self) -> str:
        """Of the data."""

    def how(self) -> dict[str, Any]:
        """Options of judging, in terms of JSON."""

    def words(self) -> str:
        """How settings are judged, for the user."""

    def baseline(self) -> Baseline | None:
        """What is to be beaten. `DataError` if the data are too few to judge anything."""

    def notes(self) -> tuple[str, ...]:
        """What the user should know of the judging."""


def measure_of(judge: Judge, given: str | None) -> str:
    """The score that settings are ranked by.

    Raises
    ------
    OptionError
        If there is no such score.
    """
    if given is None:
        return judge.measures[0]
    if not isinstance(given, str) or given not in judge.measures:
        raise OptionError(
            f"measure is {shown(given)}{nearest(given, judge.measures)}; expected one of {', '.join(judge.measures)}"
        )
    return given


# --- series -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class SeriesJudge:
    """Backtests: forecasts of the series' end, made without having seen it."""

    forecaster: Forecaster
    collection: Collection
    origins: int | None = None
    refit: bool = False

    @property
    def measures(self) -> tuple[str, ...]:
        scaled = np.isfinite(self._probe.scales).any()
        return ("MASE", "sMAPE", "RMSE", "MAE") if scaled else ("MAE", "sMAPE", "RMSE")

    @cached_property
    def _probe(self) -> Backtest:
        """A backtest of what costs nothing, for what is the same in all: series, origins, scales, simple methods."""
        return self._backtest({"methods": ("seasonal naive",), "distribution": None}, 0)

    def _backtest(self, settings: Settings, seed: int) -> Backtest:
        params = self.forecaster.get_params() | settings | {"seed": seed}
        return backtest(Forecaster(**params), self.collection, origins=self.origins, refit=self.refit, level=())

    def __call__(self, settings: Settings, seed: int) -> Scores:
        test = self._backtest(settings, seed)
        return {name: float(score) for name, score in self._scored(test, "elman").items() if name in self.measures}

    def _scored(self, test: Backtest, method: str) -> Mapping[str, Any]:
        """Scores in units of the forecaster as it was given: those of a test would change with a season tried."""
        return judged(test.actual, test.forecasts[method], self._probe.scales)

    def fingerprint(self) -> str:
        return of_collection(self.collection)

    def how(self) -> dict[str, Any]:
        return {"backtest": {"origins": self.origins, "refit": self.refit}}

    def words(self) -> str:
        test = self._probe
        how = "trained anew for each" if self.refit else "trained once on the values before the first of them"
        return (
            f"backtests: {counted(len(test.origins), 'forecasts')} of {counted(test.horizon, 'steps')} each of the end "
            f"of {counted(len(test.collection), 'series')}, {how}"
        )

    def baseline(self) -> Baseline | None:
        by_name = {name: self._scored(self._probe, name) for name in self._probe.forecasts if name != "elman"}
        best = min(by_name, key=lambda name: float(by_name[name][self.measures[0]]))
        return Baseline(best, {name: float(by_name[best][name]) for name in self.measures})

    def notes(self) -> tuple[str, ...]:
        return self._probe.notes


# --- sequences ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class CasesJudge:
    """Cross-validation on the cases that are learnt from, or a share of them that is held out."""

    learner: SequenceClassifier | SequenceRegressor
    cases: Cases
    folds: int | None = 5
    hold_out: float | None = None
    by: str | None = None

    @property
    def classifies(self) -> bool:
        return isinstance(self.learner, SequenceClassifier)

    @property
    def measures(self) -> tuple[str, ...]:
        if self.classifies:
            return ("accuracy", "balanced_accuracy", "macro_f1", "log_loss", "brier")
        return ("rmse", "mae", "r2")

    def __call__(self, settings: Settings, seed: int) -> Scores:
        params = self.learner.get_params() | settings | {"random_state": seed, "channels": "last"}
        said, held = self._blank(), np.zeros(len(self.cases), bool)
        for part in self.parts(seed):
            model = type(self.learner)(**params).fit(self.cases.take(~part))
            said[part], held = self._said(model, self.cases.take(part)), held | part
        return self._scored(held, said)

    def parts(self, seed: int) -> list[np.ndarray]:
        """Which cases judge, (N,), of each model that is trained."""
        if self.hold_out is not None:
            return [HeldOut.of(self.cases, self.hold_out, seed, self.by).which]
        assert self.folds is not None
        if self.by is None:
            dealt = folds(self._strata(), self.folds, seed)
        else:
            dealt = folds_of_groups(groups_of(self.cases, self.by), self.folds, seed)
        return [dealt == fold for fold in range(self.folds) if (dealt == fold).any()]

    def _strata(self) -> np.ndarray:
        if self.classifies:
            return np.unique(self._labels, return_inverse=True)[1]
        return parts_of(self._labels[:, None])

    @property
    def _labels(self) -> np.ndarray:
        assert self.cases.labels is not None
        return self.cases.labels if self.classifies else targets_of(self.cases.labels, self.cases.names)

    def _blank(self) -> np.ndarray:
        return np.zeros((len(self.cases), len(self._classes))) if self.classifies else np.zeros(len(self.cases))

    @cached_property
    def _classes(self) -> np.ndarray:
        return np.unique(self._labels)

    def _said(self, model: Any, cases: Cases) -> np.ndarray:
        """Numbers, or probabilities of all classes, those that the model never met among them."""
        if not self.classifies:
            return np.asarray(model.predict(cases))
        found = np.zeros((len(cases), len(self._classes)))
        found[:, np.searchsorted(self._classes, model.classes_)] = model.predict_proba(cases)
        return found

    def _scored(self, held: np.ndarray, said: np.ndarray) -> Scores:
        """Scores of all cases that judged, each judged once."""
        truth, names = self._labels[held], [self.cases.names[i] for i in np.flatnonzero(held)]
        if not self.classifies:
            report = report_on_numbers(truth, said[held], names, 0)
            return {name: float(getattr(report, name)) for name in self.measures}
        of = report_on_classes(self._classes, truth, said[held], names, 0)
        found = (of.accuracy, of.balanced_accuracy, of.macro["f1"], of.log_loss, of.brier)
        return dict(zip(self.measures, map(float, found), strict=True))

    def fingerprint(self) -> str:
        return of_cases(self.cases)

    def how(self) -> dict[str, Any]:
        return {"folds": self.folds, "hold_out": self.hold_out, "hold_out_by": self.by}

    def words(self) -> str:
        whole = f", all cases of one {self.by} together" if self.by else ""
        count = counted(len(self.cases), "cases")
        if self.folds is not None:
            return f"cross-validation in {self.folds} folds of {count}{whole}"
        return f"{100 * float(self.hold_out or 0):g} % of {count}, held out{whole}"

    def baseline(self) -> Baseline | None:
        """Always the most frequent class, in the shares that the classes have; or always the mean."""
        self._check()
        every = np.ones(len(self.cases), bool)
        if self.classifies:
            shares = np.unique(self._labels, return_counts=True)[1] / len(self.cases)
            return Baseline("most frequent class", self._scored(every, np.tile(shares, (len(self.cases), 1))))
        labels = self._labels
        return Baseline("mean of the targets", self._scored(every, np.full(len(labels), labels.mean())))

    def notes(self) -> tuple[str, ...]:
        return HeldOut.of(self.cases, self.hold_out or 0.25, 0, self.by).notes

    def _check(self) -> None:
        """Refuse data that cannot be parted, before anything is trained."""
        if self.classifies and len(self._classes) < 2:
            only = self._classes.tolist()[0]
            raise DataError(
                f"all {counted(len(self.cases), 'cases')} are of one class, {only!r}; expected two at least"
            )
        self.notes()  # refuses what is wrong with `by`, or with the cases
        parts = self.parts(0)
        wanted = self.folds or 1
        if len(parts) < wanted:
            many = counted(sum(int(part.sum()) for part in parts), "cases")
            what = f"{self.by} tells {len(parts)} groups apart" if self.by else f"{many} can judge"
            raise DataError(f"{what}, too few for {counted(wanted, 'folds')}; give fewer folds, or hold_out")


# --- texts --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class TextJudge:
    """The end of the text, which is held out of each training; it chooses the best epoch too."""

    model: LanguageModel
    text: Any

    measures = ("bits_per_character", "perplexity")

    def __call__(self, settings: Settings, seed: int) -> Scores:
        model = LanguageModel(**self.model.get_params() | settings | {"seed": seed}).fit(self.text, verbose=0)
        score = model.evaluate()
        return {name: float(getattr(score, name)) for name in self.measures}

    def fingerprint(self) -> str:
        return of_text(self.text)

    def how(self) -> dict[str, Any]:
        return {"held out": float(self.model.validation)}

    def words(self) -> str:
        share = 100 * float(self.model.validation)
        return f"the last {share:g} % of the text, which no training saw but to choose its best epoch"

    def baseline(self) -> Baseline | None:
        if self.model.validation == 0:
            raise OptionError("validation is 0, so that no part of the text judges; give it above 0")
        return None

    def notes(self) -> tuple[str, ...]:
        return ()
