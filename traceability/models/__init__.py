"""The tables of schema `traceability`: products, lots, codes, links, marketplaces, cases, OCOP."""

from traceability.models.events import (
    CaptureJob,
    Event,
    EventIdentity,
    EventItem,
    JournalCheckpoint,
    JournalEntry,
    JournalHead,
)
from traceability.models.links import Link, LinkEntry
from traceability.models.lots import Lot, LotSource
from traceability.models.marketplaces import ClickDay, Listing, Marketplace
from traceability.models.ocop import (
    Assessment,
    Dossier,
    DossierEvidence,
    DossierPrivate,
    DossierStep,
    OcopSerial,
    Rubric,
)
from traceability.models.photos import ProductPhoto
from traceability.models.products import Certificate, Product
from traceability.models.reports import Report, ReportPrivate, ReportStep
from traceability.models.scans import ScanCheck, ScanDay, ScanWriter
from traceability.models.serials import Serial, SerialBatch, SerialChange

__all__ = [
    "Assessment",
    "CaptureJob",
    "Certificate",
    "ClickDay",
    "Dossier",
    "DossierEvidence",
    "DossierPrivate",
    "DossierStep",
    "Event",
    "EventIdentity",
    "EventItem",
    "JournalCheckpoint",
    "JournalEntry",
    "JournalHead",
    "Link",
    "LinkEntry",
    "Listing",
    "Lot",
    "LotSource",
    "Marketplace",
    "OcopSerial",
    "Product",
    "ProductPhoto",
    "Report",
    "ReportPrivate",
    "ReportStep",
    "Rubric",
    "ScanCheck",
    "ScanDay",
    "ScanWriter",
    "Serial",
    "SerialBatch",
    "SerialChange",
]
