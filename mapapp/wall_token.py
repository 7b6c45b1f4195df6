"""By which a wall screen is known: the token of an account that can do nothing but look, in a cookie of its own."""

from __future__ import annotations

from flask import Request

from geodata.accounts import Account, Accounts

COOKIE = "weige-wall"
ROLE = "viewer"
LOOKS = ("GET", "HEAD")


def fits(account: Account | None) -> bool:
    """Only an account that can do nothing but look hangs on a wall."""
    return account is not None and account.roles == {ROLE}


def wall_of(asked: Request, accounts: Accounts) -> tuple[Account, str] | None:
    """The account and the token of the wall that asks; None for everybody else, and for anything but looking."""
    token = asked.cookies.get(COOKIE, "")
    if not token or asked.method not in LOOKS:
        return None
    account = accounts.by_token(token)
    return (account, token) if fits(account) else None
