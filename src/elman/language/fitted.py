"""What a language model has once it has learnt."""

from __future__ import annotations

from elman.errors import OptionError
from elman.estimator import Estimator
from elman.language.held import Encoded
from elman.language.vocabulary import Vocabulary
from elman.network import Network
from elman.training.history import History


class Fitted(Estimator):
    """What judging and writing need of it; `LanguageModel` says what each of these is."""

    seed: int

    vocabulary_: Vocabulary
    network_: Network
    history_: History
    held_out_: Encoded | None
    notes_: list[str]

    def _check_fitted(self) -> None:
        if not hasattr(self, "network_"):
            raise OptionError("this language model has learnt nothing yet: call fit(text) first, or LanguageModel.load")
