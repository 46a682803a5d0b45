"""Language: models of text, by characters, words or byte-pair pieces."""

from elman.language.characters import Characters
from elman.language.model import LanguageModel
from elman.language.ngram import KneserNey
from elman.language.pieces import Pieces
from elman.language.scores import TextScore
from elman.language.streams import parallel_streams
from elman.language.vocabulary import Vocabulary
from elman.language.words import Words

__all__ = [
    "Characters",
    "KneserNey",
    "LanguageModel",
    "Pieces",
    "TextScore",
    "Vocabulary",
    "Words",
    "parallel_streams",
]
