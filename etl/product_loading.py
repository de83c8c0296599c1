"""Products from a table file: known by GTIN, own trace code, or source and row.

Products have no geometry, and registering one makes its code and its resolver entry, so they do
not pass through the staging of the map's layers: each row calls `traceability.products`.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from etl.options import LoadOptions
from etl.readers import Source
from etl.report import LoadReport, Reject
from etl.targets import Field, Shape, Target, fold_name, guess_mapping, parse_mapping
from etl.values import BadValueError, read_value
from gis.errors import ConflictError, InvalidInputError
from gis.models import AdministrativeUnit, Party
from traceability.gs1.identifiers import gtin14, trace_code
from traceability.models import Certificate, Product
from traceability.ocop import certify, group_of, known_group, rubric_on
from traceability.products import register_product, update_product

Progress = Callable[[str, int, int | None], None]

PRODUCTS = Target(
    layer="products",
    table=Product.__table__,  # type: ignore[arg-type]
    shape=Shape.POINT,
    geometry="",
    fields=(
        Field(
            "name", synonyms=("name", "ten_san_pham", "san_pham", "product_name", "product", "ten")
        ),
        Field("gtin", synonyms=("gtin", "gtin14", "gtin13", "barcode", "ma_vach", "ma_gtin")),
        Field("code", synonyms=("trace_code", "ma_truy_xuat")),
        Field("brand", synonyms=("brand", "thuong_hieu", "nhan_hieu")),
        Field("set", "integer", "ocop_set", synonyms=("ocop_set", "bo_san_pham")),
        Field("group", "integer", "ocop_group", synonyms=("ocop_group", "nhom", "nhom_san_pham")),
        Field(
            "producer",
            synonyms=("producer", "chu_the", "nha_san_xuat", "co_so_san_xuat", "subject_name"),
        ),
        Field(
            "commune",
            synonyms=("commune", "commune_code", "ma_xa", "xa", "xa_phuong", "current_commune"),
        ),
        Field("summary", synonyms=("summary", "mo_ta", "mo_ta_ngan", "description")),
        Field("story", synonyms=("story", "cau_chuyen", "cau_chuyen_san_pham")),
        Field("net_content", synonyms=("net_content", "khoi_luong", "quy_cach", "dung_tich")),
        Field("shelf_life", synonyms=("shelf_life", "thoi_han_su_dung", "han_su_dung")),
        Field("standards", synonyms=("standards", "tieu_chuan", "tieu_chuan_ap_dung")),
        Field("stars", "integer", synonyms=("stars", "star_rating", "hang_sao", "so_sao")),
        Field("decision", synonyms=("decision", "decision_number", "so_quyet_dinh", "quyet_dinh")),
        Field("issued_by", synonyms=("issued_by", "issuing_authority", "co_quan_cap")),
        Field("issued_on", "date", synonyms=("issued_on", "cert_issued_at", "ngay_cap")),
        Field("expires_on", "date", synonyms=("expires_on", "cert_expires_at", "ngay_het_han")),
    ),
    required=("name",),
    checks_communes=False,
)
# What a row says of its certificate; without one of them, the last excepted, there is none.
_CERTIFICATE = ("stars", "decision", "issued_by", "issued_on", "expires_on")
# What a row says straight into a column of the product.
_PLAIN = ("brand", "summary", "story", "net_content", "shelf_life", "standards")


@dataclass
class _Loader:
    """What one load knows: the mapping, the names it can resolve, what it has seen."""

    session: Session
    mapping: Mapping[str, str]
    key: str | None
    source: str
    producers: Mapping[str, int]
    communes: Mapping[str, int]
    seen: dict[str, int] = field(default_factory=dict)
    unknown: dict[str, int] = field(default_factory=dict)

    def read(
        self, cells: Mapping[str, Any], row: int, feature: str
    ) -> tuple[dict[str, Any], dict[str, Any] | None]:
        """Read a row as the arguments of `register_product`, and of `certify` if it has them."""
        given: dict[str, Any] = {}
        for wanted in PRODUCTS.fields:
            if wanted.name in self.mapping:
                given[wanted.name] = read_value(wanted, cells[self.mapping[wanted.name]])[0]
        if not given.get("name"):
            raise InvalidInputError("A product needs a name.")
        values: dict[str, Any] = {"name": given["name"]}
        values |= {name: given[name] for name in _PLAIN if name in given}
        if given.get("gtin"):
            values["gtin"] = gtin14(given["gtin"])
        if given.get("code"):
            values["own_code"] = trace_code(given["code"])
        if given.get("set") is not None:
            group_of(given["set"])
            values["ocop_set"] = given["set"]
        elif given.get("group") is not None:
            values["ocop_group"] = known_group(given["group"])
        self._resolve(values, "producer_id", self.producers, given.get("producer"), "producer")
        self._resolve(values, "commune_id", self.communes, given.get("commune"), "commune")
        mapped = set(self.mapping.values())
        values["attributes"] = {
            name: cell if isinstance(cell, int | float | bool) else str(cell)
            for name, cell in cells.items()
            if name not in mapped and cell is not None and str(cell).strip()
        }
        values["source"] = self.source
        values["source_id"] = str(cells[self.key]) if self.key else feature
        identity = str(values.get("gtin") or values.get("own_code") or values["source_id"])
        if (first := self.seen.setdefault(identity, row)) != row:
            raise _RepeatedRowError(f"{identity} stands in row {first} already")
        facts = {name: given.get(name) for name in _CERTIFICATE}
        is_whole = all(facts[name] is not None for name in _CERTIFICATE if name != "expires_on")
        return values, facts if is_whole else None

    def find(self, values: Mapping[str, Any]) -> Product | None:
        """Find the product that a row speaks of."""
        if "gtin" in values or "own_code" in values:
            same = or_(
                Product.gtin == values.get("gtin", ""),
                Product.trace_code == values.get("own_code", ""),
            )
        else:
            same = (Product.source == values["source"]) & (Product.source_id == values["source_id"])
        return self.session.scalar(select(Product).where(same).limit(1))

    def _resolve(
        self, values: dict[str, Any], column: str, known: Mapping[str, int], given: Any, what: str
    ) -> None:
        if not given:
            return
        if (number := known.get(fold_name(str(given)))) is not None:
            values[column] = number
        else:
            self.unknown[what] = self.unknown.get(what, 0) + 1


class _RepeatedRowError(ValueError):
    pass


def load_products(
    session: Session, source: Source, options: LoadOptions, progress: Progress
) -> LoadReport:
    """Register the products of a file, and update those that are known; flushes.

    Raises:
        InvalidInputError: When an option names what the file lacks, or no field is the name.
    """
    report = LoadReport(source.name, PRODUCTS.layer, None, source.encoding)
    report.dry_run = options.dry_run
    said = parse_mapping(options.mapping, source.fields, PRODUCTS)
    mapping, guessed = guess_mapping(source.fields, PRODUCTS, said)
    if "name" not in mapping:
        raise InvalidInputError(
            f"{source.name} has no field that is surely the product's name. Its fields:"
            f" {', '.join(source.fields)}. Say which one it is: --map FIELD=name"
        )
    if options.key is not None and options.key not in source.fields:
        raise InvalidInputError(
            f"--key {options.key}: the file has no such field. Its fields:"
            f" {', '.join(source.fields)}."
        )
    if source.has_geometry:
        report.warnings.append("Products have no place of their own: the shapes were left out.")
    if guessed:
        pairs = ", ".join(f"{origin}={goal}" for goal, origin in guessed.items())
        report.warnings.append(f"Fields taken by their names: {pairs}. Change with --map.")
    loader = _Loader(
        session, mapping, options.key, source.key, _producers(session), _communes(session)
    )
    for row, feature, cells, problem in _rows(source):
        report.read += 1
        try:
            if problem is not None:
                report.rejects.append(Reject(row, *problem))
                continue
            _take(session, loader, *loader.read(cells, row, feature), report, options)
        except BadValueError as error:
            report.rejects.append(Reject(row, "bad value", str(error)))
        except _RepeatedRowError as error:
            report.rejects.append(Reject(row, "repeated key", str(error)))
        except InvalidInputError as error:
            report.rejects.append(Reject(row, "invalid product", error.detail))
        except ConflictError as error:
            report.rejects.append(Reject(row, "conflict", error.detail))
        if report.read % 500 == 0:
            progress("read", report.read, source.count)
    progress("read", report.read, source.count)
    report.encoding = source.encoding
    report.rejected = len(report.rejects)
    report.warnings += source.warnings
    report.warnings += [
        f"{count} rows name a {what} that is not known here; left empty."
        for what, count in loader.unknown.items()
    ]
    return report


def _take(
    session: Session,
    loader: _Loader,
    values: dict[str, Any],
    certificate: dict[str, Any] | None,
    report: LoadReport,
    options: LoadOptions,
) -> None:
    known = loader.find(values)
    if known is None:
        if not options.dry_run:
            # A certificate that is refused takes its product along.
            with session.begin_nested():
                _certify(session, register_product(session, **values), certificate, options)
    else:
        # Where a product was first known from stays; what else a file says of it is added.
        kept = {name: new for name, new in values.items() if name not in ("source", "source_id")}
        kept["attributes"] = {**known.attributes, **values["attributes"]}
        changed = update_product(session, known, kept, dry_run=options.dry_run)
        if _certify(session, known, certificate, options) or changed:
            report.updated += 1
        else:
            report.unchanged += 1
    report.accepted += 1


def _certify(
    session: Session, product: Product, facts: dict[str, Any] | None, options: LoadOptions
) -> bool:
    """Record a certificate unless its decision is recorded; say whether it is new."""
    if facts is None or session.scalar(
        select(Certificate.id)
        .where(Certificate.product_id == product.id, Certificate.decision == facts["decision"])
        .limit(1)
    ):
        return False
    if not options.dry_run:
        certify(session, product, **facts, rubric_version=rubric_on(facts["issued_on"]))
    return True


def _rows(
    source: Source,
) -> Iterator[tuple[int, str, dict[str, Any], tuple[str, str] | None]]:
    for batch in source.batches():
        names = list(batch.columns)
        for place, feature in enumerate(batch.ids):
            cells = {name: batch.columns[name][place] for name in names}
            yield batch.first_row + place, feature, cells, batch.problems.get(place)


def _producers(session: Session) -> dict[str, int]:
    """Parties by folded name; a name that several bear is nobody's."""
    found: dict[str, int] = {}
    repeated = set()
    for number, name in session.execute(select(Party.id, Party.name)):
        if found.setdefault(fold_name(name), number) != number:
            repeated.add(fold_name(name))
    return {name: number for name, number in found.items() if name not in repeated}


def _communes(session: Session) -> dict[str, int]:
    """Today's communes by code, by name and by full name, folded."""
    found: dict[str, int] = {}
    for number, *names in session.execute(
        select(
            AdministrativeUnit.id,
            AdministrativeUnit.code,
            AdministrativeUnit.name,
            func.coalesce(AdministrativeUnit.full_name, AdministrativeUnit.name),
        ).where(AdministrativeUnit.level == "commune", AdministrativeUnit.valid_to.is_(None))
    ):
        for name in names:
            found.setdefault(fold_name(name), number)
    return found
