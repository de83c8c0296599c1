"""The Core Business Vocabulary: names an event may use, in all their written forms. Own data.

CBV 2.0 writes one name in five ways: `shipping` (JSON), `cbv:BizStep-shipping`,
`https://ref.gs1.org/cbv/BizStep-shipping`, the older `https://ns.gs1.org/cbv/BizStep-shipping` and
the URN of EPCIS 1.2, `urn:epcglobal:cbv:bizstep:shipping`. `read_name` brings each to the first.
"""

import re
from dataclasses import dataclass

from traceability.errors import InvalidIdentifierError


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """One list of CBV: its words, and what stands before them in IRIs and URNs."""

    title: str
    iri: str
    urn: str | None
    words: frozenset[str]


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


BIZ_STEPS = Vocabulary(
    "business step",
    "BizStep-",
    "urn:epcglobal:cbv:bizstep:",
    _words(
        """
        accepting arriving assembling collecting commissioning consigning creating_class_instance
        cycle_counting decommissioning departing destroying disassembling dispensing encoding
        entering_exiting holding inspecting installing killing loading other packing picking
        receiving removing repackaging repairing replacing reserving retail_selling sampling
        sensor_reporting shipping staging_outbound stock_taking stocking storing transporting
        unloading unpacking void_shipping
        """
    ),
)

DISPOSITIONS = Vocabulary(
    "disposition",
    "Disp-",
    "urn:epcglobal:cbv:disp:",
    _words(
        """
        active available completeness_inferred completeness_verified conformant container_closed
        container_open damaged destroyed dispensed disposed encoded expired in_progress in_transit
        inactive mismatch_class mismatch_instance mismatch_quantity needs_replacement
        no_pedigree_match non_conformant non_sellable_other partially_dispensed recalled reserved
        retail_sold returned sellable_accessible sellable_not_accessible stolen unavailable unknown
        """
    ),
)

TRANSACTION_TYPES = Vocabulary(
    "type of business transaction",
    "BTT-",
    "urn:epcglobal:cbv:btt:",
    _words("bol cert desadv inv pedigree po poc prodorder recadv rma testprd testres upevt"),
)

SOURCE_TYPES = Vocabulary(
    "type of source or destination",
    "SDT-",
    "urn:epcglobal:cbv:sdt:",
    _words("location owning_party possessing_party"),
)

ERROR_REASONS = Vocabulary(
    "reason of an error declaration",
    "ER-",
    "urn:epcglobal:cbv:er:",
    _words("did_not_occur incorrect_data"),
)

COMPONENTS = Vocabulary(
    "component of a measurement",
    "Comp-",
    None,
    _words(
        """
        altitude axial_distance azimuth easting elevation_angle height latitude longitude northing
        polar_angle spherical_radius x y z
        """
    ),
)

# What a sensor measures; names of the GS1 Web Vocabulary, whose IRIs end in the bare word.
MEASUREMENTS = _words(
    """
    AbsoluteHumidity AbsorbedDose AbsorbedDoseRate Acceleration Altitude AmountOfSubstance
    AmountOfSubstancePerUnitVolume Angle AngularAcceleration AngularMomentum AngularVelocity Area
    Capacitance Conductance Conductivity Count Density Dimensionless DoseEquivalent
    DoseEquivalentRate DynamicViscosity ElectricCharge ElectricCurrent ElectricCurrentDensity
    ElectricFieldStrength Energy Exposure Force Frequency Illuminance Inductance Irradiance
    KinematicViscosity Length LinearMomentum Luminance LuminousFlux LuminousIntensity MagneticFlux
    MagneticFluxDensity MagneticVectorPotential Mass MassConcentration MassFlowRate
    MassPerAreaTime MemoryCapacity MolalityOfSolute MolarEnergy MolarMass MolarVolume Power
    Pressure RadiantFlux RadiantIntensity Radioactivity RelativeHumidity Resistance Resistivity
    SolidAngle SpecificVolume Speed SurfaceDensity SurfaceTension Temperature Time Torque Voltage
    Volume VolumeFlowRate VolumeFraction VolumetricFlux Wavenumber
    """
)
ALERTS = _words("ALARM_CONDITION ERROR_CONDITION")

# An index of the journal holds no more than 2,700 bytes.
LONGEST_URI = 2048

_CBV_IRI = re.compile(r"(?:https?://(?:ref|ns)\.gs1\.org/cbv/|cbv:)(.*)", re.DOTALL)
_GS1_IRI = re.compile(
    r"(?:https?://(?:www\.)?gs1\.org/voc/|https?://ref\.gs1\.org/voc/|gs1:)(.*)", re.DOTALL
)
# RFC 3986, appendix A: scheme, authority, path, query, fragment.
_CHARACTERS = r"A-Za-z0-9\-._~!$&'()*+,;=%"
_ABSOLUTE_URI = re.compile(
    r"[A-Za-z][A-Za-z0-9+.\-]*:(?=[^#])"
    rf"(?://(?:[{_CHARACTERS}:]*@)?(?:\[[0-9A-Fa-f:.]+\]|[{_CHARACTERS}]*)(?::[0-9]*)?(?=[/?#]|$)"
    r"|(?!//))"
    rf"[{_CHARACTERS}:@/]*(?:\?[{_CHARACTERS}:@/?]*)?(?:#[{_CHARACTERS}:@/?]*)?"
)
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")

# Pairs that cannot both be true by CBV's definitions (7.1 business steps, 7.2 dispositions): what
# the step does contradicts the state in which it is said to leave the things. Only contradictions;
# pairs that are merely unusual pass.
_GONE = _words("destroyed disposed dispensed retail_sold")
_CONTRADICTIONS: dict[str, frozenset[str]] = {
    # Begins to exist: cannot thereby be gone, out of use, or returned.
    "commissioning": _GONE | _words("inactive in_transit returned stolen partially_dispensed"),
    "creating_class_instance": _GONE | _words("inactive in_transit returned stolen"),
    "encoding": _GONE | _words("inactive in_transit returned stolen"),
    # Ends to be of use: cannot thereby be on its way, for sale, or new.
    "decommissioning": _words(
        """
        active available encoded in_transit in_progress retail_sold sellable_accessible
        sellable_not_accessible reserved
        """
    ),
    "destroying": _words(
        """
        active available conformant encoded inactive in_progress in_transit recalled reserved
        retail_sold returned sellable_accessible sellable_not_accessible container_closed
        container_open dispensed partially_dispensed
        """
    ),
    "killing": _words("encoded in_transit sellable_accessible"),
    # Leaves for somebody else: neither sold at a till nor gone, nor standing on a shelf.
    "shipping": _words(
        """
        active destroyed dispensed retail_sold sellable_accessible encoded inactive
        partially_dispensed stolen container_open
        """
    ),
    "departing": _words("active destroyed dispensed retail_sold sellable_accessible encoded"),
    "transporting": _words("active destroyed dispensed retail_sold sellable_accessible encoded"),
    # Has come: no longer on its way, and there.
    "receiving": _words("in_transit destroyed dispensed retail_sold stolen active encoded"),
    "accepting": _words("in_transit destroyed dispensed retail_sold stolen active encoded"),
    "arriving": _words("destroyed dispensed retail_sold stolen active encoded"),
    # Sold to a consumer.
    "retail_selling": _words(
        """
        active available destroyed disposed encoded expired inactive in_progress in_transit
        non_conformant non_sellable_other recalled reserved returned sellable_accessible
        sellable_not_accessible stolen unavailable damaged
        """
    ),
    "dispensing": _words("active destroyed encoded inactive in_transit recalled returned stolen"),
    # Put where consumers can take it.
    "stocking": _words("in_transit destroyed dispensed retail_sold recalled stolen encoded"),
    "storing": _words("in_transit destroyed dispensed retail_sold stolen encoded"),
    # Put into, taken out of, a container.
    "packing": _GONE | _words("in_transit stolen"),
    "unpacking": _GONE | _words("in_transit stolen container_closed"),
    "repackaging": _GONE | _words("in_transit stolen"),
    "loading": _GONE | _words("stolen"),
    "unloading": _GONE | _words("stolen"),
    "picking": _GONE | _words("in_transit stolen"),
    "staging_outbound": _GONE | _words("in_transit stolen"),
    "holding": _words("in_transit retail_sold destroyed dispensed"),
    "reserving": _GONE | _words("in_transit stolen"),
    "void_shipping": _words("in_transit retail_sold destroyed dispensed"),
}


def is_absolute_uri(value: str) -> bool:
    """Tell whether this is an absolute URI of RFC 3986 (ASCII, a scheme in front), not too long."""
    return (
        len(value) <= LONGEST_URI
        and bool(_ABSOLUTE_URI.fullmatch(value))
        and not _BAD_ESCAPE.search(value)
    )


def read_name(vocabulary: Vocabulary, value: str) -> str:
    """Return the bare CBV name, or the URI of somebody else's vocabulary as it came.

    Raises:
        InvalidIdentifierError: A bare word, or a name in CBV's own namespaces, that CBV has not;
            anything else that is no absolute URI.
    """
    if value in vocabulary.words:
        return value
    bare = None
    if matched := _CBV_IRI.fullmatch(value):
        bare = matched[1].removeprefix(vocabulary.iri) if vocabulary.iri in matched[1] else ""
    elif value.lower().startswith("urn:epcglobal:cbv:"):
        urn = vocabulary.urn
        bare = value[len(urn) :] if urn is not None and value.startswith(urn) else ""
    if bare is not None:
        if bare in vocabulary.words:
            return bare
        raise InvalidIdentifierError(f"CBV 2.0 knows no {vocabulary.title} {value[:200]!r}.")
    return _foreign(vocabulary.title, value)


def read_measurement(value: str, words: frozenset[str] = MEASUREMENTS) -> str:
    """Return the bare name of what a sensor measures (or of its alert), or a foreign URI.

    Raises:
        InvalidIdentifierError: As for `read_name`, with the GS1 Web Vocabulary.
    """
    title = "alert of a sensor" if words is ALERTS else "kind of measurement"
    if value in words:
        return value
    if matched := _GS1_IRI.fullmatch(value):
        bare = matched[1].removeprefix("SensorAlertType-").removeprefix("MeasurementType-")
        if bare in words:
            return bare
        raise InvalidIdentifierError(f"The GS1 Web Vocabulary knows no {title} {value!r}.")
    return _foreign(title, value)


def contradict(biz_step: str | None, disposition: str | None) -> bool:
    """Tell whether the disposition cannot follow from the step (both bare names or URIs)."""
    if biz_step is None or disposition is None:
        return False
    return disposition in _CONTRADICTIONS.get(biz_step, ())


def _foreign(title: str, value: str) -> str:
    if not is_absolute_uri(value):
        raise InvalidIdentifierError(
            f"{value[:200]!r} is no {title} of the standard; a name of your own is an absolute URI."
        )
    return value
