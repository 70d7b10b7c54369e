"""A browser without a screen for clients that open one: signs in by a one-time link, allows the app, goes back to it.

`python browser.py SIGN_IN_URL ORGANIZATION_ID URL`; the client gives only the last one.
"""

import re
import sys

import httpx

PATIENCE_S = 30.0


def hidden(page: str) -> dict[str, str]:
    """The hidden fields of a page's form."""
    return dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page))


def main(sign_in_url: str, organization_id: str, url: str) -> None:
    """Do what a person does between the client's two moments."""
    site = httpx.URL(sign_in_url)
    with httpx.Client(base_url=f"{site.scheme}://{site.netloc.decode()}", timeout=PATIENCE_S) as browser:
        browser.post("/sign-in", data=hidden(browser.get(sign_in_url).text))
        question = browser.get(url, follow_redirects=True)
        decision = {**hidden(question.text), "organization_id": organization_id, "decision": "approve"}
        back = browser.post("/oauth/consent", data=decision)
        httpx.get(back.headers["location"], timeout=PATIENCE_S, follow_redirects=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
