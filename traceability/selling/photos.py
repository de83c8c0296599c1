"""The picture of a product: added, looked at by the worker, shown, replaced, taken away."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from gis.errors import NotFoundError
from traceability.models import Product, ProductPhoto

_LONGEST_ALT = 200


@dataclass(frozen=True, slots=True)
class Photo:
    """A picture that is shown; `width` and `height` in pixels, `path` under the site's address.

    `path` answers AVIF, WebP or JPEG by what the browser accepts; `jpeg_path` always JPEG, for
    feeds. Both change with the picture, so they may be kept for ever.
    """

    product_id: int
    token: str
    width: int
    height: int
    alt: str

    @property
    def path(self) -> str:
        """Where the picture is served, in the format that the browser likes best."""
        return f"/anh/{self.token}"

    @property
    def jpeg_path(self) -> str:
        """Where the picture is served as JPEG."""
        return f"/anh/{self.token}.jpeg"


def photo_of(session: Session, product_id: int) -> Photo | None:
    """Return the picture of a product, or None while it has none that was looked at."""
    return photos_of(session, [product_id]).get(product_id)


def photos_of(session: Session, product_ids: Iterable[int]) -> dict[int, Photo]:
    """Return the pictures of several products at once, by the product's number."""
    rows = session.scalars(
        select(ProductPhoto).where(
            ProductPhoto.product_id.in_(list(product_ids)), ProductPhoto.state == "ready"
        )
    )
    return {row.product_id: _shown(row) for row in rows}


def newest_upload(session: Session, product_id: int) -> ProductPhoto | None:
    """Return what was sent last for a product, whatever came of it, for who may edit it."""
    return session.scalar(
        select(ProductPhoto)
        .where(ProductPhoto.product_id == product_id, ProductPhoto.state != "replaced")
        .order_by(ProductPhoto.id.desc())
        .limit(1)
    )


def find_photo(session: Session, token: str) -> ProductPhoto:
    """Find the picture of an address.

    Raises:
        NotFoundError: No picture that is shown has it (any more).
    """
    found = session.scalar(
        select(ProductPhoto).where(ProductPhoto.token == token, ProductPhoto.state == "ready")
    )
    if found is None:
        raise NotFoundError("There is no such picture (any more).")
    return found


def add_photo(
    session: Session, product: Product, *, attachment_id: int, token: str, alt: str, actor: str
) -> list[int]:
    """Note a picture that waits to be looked at; the one that is shown stays until then; flushes.

    Returns:
        Attachments that nobody wants any more.
    """
    _hold(session, product.id)
    waiting = session.scalars(
        select(ProductPhoto).where(
            ProductPhoto.product_id == product.id,
            ProductPhoto.state.in_(("waiting", "refused")),
        )
    ).all()
    for former in waiting:
        former.state, former.reason = "replaced", None
    session.flush()
    session.add(
        ProductPhoto(
            product_id=product.id,
            attachment_id=attachment_id,
            token=token,
            alt=" ".join(alt.split())[:_LONGEST_ALT] or product.name,
            state="waiting",
            created_by=actor,
        )
    )
    session.flush()
    return [former.attachment_id for former in waiting]


def settle_photo(
    session: Session,
    attachment_id: int,
    *,
    refused: str | None,
    width: int | None = None,
    height: int | None = None,
) -> list[int]:
    """Write down what the worker made of a picture, and show it when it is good; flushes.

    Args:
        session: The transaction.
        attachment_id: The file.
        refused: Why it is not taken; None: it is.
        width: Pixels.
        height: Pixels.

    Returns:
        Attachments that nobody wants any more.
    """
    photo = session.scalar(select(ProductPhoto).where(ProductPhoto.attachment_id == attachment_id))
    if photo is None:
        return []
    _hold(session, photo.product_id)
    session.refresh(photo)
    if photo.state != "waiting":
        return [attachment_id] if photo.state == "replaced" else []
    if refused is not None:
        photo.state, photo.reason = "refused", refused
        session.flush()
        return []
    former = session.scalar(
        select(ProductPhoto).where(
            ProductPhoto.product_id == photo.product_id, ProductPhoto.state == "ready"
        )
    )
    if former is not None:
        former.state = "replaced"
        session.flush()
    photo.state, photo.width, photo.height = "ready", width, height
    session.flush()
    return [former.attachment_id] if former is not None else []


def remove_photo(session: Session, product: Product) -> list[int]:
    """Show no picture of a product any more; flushes.

    Returns:
        Attachments that nobody wants any more.
    """
    _hold(session, product.id)
    gone = session.scalars(
        select(ProductPhoto).where(
            ProductPhoto.product_id == product.id, ProductPhoto.state != "replaced"
        )
    ).all()
    for photo in gone:
        photo.state, photo.reason = "replaced", None
    session.flush()
    return [photo.attachment_id for photo in gone]


def _hold(session: Session, product_id: int) -> None:
    """Let one writer at a time decide which picture of a product is shown."""
    # KEY SHARE: a batch of labels that is being printed holds its product for minutes.
    session.execute(
        select(Product.id).where(Product.id == product_id).with_for_update(key_share=True)
    )


def _shown(row: ProductPhoto) -> Photo:
    assert row.width is not None, "ck_product_photo_size"
    assert row.height is not None, "ck_product_photo_size"
    return Photo(row.product_id, row.token, row.width, row.height, row.alt)
