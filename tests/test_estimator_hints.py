"""An argument that an estimator's `fit` has not is told with what there is."""

from __future__ import annotations

import pytest

import elman as el

ESTIMATORS = [el.Forecaster, el.SequenceClassifier, el.SequenceRegressor, el.LanguageModel]


@pytest.mark.parametrize("kind", ESTIMATORS, ids=lambda kind: kind.__name__)
def test_a_name_that_is_nearly_right(kind):
    with pytest.raises(el.OptionError, match=r"fit has no argument 'calbacks' \(did you mean 'callbacks'\?\)"):
        kind().fit([1.0], calbacks=())
