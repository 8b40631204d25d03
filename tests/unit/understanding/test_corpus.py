"""The corpora guard against regressions: the bars of issue 7."""

import json

from domain.understanding.score import Score, score
from tests.unit.understanding.conftest import CORPUS, corpus


def scored(*names: str) -> Score:
    return score(line for name in names for line in (CORPUS / f"{name}.jsonl").read_text("utf-8").splitlines())


def test_the_dev_file_is_all_right() -> None:
    result = scored("dev")
    assert result.misses == []
    assert (result.whole.replies, result.whole.right, result.whole.wrong) == (60, 60, 0)


def test_our_own_corpus_keeps_its_bar() -> None:
    result = score(json.dumps(item) for item in corpus() if not item["id"].startswith("d0"))
    assert result.whole.replies >= 600
    assert result.whole.right >= 0.98 * result.whole.replies, "\n".join(result.misses)
    assert result.whole.wrong <= 3 * result.whole.replies / 600, "\n".join(result.misses)


def test_the_corpus_is_sound() -> None:
    ids = [item["id"] for item in corpus()]
    assert len(ids) == len(set(ids))
    for item in corpus():
        keys = {entry["key"] for entry in item["context"]}
        assert set(item["expected"] or {}) <= keys
        assert (item["expected"] is None) == (item["expected_intent"] in ("question", "refuse", "unclear"))


def test_what_another_author_wrote_keeps_its_bar() -> None:
    """Batches by somebody who never read the grammar, for indicators it has no words for as well."""
    paths = sorted((CORPUS / "held").glob("*.jsonl"))
    result = score(line for path in paths for line in path.read_text("utf-8").splitlines())
    assert result.whole.replies >= 1000
    assert result.whole.right >= 0.96 * result.whole.replies, "\n".join(result.misses)
    assert result.whole.wrong <= 3, "\n".join(result.misses)
