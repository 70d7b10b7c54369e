"""`sandbox-1` refuses to judge: a rule engine that says "pass" would make every evaluation green for nothing."""

import json
import re

REFUSAL = json.dumps({"verdict": "inconclusive", "reason": "no_judge_model"})

_JUDGE = re.compile(
    r"\byou are (?:an? |the )?(?:\w+ )?(?:judge|grader|evaluator)\b"
    r"|\b(?:grade|score|rate|evaluate|judge) the "
    r"(?:following|agent|assistant|answer|response|transcript|conversation|call)\b"
    r"|\brubric\b",
    re.IGNORECASE,
)


def asks_for_judgement(text: str) -> bool:
    """True when a prompt wants an answer, a call or a transcript to be graded."""
    return _JUDGE.search(text) is not None
