"""How staff's pages look."""

UNFOLD = {
    "SITE_TITLE": "Cursive staff",
    "SITE_HEADER": "Cursive",
    "SITE_URL": "/",
    "SHOW_HISTORY": True,
    "BORDER_RADIUS": "6px",
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": "/static/img/favicon.svg"},
    ],
    "SCRIPTS": ["cursive.lib.ui.admin.admin_script"],
    # The product's ink, from light to dark (static/css/cursive.css).
    "COLORS": {
        "primary": {
            "50": "oklch(97% 0.014 272)",
            "100": "oklch(94% 0.03 272)",
            "200": "oklch(88% 0.06 272)",
            "300": "oklch(80% 0.1 273)",
            "400": "oklch(70% 0.15 273)",
            "500": "oklch(55% 0.195 272)",
            "600": "oklch(47% 0.198 272)",
            "700": "oklch(41% 0.19 272)",
            "800": "oklch(36% 0.16 272)",
            "900": "oklch(31% 0.13 272)",
            "950": "oklch(23% 0.09 272)",
        }
    },
}
