"""Classify: estimators in scikit-learn's manner for sequences that are judged as a whole."""

from elman.classify.classifier import SequenceClassifier
from elman.classify.regressor import SequenceRegressor

__all__ = ["SequenceClassifier", "SequenceRegressor"]
