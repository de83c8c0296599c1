"""Accounts: who may sign in, with which roles, by password or by token."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import Row, select, text
from sqlalchemy.orm import Session

from gis.errors import ConflictError, ForbiddenError, InvalidInputError, NotFoundError
from gis.layer import OFFICERS
from gis.models import Party
from gis.server.roles import Login, make_login
from web.models import Account, AccountRole, PrivateRead, Role, Token

# RFC 9106's second recommended option, the default of argon2-cffi.
_HASHER = PasswordHasher()
# Verified when there is no such account, so that the answer takes as long.
_DECOY = _HASHER.hash(secrets.token_hex(16))
_TOKEN_PREFIX = "lb_"  # noqa: S105  not a secret: it lets scanners recognise a leaked token


@dataclass(frozen=True)
class Caller:
    """Who is calling, detached from any session."""

    id: int
    username: str
    display_name: str
    roles: frozenset[str]
    commune_code: str | None
    party_id: int | None

    def has(self, *roles: str) -> bool:
        """Whether the caller has one of the roles."""
        return not self.roles.isdisjoint(roles)


def _caller(account: Account) -> Caller:
    return Caller(
        account.id,
        account.username,
        account.display_name,
        account.roles,
        account.commune_code,
        account.party_id,
    )


def list_officers(session: Session) -> list[tuple[str, str]]:
    """List who looks into cases: the user name and the shown name of each officer, by name."""
    officers = select(AccountRole.account_id).where(
        AccountRole.role_code.in_(("officer", "administrator"))
    )
    rows = session.execute(
        select(Account.username, Account.display_name)
        .where(Account.id.in_(officers), Account.is_active)
        .order_by(Account.display_name, Account.username)
    )
    return [(row[0], row[1]) for row in rows]


def list_private_reads(
    session: Session, subject: str, subject_id: int, *, limit: int = 50
) -> list[tuple[str, datetime]]:
    """List who read the personal fields of something and when, the latest first."""
    rows = session.execute(
        select(Account.username, PrivateRead.at)
        .join(Account, Account.id == PrivateRead.account_id)
        .where(PrivateRead.subject == subject, PrivateRead.subject_id == subject_id)
        .order_by(PrivateRead.at.desc(), PrivateRead.id.desc())
        .limit(limit)
    )
    return [(name, at) for name, at in rows]


def add_account(
    session: Session,
    username: str,
    roles: list[str],
    *,
    display_name: str | None = None,
    commune_code: str | None = None,
    party_id: int | None = None,
    is_demo: bool = False,
) -> str:
    """Add an account and return its new password, which is kept nowhere.

    `party_id` is the organisation whose products and lots a producer works on.

    Raises:
        InvalidInputError: When the name is empty or a role is unknown.
        ConflictError: When the name is taken.
    """
    username = username.strip()
    if not username or any(character.isspace() for character in username):
        raise InvalidInputError("An account name is one word.")
    known = set(session.scalars(select(Role.code)))
    for role in roles:
        if role not in known:
            raise InvalidInputError(f"{role} is not a role; roles are {', '.join(sorted(known))}.")
    if session.scalar(select(Account.id).where(Account.username == username)) is not None:
        raise ConflictError(f"There is already an account {username}.")
    password = secrets.token_urlsafe(9)
    session.add(
        Account(
            username=username,
            display_name=display_name or username,
            password_hash=_HASHER.hash(password),
            commune_code=commune_code,
            party_id=party_id,
            session_key=secrets.token_hex(16),
            is_demo=is_demo,
            account_roles=[AccountRole(role_code=role) for role in roles],
        )
    )
    session.flush()
    return password


def find_organisation(session: Session, name: str) -> int | None:
    """Find the organisation of a name: its number, or None when no or several have it."""
    found = session.scalars(
        select(Party.id).where(Party.name == name.strip(), Party.kind != "household").limit(2)
    ).all()
    return found[0] if len(found) == 1 else None


def join_organisation(session: Session, username: str, party_id: int) -> None:
    """Let an account that belongs to nobody work for an organisation; flushes."""
    account = _account_named(session, username)
    if account.party_id is None:
        account.party_id = party_id
        session.flush()


def _account_named(session: Session, username: str) -> Account:
    account = session.scalar(select(Account).where(Account.username == username))
    if account is None:
        raise NotFoundError(f"There is no account {username}.")
    return account


def set_password(session: Session, username: str) -> str:
    """Give an account a new password, end its sessions, and return the password.

    Raises:
        NotFoundError: When there is no such account.
    """
    account = _account_named(session, username)
    password = secrets.token_urlsafe(9)
    account.password_hash = _HASHER.hash(password)
    account.session_key = secrets.token_hex(16)
    session.flush()
    return password


def issue_token(session: Session, username: str, label: str = "command line") -> str:
    """Give an account a personal token for programs; only its SHA-256 is kept.

    Raises:
        NotFoundError: When there is no such account.
    """
    account = _account_named(session, username)
    token = _TOKEN_PREFIX + secrets.token_urlsafe(32)
    session.add(Token(account_id=account.id, digest=_digest(token), label=label))
    session.flush()
    return token


def make_database_login(session: Session, username: str) -> Login:
    """Give an officer a role of the database, for QGIS on PostGIS itself, or renew it.

    Raises:
        NotFoundError: When there is no such account.
        ForbiddenError: When it is no officer's, or not active.
        ConflictError: When the server has a role of that name already.
    """
    account = _account_named(session, username)
    if not account.is_active or account.roles.isdisjoint(OFFICERS):
        raise ForbiddenError(f"{username} is no active officer or administrator.")
    return make_login(session, username, account.commune_code)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def check_password(session: Session, username: str, password: str) -> tuple[Caller, str] | None:
    """The caller and the session key of a right name and password, or nothing."""
    account = session.scalar(
        select(Account).where(Account.username == username.strip(), Account.is_active)
    )
    try:
        _HASHER.verify(account.password_hash if account else _DECOY, password)
    except (VerificationError, InvalidHashError):
        return None
    if account is None:
        return None
    if _HASHER.check_needs_rehash(account.password_hash):
        account.password_hash = _HASHER.hash(password)
    account.last_sign_in_at = datetime.now(UTC)
    return _caller(account), account.session_key


# Who is calling is asked before every request that says so: one statement that is neither built nor
# mapped anew each time.
_CALLER = """
SELECT a.id, a.username, a.display_name, a.commune_code, a.party_id, a.session_key,
       ARRAY(SELECT role_code FROM web.account_role AS r WHERE r.account_id = a.id) AS roles
FROM web.account AS a
"""
_BY_SESSION = text(_CALLER + "WHERE a.id = :id AND a.is_active")
_BY_TOKEN = text(
    _CALLER + "JOIN web.token AS t ON t.account_id = a.id WHERE t.digest = :digest AND a.is_active"
    " AND t.revoked_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > now())"
)


def _read_caller(row: Row[Any]) -> Caller:
    return Caller(
        row.id,
        row.username,
        row.display_name,
        frozenset(row.roles),
        row.commune_code,
        row.party_id,
    )


def find_by_session(session: Session, account_id: int, session_key: str) -> Caller | None:
    """The caller of a session cookie, unless its sessions were ended."""
    row = session.execute(_BY_SESSION, {"id": account_id}).first()
    if row is None or not secrets.compare_digest(row.session_key, session_key):
        return None
    return _read_caller(row)


def find_by_token(session: Session, token: str) -> Caller | None:
    """The caller of a personal token that is neither expired nor revoked."""
    row = session.execute(_BY_TOKEN, {"digest": _digest(token)}).first()
    return _read_caller(row) if row is not None else None
