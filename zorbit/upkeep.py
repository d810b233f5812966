"""Commands that look after a database: `zorbit doctor`, `zorbit purge`, `zorbit periodic`."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import timedelta
from typing import Annotated

import orjson
import typer
from sqlalchemy.exc import DBAPIError

from zorbit import config, logs
from zorbit.console import over, prepared_database
from zorbit.doctor import Finding, examine
from zorbit.errors import OperatorError
from zorbit.services import purging, renewals

app = typer.Typer()
AGE = re.compile(r"([1-9][0-9]{0,4})([dh])")
UNITS = {"d": "days", "h": "hours"}
BROKEN, FAILED = 1, 2
"""What `zorbit doctor` ends with: invariants are broken, or it could not look."""


@app.command()
def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")] = False,
) -> None:
    """Check that what always holds does hold; nothing is written.

    Ends with 0 if so, with 1 if rows break an invariant, and with 2 if it could not look.
    """
    settings = config.load()
    try:
        with prepared_database(settings) as url:
            findings = over(url, settings, examine)
    except (OperatorError, DBAPIError) as error:
        reason = error.orig if isinstance(error, DBAPIError) else error
        typer.echo(f"zorbit: {reason}", err=True)
        raise typer.Exit(FAILED) from None
    typer.echo(_json(findings) if as_json else "\n".join(_report(findings)))
    if any(finding.count for finding in findings):
        raise typer.Exit(BROKEN)


def _json(findings: list[Finding]) -> str:
    told = [
        {
            "name": finding.invariant.name,
            "description": finding.invariant.description,
            "count": finding.count,
            "offenders": [asdict(offender) for offender in finding.offenders],
        }
        for finding in findings
    ]
    return orjson.dumps({"invariants": told}, option=orjson.OPT_INDENT_2).decode()


def _report(findings: list[Finding]) -> Iterator[str]:
    for finding in findings:
        if not finding.count:
            yield f"ok      {finding.invariant.name}"
            continue
        yield f"BROKEN  {finding.invariant.name}, by {finding.count}: {finding.invariant.description}"
        for offender in finding.offenders:
            place = f"{offender.table} {offender.id}" if offender.id else offender.table
            yield f"        {place}: {offender.problem}"
        if finding.count > len(finding.offenders):
            yield f"        and {finding.count - len(finding.offenders)} more"
    broken = sum(finding.count > 0 for finding in findings)
    yield (
        f"{broken} of {len(findings)} invariants are broken" if broken else f"{len(findings)} invariants hold"
    )


@app.command()
def purge(
    older_than: Annotated[str, typer.Option(metavar="AGE", help="In days or hours: 90d, 36h; at least 1h.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count, and change nothing.")] = False,
) -> None:
    """Delete for good what was put into the trash longer ago than AGE; expired idempotency keys too.

    What a kept row refers to stays. A user with invoices is made anonymous. The server may go on running.
    """
    settings, age = config.load(), _age(older_than)
    act = purging.preview if dry_run else purging.run
    with prepared_database(settings) as url:
        purged = over(url, settings, lambda database: act(database, settings, age))
    _print_counts("to purge" if dry_run else "purged", purged.rows)
    if purged.in_use:
        typer.echo(f"in use, so left for the next time: {purged.in_use}", err=True)


def _age(text: str) -> timedelta:
    match = AGE.fullmatch(text)
    if match is None:
        raise OperatorError(f"--older-than takes days or hours, from 1h to 99999d: 90d or 36h, not {text!r}")
    return timedelta(**{UNITS[match[2]]: int(match[1])})


@app.command()
def periodic() -> None:
    """Do once what is due by the clock, as a server does by itself: subscriptions end or renew."""
    settings = config.load()
    logs.configure(settings)
    with prepared_database(settings) as url:
        counts = over(url, settings, lambda database: renewals.run(database, settings))
    _print_counts("done", counts)


def _print_counts(what: str, counts: Mapping[str, int]) -> None:
    told = ", ".join(f"{count} {name}" for name, count in sorted(counts.items()) if count)
    typer.echo(f"{what}: {told or 'nothing'}")
