"""Who may talk to the phone: programs and pages of this machine, and no web page from elsewhere."""

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

# A page elsewhere may have bent its own name to 127.0.0.1; then the browser still names that page's host.
HOSTS = frozenset({b"127.0.0.1", b"localhost"})
# What browsers say of a request that another page caused, even one for a mere picture. Programs say nothing.
ELSEWHERE = frozenset({b"cross-site", b"same-site"})


class Door:
    """An ASGI application in front of another: lets in what names this machine and comes from no other origin."""

    def __init__(self, inside: ASGIApp) -> None:
        self.inside = inside

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not _from_here(scope["path"], dict(scope["headers"])):
            refusal = PlainTextResponse("This phone talks to its own machine only.", 403)
            return await refusal(scope, receive, send)
        return await self.inside(scope, receive, send)


def _from_here(path: str, headers: dict[bytes, bytes]) -> bool:
    host = headers.get(b"host", b"")
    own = b"http://" + host
    if host.partition(b":")[0] not in HOSTS or headers.get(b"origin", own) != own:
        return False
    # A link to the front page may stand anywhere: the key decides.
    return path == "/" or headers.get(b"sec-fetch-site") not in ELSEWHERE
