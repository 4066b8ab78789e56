"""The part of the route table that is about the record: reading, checking and erasing it."""

from soar.access.permissions import Permission
from soar.api.handlers import audit, audit_export, erasures, fingerprints
from soar.api.route import V1, Route, private
from soar.api.schemas.audit import (
    AuditPage,
    AuditQuery,
    ExportQuery,
    FacetQuery,
    FacetsView,
    ProofView,
    RecordView,
    Verdict,
    ViewPage,
)
from soar.api.schemas.base import Nothing
from soar.api.schemas.erasures import ErasureView, ErasureWanted
from soar.api.schemas.fingerprints import FingerprintView, ValueSent

P = Permission


def list_record_routes() -> tuple[Route, ...]:
    """Return the routes that are about the record."""
    return (
        private("GET", f"{V1}/audit", P.AUDIT_READ, audit.list_events, takes=AuditQuery, answers=AuditPage),
        private("GET", f"{V1}/audit/facets", P.AUDIT_READ, audit.count_events, takes=FacetQuery, answers=FacetsView),
        private("GET", f"{V1}/audit/views", P.AUDIT_READ, audit.list_views, takes=Nothing, answers=ViewPage),
        private("GET", f"{V1}/audit/export", P.AUDIT_READ, audit_export.export_events, takes=ExportQuery, answers=None),
        private("GET", f"{V1}/audit/status", P.AUDIT_READ, audit.show_record, takes=Nothing, answers=RecordView),
        private(
            "GET",
            f"{V1}/audit/events/{{sequence}}/proof",
            P.AUDIT_READ,
            audit.prove_event,
            takes=Nothing,
            answers=ProofView,
        ),
        private("POST", f"{V1}/audit/verify", P.AUDIT_VERIFY, audit.verify_record, takes=Nothing, answers=Verdict),
        private(
            "POST",
            f"{V1}/audit/fingerprint",
            P.FINGERPRINT_CHECK,
            fingerprints.find_value,
            takes=ValueSent,
            answers=FingerprintView,
        ),
        private(
            "POST",
            f"{V1}/audit/erasures",
            P.AUDIT_SHRED,
            erasures.erase,
            takes=ErasureWanted,
            answers=ErasureView,
            needs_proof=True,
        ),
    )
