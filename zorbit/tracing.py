"""Traces of requests, sent to a collector by OpenTelemetry's protocol.

Whether a request is traced is decided once, before anything is noted of it. Spans are made when it is
answered, of what its journal says, and hold no text of an operation or of a statement, and nothing of values.
"""

import os
import random
import re
import time
from collections.abc import Mapping
from importlib.metadata import version

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ALWAYS_ON
from opentelemetry.trace import SpanKind, Status, StatusCode, get_current_span, set_span_in_context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from zorbit.config import Settings
from zorbit.engine.journal import Journal, Span

EXPORT_SECONDS = 5.0
"""How long the collector has for a batch."""
PARENT = b"traceparent"
PARENT_LIMIT = 100
"""Bytes that are looked at; there are 55 today."""
LEFT_OUT = re.compile(rb"00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f][02468ace]")
"""A parent that is not traced, which most are; the library takes many times as long to find that."""

Attributes = Mapping[str, str | int]


class Tracing:
    """Makes and sends spans, from a thread of its own: a process makes one after it has forked."""

    def __init__(self, settings: Settings) -> None:
        """To the settings' endpoint."""
        self._ratio, self._heeds_parents = settings.traces_ratio, settings.traces_parents
        resource = Resource.create({"service.version": version("zorbit"), "process.pid": os.getpid()})
        if "OTEL_SERVICE_NAME" not in os.environ:
            resource = resource.merge(Resource({"service.name": "zorbit"}))
        self._provider = TracerProvider(sampler=ALWAYS_ON, resource=resource, shutdown_on_exit=False)
        exporter = OTLPSpanExporter(settings.traces_endpoint, timeout=EXPORT_SECONDS)
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("zorbit")
        self._propagator = TraceContextTextMapPropagator()

    def sampled(self, headers: Mapping[bytes, bytes]) -> Context | None:
        """What a request's trace goes on from; None where it is not to be traced."""
        if self._heeds_parents and (parent := headers.get(PARENT)) is not None:
            return None if LEFT_OUT.fullmatch(parent) else self._continued(parent)
        return Context() if random.random() < self._ratio else None  # noqa: S311 - nothing secret hangs on it

    def send(self, journal: Journal, parent: Context, attributes: Attributes) -> str:
        """Make spans of a request that was answered; its trace's id."""
        now = time.time_ns()
        request, *others = journal.spans or []
        root = self._tracer.start_span(
            request.name, parent, SpanKind.SERVER, attributes, start_time=request.began
        )
        if journal.codes:
            root.set_attribute("error.type", journal.codes[0])
        contexts = {id(request): set_span_in_context(root)}
        for one in others:
            kind = SpanKind.CLIENT if one.is_statement else SpanKind.INTERNAL
            context = contexts[id(one.parent)]
            made = self._tracer.start_span(one.name, context, kind, _attributes(one), start_time=one.began)
            if one.error:
                made.set_status(Status(StatusCode.ERROR))
            contexts[id(one)] = set_span_in_context(made)
            made.end(one.ended or now)
        root.end(now)
        return f"{root.get_span_context().trace_id:032x}"

    def close(self) -> None:
        """Send what is left; takes as long as the collector does."""
        self._provider.shutdown()

    def _continued(self, traceparent: bytes) -> Context | None:
        """The caller's trace, if they trace it; one of our own where what they say makes no sense.

        A `tracestate` is left out: it is text of the caller's, which the library logs where it is odd.
        """
        carrier = {"traceparent": traceparent[:PARENT_LIMIT].decode("latin-1")}
        context = self._propagator.extract(carrier, Context())
        parent = get_current_span(context).get_span_context()
        if not parent.is_valid:
            return Context() if random.random() < self._ratio else None  # noqa: S311 - likewise
        return context if parent.trace_flags.sampled else None


def _attributes(span: Span) -> Attributes:
    found: dict[str, str | int] = {"error.type": span.error} if span.error else {}
    if not span.is_statement:
        return found
    verb, _, table = span.name.partition(" ")
    found |= {"db.system.name": "postgresql", "db.operation.name": verb, "db.query.summary": span.name}
    return found | {"db.collection.name": table} if table else found
