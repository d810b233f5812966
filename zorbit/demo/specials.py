"""Conversations at the edges: other scripts, and texts as long as the limits allow."""

from collections.abc import Iterator
from itertools import cycle

from zorbit.checks import NAME_LIMIT, TEXT_LIMIT
from zorbit.demo.scripts import Draft, Exchange, Idea, Script
from zorbit.demo.topics import topics
from zorbit.models import ThreadType
from zorbit.services.posts import POST_UNITS, utf16_units

JAPANESE = Script(
    title="会議を減らす投稿 📝",
    type=ThreadType.POST,
    exchanges=[
        Exchange(
            "リモート会議を減らすための投稿を書きたいです。どこから始めればよいでしょうか。",
            "まず、会議で決めたいことを一文で書き出してみてください。一文にならなければ、その会議はまだ準備が"
            "できていません。次に、誰が決めるのかを招待状に書きます。この二つだけで、私たちの会議は半分になりました。",
            ideas=[
                Idea(
                    title="一文で書けない会議は開かない",
                    content="会議の目的を一文で書く練習を一週間続け、その結果を数字で紹介する。",
                    takeaways=["目的は一文で", "決める人を先に決める", "議事録は三行"],
                    angle="会議が減ると、チャットの通知が増えるだけかもしれない。",
                )
            ],
            drafts=[
                Draft(
                    "一文の会議",
                    "会議の目的を一文で書けますか。📝\n\n書けないときは、まだ集まる時期ではありません。私たちは"
                    "一週間試して、会議を二十二件やめました。戻ってきたのは九件だけです。\n\n"
                    "なくなっても気づかない会議はどれですか。\n\n#会議 #働き方",
                )
            ],
        ),
        Exchange(
            "ドイツの同僚にも見せたいので、短いドイツ語版もください。",
            "もちろんです。こちらが下書きです 🙂",
            drafts=[
                Draft(
                    "Weniger Besprechungen, größere Wirkung",
                    "Eine Besprechung, deren Zweck nicht in einen Satz passt, ist noch nicht vorbereitet. 🙂"
                    "\n\nWir schreiben den Satz jetzt in die Einladung und nennen, wer entscheidet. "
                    "Übrig blieb die Hälfte der Termine, und niemand möchte zurück.\n\n"
                    "会議の目的を一文で書いてみませんか。\n\n#Besprechungen #会議",
                )
            ],
        ),
    ],
)


def long_script() -> Script:
    """A thread whose title, one of its messages and its post come close to their limits."""
    title = _fitting(" · ".join(topic.title for topic in topics() * 4), NAME_LIMIT)
    return Script(
        title=title,
        type=ThreadType.IDEA,
        exchanges=[
            Exchange(
                "These are my notes of the whole year, unsorted:\n\n" + _notes(TEXT_LIMIT - 100),
                "Thank you. I have read all of it and would make one long post of the best parts.",
                drafts=[Draft("Everything I noted this year", _long_post())],
            )
        ],
    )


def _notes(limit: int) -> str:
    """Numbered notes, at most `limit` characters."""
    notes: list[str] = []
    size = 0
    for number, line in enumerate(cycle(_lines()), start=1):
        note = f"{number}. {line}"
        size += len(note) + 1
        if size > limit:
            break
        notes.append(note)
    return "\n".join(notes)


def _lines() -> Iterator[str]:
    for topic in topics():
        yield from topic.openings
        yield from topic.arguments


def _long_post() -> str:
    head, tail = "A year of notes in one post 🙂\n\n", "\n\nWhich one do you doubt? 🤔"
    room = POST_UNITS - utf16_units(head + tail)
    return head + _fitting("\n\n".join(line for topic in topics() for line in topic.arguments), room) + tail


def _fitting(text: str, limit: int) -> str:
    """The beginning of `text`, cut between words; none of it lies outside the basic plane."""
    return text[: text.rindex(" ", 0, limit)].rstrip(" ·,;:") if len(text) > limit else text
