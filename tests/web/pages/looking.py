"""Reading a page: its elements and their words."""

from flask.testing import FlaskClient
from lxml import html


def look(client: FlaskClient, address: str, status: int = 200) -> html.HtmlElement:
    """The page at an address, which must answer with `status`."""
    answer = client.get(address)
    assert answer.status_code == status, answer.text[:500]
    return html.fromstring(answer.text)


def texts(page: html.HtmlElement, query: str) -> list[str]:
    """The words of every element that the CSS query finds, in order, with single blanks."""
    return [" ".join(each.text_content().split()) for each in page.cssselect(query)]
