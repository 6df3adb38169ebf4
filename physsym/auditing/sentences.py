"""What the words beside a formula say of it: that it follows, sets a value anew, is denied or approximate."""

from __future__ import annotations

import re

from physsym.auditing.texts import Formula


def _words(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{pattern})\b", re.IGNORECASE)


_STRONG = _words(r"re-?writ\w+|equivalent\w*|simplif\w+|in other words|that is")
_FOLLOWS = re.compile(
    r"\b(hence|so|thus|therefore|consequently|it follows|follows that|we (?:get|obtain|find|arrive at)"
    r"|(?:this|which) (?:gives|yields))\b[^.]*$",
    re.IGNORECASE,
)
_ANEW = _words(
    r"now|instead|consider|another|next|second|different|new|for an?|in the case|redefin\w+|replac\w+"
    r"|alternatively|let(?!\s+us)|suppose|assume|take|choose"
)
_DENIES = _words(
    r"not|never|no longer|wrong\w*|false|contradict\w*|suppos\w+|assum\w+|if|would|unless|instead|mistake\w*"
    r"|error|incorrect\w*|which of|is it|whether"
)
_REJECTS = _words(r"contradict\w*|impossible|absurd|false|fails?|wrong|not true|nonsense|not")
_CONDITIONS = re.compile(
    r"^\W*(?:and )?(?:(?:which |this |that |it )?(?:holds?|is (?:true|valid|right)|valid|true) )?"
    r"(?:where|with|for|if|provided|when|whenever|since|as|because|given|assuming|in which|here)\b",
    re.IGNORECASE,
)
_SIGN_BEHIND = re.compile(
    r"\W*(?:be|is|are|being)\s+(?:strictly\s+)?(positive|negative)\b(?!\s+or\b)", re.IGNORECASE
)
_SIGN_BEFORE = re.compile(r"\b(?<!-)(positive|negative)\s*\Z", re.IGNORECASE)
_TAKES_BACK = _words(
    r"otherwise|else|in general|more generally|conversely|converse|without|drop(?:ping)?|unless"
)
_CALLS_WRONG = re.compile(
    r"\b(?:mistakes?|slips?|temptation|tempt\w+|errors? (?:is|are)) (?:is |are |would be )?"
    r"(?:to|of writing)\b[^.]*$"
    r"|\b(?:wrongly|incorrectly|falsely|mistakenly)\b[^.]*$",
    re.IGNORECASE,
)
_IS_WRONG = re.compile(
    r"^\W*(?:which |this |that |it )?(?:is|would be|are) (?:(?:in general|generally|simply|just|plainly) )?"
    r"(?:false|wrong|incorrect|nonsense|not (?:true|correct|right|valid|equal)"
    r"|a (?:common )?(?:mistake|fallacy))\b",
    re.IGNORECASE,
)
_NEGATES = _words(r"not|never|no longer|wrong\w*|false|incorrect\w*|unless|instead")
_ANOTHER = _words(
    r"general|arbitrary|any|every|each|some|another|other|different|an?(?: \w+){1,3} with|functions? with"
)
_ASKS = _words(
    r"fixed points?|equilibri\w+|stationary|critical|conditions?|equations?|satisf\w+|solv\w+|require\w*|must"
    r"|want|needs?|such that|where|when|roots?|zeros?|boundary|initial\w*|demand\w*|sets?|setting|choose"
)
_APPROXIMATES = _words(
    r"small|large|tiny|weak|slow|low|high|approximat\w*|approx|limits?|limiting"
    r"|(?:leading|lowest|first|second) order"
    r"|neglect\w*|ignor\w+|nearly|roughly|almost|asymptotic\w*|expand\w*|expansion|lineari[sz]\w+|near|far"
)
_PLAINLY = _words(
    r"(?:for|at) (?:small|large|weak|slow|low|high)"
    r"|small(?: \w+)? (?:angles?|oscillations?|amplitudes?|displacements?)"
    r"|approximat\w*|in the limit|neglecting|to (?:leading|lowest|first) order"
)
_OTHERS = _words(
    r"second|other|another|different|instead|similar\w*|likewise|analog\w+|replac\w+|exchang\w+|revers\w+"
    r"|opposite|respectively|new|coordinates?|frames?|variables|rescal\w+|units|dimensionless"
)
_CASES = _words(
    r"halfs?|halves|branch(?:es)?|odd|even|normal|symmetr\w+|lower|upper|left(?!-| with\b| hand)"
    r"|right(?!-| hand)|parallel|series|escape|orbit\w*|th(?:at|ose) of|cases?|inside|outside"
    r"|(?:before|after) it|for an?|swap\w*|(?:counter|anti)-?\w+"
)
_SUBJECT = re.compile(
    r"\bthe ((?:(?!the\b)[\w'-]+ ){1,5})(?:is|are|has|have|becomes?|equals?|obeys?|reads?)\b", re.IGNORECASE
)
_OF_NO_SUBJECT = _words(
    r"of|an?|in|and|to|that|this|result|equation|expression|formula|value|solution|answer|sum|product|sides?"
    r"|hand|line|law|relation|definition|function|quantity|whole|square|derivative"
)
_NEARLY = re.compile(r"[≈≪≫∼≃]|\\(?:approx|ll|gg|sim|simeq)(?![A-Za-z])")
_WHERE = re.compile(
    r"[→↦]|\\(?:to|mapsto|rightarrow|longrightarrow)(?![A-Za-z])"
    r"|\b(?:for|if|when|where|on)\s+\W{0,2}[^\s$]*\s*(?:[<>≤≥]|\\[lg](?:t|eq?)(?![A-Za-z]))",
    re.IGNORECASE,
)


def claims_equality(formula: Formula) -> bool:
    """Return whether the sentence before a formula says that it is what was said before."""
    if approximates(formula):
        return False
    follows = _FOLLOWS.search(formula.before) and not _OTHERS.search(formula.before)
    return bool(_STRONG.search(formula.before) or follows)


def sets_anew(formula: Formula, earlier: Formula) -> bool:
    """Return whether a formula gives a name of an earlier one another value on purpose."""
    if claims_equality(formula):
        return False
    return formula.section != earlier.section or bool(_ANEW.search(formula.before))


def approximates(formula: Formula) -> bool:
    """Return whether the sentences beside a formula say that it holds approximately, or in a limit."""
    said = any(_APPROXIMATES.search(words) for words in (formula.before, formula.after, formula.sentence))
    return said or bool(_NEARLY.search(formula.sentence))


def names_another_case(formula: Formula, earlier: Formula) -> bool:
    """Return whether the sentence of a formula tells cases apart, or puts something in for a letter.

    What follows then in words of consequence may be of another case than an earlier formula. So is what "the
    minimum is", after words that do not speak of it.
    """
    before_a_condition = formula.after.lower() in ("for", "if", "when", "where")
    patterns = (_OTHERS, _CASES, _WHERE)
    said = {*re.findall(r"[\w'-]+", earlier.before.lower())}
    subjects = {word for found in _SUBJECT.findall(formula.before) for word in found.lower().split()}
    new = bool(said) and any(not _OF_NO_SUBJECT.fullmatch(word) for word in subjects - said)
    return before_a_condition or new or any(p.search(formula.sentence) for p in patterns)


def is_approximate(formula: Formula) -> bool:
    """Return whether the sentence before a formula says in plain words that it holds approximately."""
    return bool(_PLAINLY.search(formula.before) or _PLAINLY.search(formula.sentence))


def is_denied(formula: Formula) -> bool:
    """Return whether the sentences beside a formula suppose, ask, deny or weaken what it says."""
    said = _DENIES.search(formula.before) or _REJECTS.search(formula.after)
    return bool(said) or "?" in formula.before + formula.after or approximates(formula)


def speaks_of_another(formula: Formula) -> bool:
    """Return whether the sentence of a formula speaks of another thing of its name, as of any function."""
    return bool(_ANOTHER.search(formula.before) or _ANOTHER.search(formula.sentence))


def is_negated(formula: Formula) -> bool:
    """Return whether the sentences beside a condition may say that it does not hold."""
    return bool(_NEGATES.search(formula.before) or _REJECTS.search(formula.after))


def states_a_condition(formula: Formula) -> bool:
    """Return whether the words before a formula make it a condition of what stands before them."""
    return bool(_CONDITIONS.search(formula.before))


def takes_conditions_back(formula: Formula) -> bool:
    """Return whether the words before a formula say that conditions stated before it are no longer meant."""
    return bool(_TAKES_BACK.search(formula.before))


def sign_in_words(formula: Formula) -> str:
    """Return the sign that the words directly beside a letter tell of it, `> 0` or `< 0`; else nothing."""
    found = _SIGN_BEHIND.match(formula.after) or _SIGN_BEFORE.search(formula.before)
    return {"positive": "> 0", "negative": "< 0"}[found[1].lower()] if found else ""


def is_called_wrong(formula: Formula) -> bool:
    """Return whether the sentence of a formula says plainly that it is false."""
    return bool(_CALLS_WRONG.search(formula.before) or _IS_WRONG.search(formula.after))


def asks_where(formula: Formula) -> bool:
    """Return whether the sentence of a formula says that it is an equation to be solved."""
    return bool(_ASKS.search(formula.before))
