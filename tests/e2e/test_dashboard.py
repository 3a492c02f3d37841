"""The dashboard is one page that needs nobody else. What a browser makes of it: test_browser.py."""

import pathlib
import re

from gateway import SOURCES, GatewayTest

FILES = {"/admin": ("text/html", "index.html"), "/admin/dashboard.css": ("text/css", "dashboard.css"),
         "/admin/dashboard.js": ("text/javascript", "dashboard.js"),
         "/admin/inter.woff2": ("font/woff2", "inter.woff2"),
         "/admin/licences.txt": ("text/plain", "licences.txt")}
LARGEST = 300_000


class Dashboard(GatewayTest):
    def fetch(self, path):
        connection = self.gateway.connection()
        connection.request("GET", path)
        response = connection.getresponse()
        body = response.read()
        connection.close()
        return response, body

    def test_the_page_is_served_with_a_strict_policy(self):
        for path, (kind, _) in FILES.items():
            response, _ = self.fetch(path)
            self.assertEqual((response.status, response.getheader("content-type").split(";")[0]), (200, kind))
            policy = response.getheader("content-security-policy")
            self.assertIn("default-src 'none'", policy)
            self.assertNotIn("unsafe", policy)
            self.assertEqual(response.getheader("x-content-type-options"), "nosniff")
            self.assertEqual(response.getheader("cache-control"), "no-cache")

    def test_what_is_served_is_what_was_built(self):
        for path, (_, file) in FILES.items():
            built = pathlib.Path(SOURCES, "web", "dist", file).read_bytes()
            self.assertEqual(self.fetch(path)[1], built, path)
        self.assertLess(sum(len(self.fetch(path)[1]) for path in FILES), LARGEST)

    def test_nothing_comes_from_elsewhere(self):
        page = self.gateway.get("/admin").text
        for file in re.findall(r'(?:src|href)="(/admin/[^"]+)"', page):
            self.assertIn(file, FILES)
        for path in ("/admin", "/admin/dashboard.css", "/admin/dashboard.js"):
            self.assertNotRegex(self.gateway.get(path).text, r"https?://(?!www\.w3\.org)[a-z]")
