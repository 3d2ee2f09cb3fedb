"""A person at a browser, to be named in $BROWSER: goes to an address and submits the first form of every page.

At the demo provider those are "sign in as Alice" and "yes, connect this device". With --refuse: "no" to the device.
"""

import sys
from html.parser import HTMLParser
from urllib.parse import urljoin

import httpx


class FirstForm(HTMLParser):
    def __init__(self, page):
        super().__init__()
        self.action = None
        self.fields = {}
        self.ended = False
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        if self.ended:
            return
        if tag == "form":
            self.action = found.get("action", "")
        elif tag == "input" and self.action is not None and "name" in found:
            self.fields[found["name"]] = found.get("value", "")

    def handle_endtag(self, tag):
        self.ended = self.ended or tag == "form"


def visit(address, refuse):
    with httpx.Client(follow_redirects=True) as browser:
        page = browser.get(address).raise_for_status()
        while (form := FirstForm(page.text)).action is not None:
            no = {"abort": "yes"} if refuse and 'name="abort"' in page.text else {}
            page = browser.post(urljoin(str(page.url), form.action), data=form.fields | no).raise_for_status()
            if no:
                return


visit(sys.argv[-1], refuse="--refuse" in sys.argv)
