"""A stand-in for translation: it replaces everyday words, and says that it is a stand-in."""

from __future__ import annotations

import re

_SPANISH = {
    "good morning": "buenos días",
    "good afternoon": "buenas tardes",
    "good night": "buenas noches",
    "how are you": "cómo estás",
    "thank you": "gracias",
    "you are welcome": "de nada",
    "see you tomorrow": "hasta mañana",
    "of the": "del",
    "to the": "al",
    "hello": "hola",
    "goodbye": "adiós",
    "please": "por favor",
    "yes": "sí",
    "no": "no",
    "and": "y",
    "or": "o",
    "but": "pero",
    "because": "porque",
    "with": "con",
    "without": "sin",
    "for": "para",
    "from": "desde",
    "in": "en",
    "of": "de",
    "the": "el",
    "a": "un",
    "this": "este",
    "my": "mi",
    "your": "tu",
    "i": "yo",
    "you": "tú",
    "we": "nosotros",
    "is": "es",
    "are": "son",
    "has": "tiene",
    "want": "quiero",
    "who": "quién",
    "what": "qué",
    "where": "dónde",
    "when": "cuándo",
    "why": "por qué",
    "how": "cómo",
    "here": "aquí",
    "today": "hoy",
    "tomorrow": "mañana",
    "yesterday": "ayer",
    "now": "ahora",
    "always": "siempre",
    "never": "nunca",
    "very": "muy",
    "good": "bueno",
    "big": "grande",
    "small": "pequeño",
    "new": "nuevo",
    "old": "viejo",
    "hot": "caliente",
    "cold": "frío",
    "white": "blanco",
    "black": "negro",
    "red": "rojo",
    "green": "verde",
    "blue": "azul",
    "one": "uno",
    "two": "dos",
    "three": "tres",
    "ten": "diez",
    "day": "día",
    "night": "noche",
    "week": "semana",
    "year": "año",
    "time": "tiempo",
    "water": "agua",
    "bread": "pan",
    "coffee": "café",
    "tea": "té",
    "house": "casa",
    "door": "puerta",
    "street": "calle",
    "city": "ciudad",
    "train": "tren",
    "book": "libro",
    "word": "palabra",
    "world": "mundo",
    "friend": "amigo",
    "sun": "sol",
    "moon": "luna",
    "rain": "lluvia",
    "dog": "perro",
    "cat": "gato",
}
_DICTIONARIES = {("en", "es"): _SPANISH, ("es", "en"): {spanish: english for english, spanish in _SPANISH.items()}}
_LANGUAGES = re.compile(r"(?:^|[-_/])([a-z]{2,3})[-_]([a-z]{2,3})$")


class StandInTranslationEngine:
    """Replaces words that it has a dictionary for (English and Spanish), and begins with "[stand-in …]"."""

    def translate(self, text: str, model: str) -> str:
        """Replace word by word; the model's name ends with the languages, as in `opus-mt-en-es`."""
        found = _LANGUAGES.search(model)
        if found is None:
            return f"[stand-in] {text}"
        source, target = found.groups()
        return f"[stand-in {source}→{target}] {_replaced(text, _DICTIONARIES.get((source, target), {}))}"


def _replaced(text: str, dictionary: dict[str, str]) -> str:
    if not dictionary:
        return text
    longest_first = sorted(dictionary, key=len, reverse=True)
    known = re.compile(rf"\b(?:{'|'.join(map(re.escape, longest_first))})\b", re.IGNORECASE)
    return known.sub(lambda found: _cased_like(found[0], dictionary[found[0].lower()]), text)


def _cased_like(original: str, word: str) -> str:
    return word[0].upper() + word[1:] if original[0].isupper() else word
