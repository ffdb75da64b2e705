"""A line -> what it looks like: flags with names, and what each flag says about the line and its neighbours.

Only the shape counts here (length, case, punctuation, common words); what the study's other threads know of a line is
decoding.py's part. Only the first and last letters of a long line are looked at, so its length costs nothing.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from html import unescape

LOOK = 60  # letters: of longer lines only the two ends are looked at, for hardly a name is longer

# Words that make a line a sentence: common function words of European languages.
FUNCTION = frozenset(
    ["the", "a", "an", "and", "or", "but", "if", "of", "to", "in", "on", "at", "for", "with", "from", "by", "as", "is", "are", "was", "were", "be", "been", "it", "its", "this", "that", "these", "those", "not", "have", "has", "had", "do", "does", "did", "will", "would", "can", "could", "should", "what", "which", "who", "how", "when", "where", "why", "there", "here", "so", "than", "then", "just", "about", "into", "only", "also", "some", "any", "all", "very", "too", "more", "much", "your", "my", "our", "their", "his", "her", "he", "she", "they", "we", "der", "die", "das", "und", "oder", "aber", "nicht", "ist", "sind", "war", "ein", "eine", "mit", "von", "zu", "auf", "für", "den", "dem", "im", "es", "wie", "was", "auch", "noch", "le", "la", "les", "un", "une", "des", "et", "ou", "mais", "pas", "est", "sont", "dans", "pour", "avec", "sur", "que", "qui", "ce", "cette", "au", "aux", "du", "en", "ne", "el", "los", "las", "una", "y", "o", "pero", "no", "es", "son", "por", "para", "con", "que", "se", "lo", "su", "del", "al", "como", "más", "il", "lo", "gli", "i", "e", "ma", "non", "è", "sono", "per", "che", "di", "da", "del", "della", "si", "come", "o", "os", "as", "um", "uma", "não", "são", "em", "na", "do", "dos", "i", "w", "na", "z", "nie", "to", "jest", "się", "że", "do", "и", "в", "на", "не", "что", "это", "с", "по", "как", "но", "а", "в", "het", "een", "van", "en", "niet", "dat"]
)
PERSON = frozenset(["i", "you", "me", "i'm", "i've", "i'd", "i'll", "you're", "we", "we're", "ich", "wir", "je", "nous", "yo", "ja", "я", "мы"])
# Words with which people begin, or make up, a short line of a comment.
TALK = frozenset(
    ["thanks", "thank", "thx", "ty", "great", "nice", "good", "cool", "awesome", "excellent", "interesting", "wow", "lol", "haha", "hehe", "yes", "yeah", "yep", "yup", "no", "nope", "nah", "ok", "okay", "sure", "agreed", "agree", "exactly", "right", "true", "well", "congrats", "congratulations", "hi", "hello", "hey", "dear", "cheers", "regards", "best", "sincerely", "sorry", "please", "pls", "update", "edit", "edited", "ps", "p.s.", "btw", "also", "anyway", "oh", "ah", "hmm", "um", "ugh", "amen", "bravo", "indeed", "maybe", "perhaps", "however", "because", "first", "second", "third", "finally", "lastly", "otherwise", "now", "again", "same", "ditto", "really", "seriously", "danke", "gut", "super", "hallo", "ja", "nein", "merci", "oui", "non", "bonjour", "salut", "gracias", "hola", "sí", "si", "saludos", "obrigado", "obrigada", "sim", "olá", "parabéns", "grazie", "ciao", "bene", "dzięki", "tak", "nie", "cześć", "спасибо", "да", "нет", "привет", "bedankt", "tack", "hej"]
)
SIGN_OFF = re.compile(
    r"(?:best|kind|warm)?\W*(?:regards|cheers|thanks|thank you|thx|sincerely|yours|best|love|greetings|grüße|gruß|"
    r"cordialement|saludos|saluti|cumprimentos|pozdrawiam)\b[\w ]{0,20}[,.!]*$",
    re.IGNORECASE,
)
URL = re.compile(r"https?://|www\.|\w\.(?:com|org|net|html|aspx|php)\b", re.IGNORECASE)
EMAIL = re.compile(r"\S@\w+\.\w")
LIST_MARK = re.compile(r"(?:\(?\d{1,2}[.):]|[*•·+o–—-]|[a-zA-Z][.)])\s")
CODE = re.compile(r"[{}<>=;|\\]|\(\)|//|\.\w+\(|\[\w*\]")
SMILEY = re.compile(r"[:;=8][-o']?[)(DPp/|\]]|[\U0001F300-\U0001FAFF☀-➿]")
WIDE = re.compile(r"[ᄀ-ᇿ⺀-鿿가-힯豈-﫿＀-｠]")
UNCASED = re.compile(r"[\u0590-\u08ff\u0900-\u0dff\u0e00-\u0fff]")
CONTRACTION = re.compile(r"\w['’](?:t|s|m|re|ve|d|ll)\b", re.IGNORECASE)
CAMEL = re.compile(r"[a-z][A-Z]")
MENTION = re.compile(r"@\s?([^\s@,:;.!?()\"]+(?: [^\s@,:;.!?()\"]+){0,2})")
ADDRESS = re.compile(r"([^\s@,:;.!?()\"]+(?: [^\s@,:;.!?()\"]+){0,2})\s?[:,]")

ENDS = {c: name for name, chars in {
    "ends .": ".。।", "ends !": "!！", "ends ?": "?？؟", "ends :": ":：", "ends ,": ",、،", "ends )": ")]）",
    "ends ;": ";{}>=", "ends quote": "\"'”’»」", "ends …": "…",
}.items() for c in chars}  # fmt: skip
STARTS = {c: name for name, chars in {
    "starts @": "@", "starts dash": "-–—~", "starts quote": "\"“'‘«「>", "starts (": "([（", "starts mark": "*•·#+_/\\<{}&$:;.,!?",
}.items() for c in chars}  # fmt: skip
TOPS = (2, 4, 7, 11, 15, 20, 25, 30, 40, 60, 100, 250)  # of the lengths below; an ideograph counts two and a half
LENGTHS = ("1-2 long", "3-4 long", "5-7 long", "8-11 long", "12-15 long", "16-20 long", "21-25 long", "26-30 long",
           "31-40 long", "41-60 long", "61-100 long", "101-250 long", "251+ long")  # fmt: skip
STOPS = ".,!?:;()\"'…"
N_WORDS = ("1 word", "1 word", "2 words", "3 words", "4 words", "5-6 words", "5-6 words", "7+ words")
DIGIT, LETTER = re.compile(r"\d"), re.compile(r"[^\W\d_]")
EYES = frozenset(":;=8")  # of a smiley
CODE_SIGNS = frozenset("{}<>=;|\\()/[")


def flags(line: str) -> list[str]:
    """Name what a line looks like.

    Parameters
    ----------
    line : str
        A line, stripped and not empty.

    Returns
    -------
    list of str
        Flags, each a row of `WEIGHTS`; at least one.
    """
    if len(line) <= 2 * LOOK and "&" in line:
        line = unescape(line).strip() or line
    size, plain = len(line), line.isascii()
    n_wide = 0 if plain else len(WIDE.findall(line[:LOOK]))
    size += n_wide + n_wide // 2
    found = [LENGTHS[bisect_left(TOPS, size)]]
    first, last = line[0], line[-1]
    if last in ENDS:
        found.append("ends …" if line.endswith("...") else ENDS[last])
    elif last.isdigit():
        found.append("ends digit")
    if LIST_MARK.match(line):
        found.append("starts list mark")
    elif first in STARTS:
        found.append(STARTS[first])
    elif first.isdigit():
        found.append("starts digit")
    elif first.islower():
        found.append("starts lower")
    elif not first.isalpha():
        found.append("starts sign")
    if size > LOOK:
        return found
    # What the words are.
    words = line.split()
    n = len(words)
    found.append("ideographs" if n_wide else N_WORDS[min(n, 7)])
    bare = [word.strip(STOPS) for word in line.lower().split()]
    n_function = len(FUNCTION.intersection(bare))
    if n_function:
        found.append("1 function word" if n_function == 1 else "2+ function words")
    if not PERSON.isdisjoint(bare):
        found.append("I or you")
    if bare[0] in TALK:
        found.append("talk" if n > 1 else "talk alone")
        if SIGN_OFF.match(line):
            found.append("sign-off")
    elif bare[-1] in TALK:
        found.append("ends in talk")
    # How it is written.
    if n > 1:
        initials = [word[0] for word in words]
        n_upper = sum(map(str.isupper, initials))
        n_cased = n_upper + sum(map(str.islower, initials))
        if n_cased and n_upper == n_cased:
            found.append("every word capital")
        elif n_cased and n_upper == 0:
            found.append("no word capital")
        elif n_upper == 1 and initials[0].isupper():
            found.append("first word capital")
    elif first.isalpha() and line.isalnum() and not n_wide:
        found.append("plain word")
    if line.isupper() and size > 2:
        found.append("ALL CAPITALS")
    if DIGIT.search(line):
        found.append("digit")
    if not first.isalpha() and not LETTER.search(line):
        found.append("no letter")
    inside = set(line[:-1])
    if not inside.isdisjoint(",;،、"):
        found.append("comma inside")
    if " " in inside:
        if ": " in line:
            found.append("colon inside")
        if ". " in line or "! " in line or "? " in line:
            found.append("stop inside")
    if "_" in inside:
        found.append("underscore")
    if "(" in inside:
        found.append("bracket")
    if "@" in inside and EMAIL.search(line):
        found.append("e-mail")
    elif not inside.isdisjoint("./") and URL.search(line):
        found.append("URL")
    elif not CODE_SIGNS.isdisjoint(line) and CODE.search(line):
        found.append("code")
    if CAMEL.search(line):
        found.append("camelCase")
    if not inside.isdisjoint("'’") and CONTRACTION.search(line):
        found.append("contraction")
    if not (plain and inside.isdisjoint(EYES)) and SMILEY.search(line):
        found.append("smiley")
    if not plain and UNCASED.search(line):
        found.append("script without case")
    return found


# What each flag adds to the log odds: of this line's being a name, of the next line's, of the one before; and of this
# line's being of the article rather than of a comment, where no copyright sentence divides them.
WEIGHTS: dict[str, tuple[float, float, float, float]] = {
    # flag: (name, name after it, name before it, article)
    "1-2 long": (0.2, -0.2, -0.7, -0.1),
    "3-4 long": (1.0, 0.2, 0.3, 0.0),
    "5-7 long": (1.1, -0.2, -0.2, -0.1),
    "8-11 long": (0.9, -0.7, -0.3, 0.1),
    "12-15 long": (1.5, -0.5, -0.7, 0.2),
    "16-20 long": (0.8, -0.2, -0.8, -0.2),
    "21-25 long": (0.5, -0.1, -0.6, 0.1),
    "26-30 long": (0.6, -0.2, -0.7, -0.1),
    "31-40 long": (-1.2, 0.1, 0.0, 0.0),
    "41-60 long": (-1.4, -0.3, -0.3, 0.0),
    "61-100 long": (-2.6, -0.4, 0.3, 0.6),
    "101-250 long": (-2.8, -0.2, 0.3, 0.3),
    "251+ long": (-2.0, -0.5, 0.2, 0.1),
    "ends !": (-1.1, 0.8, 0.7, 0.1),
    "ends )": (-1.1, 0.2, -0.2, 0.0),
    "ends ,": (-1.7, -1.4, 1.1, 0.1),
    "ends .": (-2.4, 0.3, 0.2, 0.3),
    "ends :": (-2.2, -2.2, 0.3, -0.1),
    "ends ;": (-0.7, 0.1, -0.3, -0.1),
    "ends ?": (-1.4, 0.6, 0.1, -0.1),
    "ends quote": (-0.8, 0.0, -0.2, -0.1),
    "ends …": (-0.8, 0.0, 0.4, -0.1),
    "ends digit": (-0.1, 0.2, 0.4, 0.0),
    "starts list mark": (-0.5, -0.1, -0.4, 0.1),
    "starts (": (-0.6, 0.1, -0.4, 0.2),
    "starts @": (-0.9, 0.3, 0.5, 0.0),
    "starts dash": (-0.5, 0.3, -0.5, 0.0),
    "starts mark": (-0.9, 0.1, -0.5, 0.7),
    "starts quote": (-0.6, -0.2, -0.2, 0.0),
    "starts digit": (-0.4, -0.7, -0.4, 0.0),
    "starts lower": (0.1, -0.4, -0.4, 0.4),
    "starts sign": (-0.4, 0.0, 0.3, 0.4),
    "1 word": (0.8, -0.3, -1.8, -0.1),
    "2 words": (1.9, -0.4, -0.9, 0.1),
    "3 words": (1.0, -0.4, -0.7, 0.0),
    "4 words": (0.4, -0.3, -0.5, -0.3),
    "5-6 words": (0.3, -0.3, 0.1, 0.1),
    "7+ words": (-0.4, -0.4, -0.2, 0.1),
    "ideographs": (0.1, 0.0, 0.1, 0.0),
    "1 function word": (0.1, -0.6, -0.1, -0.1),
    "2+ function words": (1.1, -0.1, 0.0, 0.1),
    "I or you": (0.5, -0.2, 0.1, -0.1),
    "talk": (-0.1, 0.2, 1.1, -0.1),
    "talk alone": (-0.7, -0.6, 1.2, 0.0),
    "sign-off": (-0.6, -0.5, -0.3, 0.0),
    "ends in talk": (-0.5, 0.1, 0.7, 0.0),
    "every word capital": (1.0, -0.4, 0.0, 0.1),
    "no word capital": (0.2, 0.0, 0.1, 0.2),
    "first word capital": (0.2, -0.3, -0.1, -0.2),
    "ALL CAPITALS": (0.3, 0.1, -0.1, 0.0),
    "digit": (-0.9, 0.1, 0.0, -0.1),
    "no letter": (-0.1, -0.5, -0.4, 0.2),
    "comma inside": (-0.5, 0.4, 0.3, 0.0),
    "colon inside": (-0.8, -0.5, -0.4, -0.1),
    "stop inside": (-0.3, 0.3, 0.2, 0.0),
    "underscore": (0.1, -0.4, -0.3, 0.0),
    "bracket": (-0.3, -0.4, -0.2, 0.0),
    "e-mail": (0.4, 0.1, -0.4, 0.0),
    "URL": (-0.5, 0.5, 0.2, -0.1),
    "code": (-1.5, -0.3, -0.8, -0.1),
    "camelCase": (-0.1, -0.2, 0.0, 0.0),
    "contraction": (0.1, 0.1, 0.1, 0.0),
    "smiley": (-0.8, 0.5, 0.4, -0.1),
    "script without case": (0.0, 0.0, 0.0, 0.0),
    "plain word": (2.5, 0.5, -0.8, -0.3),
}
