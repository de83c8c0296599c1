"""Types of links: GS1's own and those of other vocabularies; what a default link is beside that.

Vocabulary: https://ref.gs1.org/voc/?show=linktypes. Pure rules.
"""

import re

VOCABULARY = "https://ref.gs1.org/voc/"
DEFAULT = "gs1:defaultLink"
DEFAULT_MULTI = "gs1:defaultLinkMulti"
PRODUCT_PAGE = "gs1:pip"
RETAILERS = "gs1:hasRetailers"
CERTIFICATION = "gs1:certificationInfo"
TRACEABILITY = "gs1:traceability"

_VOCABULARIES = re.compile(r"^https?://(?:ref\.gs1\.org|(?:www\.)?gs1\.org)/voc/")
_CURIE = re.compile(r"^gs1:[A-Za-z][A-Za-z0-9]*$")
_IRI = re.compile(r"^https?://[^\s\"<>\\^`{|}]+$")
# GS1's schema of linksets admits no more than this as the name of a relation.
_RELATION = re.compile(r"^https?://[A-Za-z0-9._]+(?:/[A-Za-z0-9._]*)+$")
_LAST_WORD = re.compile(r"[A-Za-z]+$")

# Every other page about a thing of this kind: what its default link is, told by its type.
_PAGES = {"00": "gs1:logisticsInfo", "414": "gs1:locationInfo", "417": "gs1:locationInfo"}

_GS1_TYPES = frozenset(
    """
    activityIdeas allergenInfo appDownload brandHomepageClinical brandHomepagePatient careersInfo
    certificationInfo consumerHandlingStorageInfo defaultLink defaultLinkMulti dpp eifu epcis epil
    eventsInfo faqs handledBy hasRetailers homepage ingredientsInfo instructions jws leaveReview
    locationInfo logisticsInfo loyaltyProgram masterData menuInfo nutritionalInfo openingHoursInfo
    paymentLink pip productSustainabilityInfo promotion purchaseSuppliesOrAccessories
    quickStartGuide recallStatus recipeInfo registerProduct registryEntry relatedImage relatedVideo
    reportFound review safetyInfo scheduleTime serviceInfo smartLabel smpc socialMedia statisticInfo
    subscribe support sustainabilityInfo traceability tutorial userAgreement verificationService
    whatsInTheBox
    """.lower().split()
)


def link_type(value: str) -> str:
    """Bring a link type to its short form: `gs1:pip`, or another vocabulary's full IRI.

    Raises:
        ValueError: When it is neither.
    """
    short = _VOCABULARIES.sub("gs1:", value)
    if _CURIE.match(short) or (_IRI.match(short) and short == value):
        return short
    raise ValueError("a link type is written gs1:name, or as a full IRI of another vocabulary")


def registered_type(value: str) -> str:
    """Bring the type of a link that is registered to its short form.

    Raises:
        ValueError: It is no type; the default link, which is given apart; another vocabulary's word
            for what GS1 has a type for (resolver standard 2.14); or no relation in a linkset.
    """
    short = link_type(value)
    if short == DEFAULT:
        raise ValueError("the default link is given by the member default")
    if short.startswith("gs1:"):
        return short
    if not _RELATION.match(short):
        raise ValueError(
            "an IRI of another vocabulary holds letters, digits, dots and slashes only, so that"
            " GS1's schema of linksets admits it"
        )
    word = _LAST_WORD.search(short)
    if word and word[0].lower() in _GS1_TYPES:
        raise ValueError(f"GS1 has a type for this, which is to be used: gs1:{word[0]}")
    return short


def relation(kind: str) -> str:
    """Write a type as a linkset names it: as a full IRI."""
    return VOCABULARY + kind.removeprefix("gs1:") if kind.startswith("gs1:") else kind


def page_type(key: str) -> str:
    """The type that says what the default link of a key (`/01/…`) is (resolver standard 2.5.8)."""
    return _PAGES.get(key.split("/", 2)[1], PRODUCT_PAGE)
