"""Logging in through an identity provider, as a browser does."""

from dataclasses import dataclass
from urllib.parse import urlencode

from tests.support.identity_provider import IdentityProvider
from tests.support.service import Answer, Face, Person

LOGIN_COOKIE = "soar_login"


@dataclass
class Meeting:
    """A person, an identity provider, and us."""

    face: Face
    there: IdentityProvider

    async def begin(self, query: str = "") -> Answer:
        return await self.get(f"{self.face.running.url}/login/sso/start{query}")

    async def get(self, url: str, cookie: str | None = None) -> Answer:
        """Go to an address as a browser does, without following where it leads."""
        headers = {} if cookie is None else {"Cookie": f"{LOGIN_COOKIE}={cookie}"}
        async with self.face.http.get(url, headers=headers, allow_redirects=False) as answer:
            return Answer(answer.status, answer.headers, await answer.read(), answer.cookies)

    async def come_back(self, begun: Answer) -> Answer:
        """Log in there and come back."""
        there = await self.get(begun.headers["Location"])
        return await self.get(there.headers["Location"], begun.cookies[LOGIN_COOKIE].value)

    async def log_in(self, query: str = "") -> Answer:
        return await self.come_back(await self.begin(query))

    async def enter(self) -> Person:
        """Log in, and return the person in their browser."""
        answer = await self.log_in()
        assert answer.status == 303, answer.body
        cookie = f"soar_session={answer.cookies['soar_session'].value}"
        browser = Person(self.face.http, self.face.running.url, {"Cookie": cookie})
        session = (await browser.get("/session")).json
        browser.headers |= {"X-CSRF-Token": session["csrf"], "Origin": self.face.running.url}
        return browser

    async def log_out_there(self, token: str) -> Answer:
        body = urlencode({"logout_token": token}).encode()
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        return await self.face.stranger.send("POST", "/login/sso/back-channel", body, headers)
