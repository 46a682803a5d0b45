"""Language: models of text, character by character."""

from elman.language.model import LanguageModel
from elman.language.streams import parallel_streams
from elman.language.vocabulary import Vocabulary

__all__ = ["LanguageModel", "Vocabulary", "parallel_streams"]
