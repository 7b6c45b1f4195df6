"""A briefing as one page that opens without a network: folium makes the map, its libraries stand inside the page.

folium links to a dozen files of other servers and passes every text through a template engine. Here nothing is linked, no
text of the store goes through folium (it stands as JSON beside the map), and the page itself forbids every request.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import folium
from branca.element import Element, Figure
from folium.template import Template
from folium.utilities import JsCode
from jinja2 import Environment, FileSystemLoader

from .paths import static_folder

TEMPLATES = Path(__file__).resolve().parent / "templates"
STYLES = ("vendor/leaflet/leaflet.css", "css/tokens.css", "css/briefing.css")
MAP_HERE = "<!--map-->"
LAYERS = {  # name -> what Leaflet is told; the look of each feature is a class of briefing.css
    "areas": {"interactive": False}, "water": {"interactive": False}, "roads": {"interactive": False}, "halo": {"interactive": False},
    "zones": {"interactive": True}}


class OfflineMap(folium.Map):
    """A map without links, tiles and styles of its own."""

    default_js: list = []
    default_css: list = []
    _template = Template("""
        {% macro html(this, kwargs) %}<div class="folium-map" id={{ this.get_name()|tojson }}></div>{% endmacro %}
        {% macro script(this, kwargs) %}
        var {{ this.get_name() }} = L.map({{ this.get_name()|tojson }}, {{ this.options|tojavascript }});
        {% endmacro %}
        """)


class Plain(Element):
    """Text that stands in the page as it is: `Element` would run it as a template."""

    def __init__(self, text: str):
        super().__init__()
        self.text = text

    def render(self, **kwargs: Any) -> str:
        """The text."""
        return self.text


def page(told: Mapping[str, Any], data: Mapping[str, Any], words: Mapping[str, str], lang: str) -> str:
    """The whole file. `told` fills the page, `data` the map."""
    map_ = OfflineMap(tiles=None, zoom_control=False, attribution_control=False, zoom_snap=0.25, zoom_animation=False, fade_animation=False,
                      marker_zoom_animation=False, keyboard=True, max_zoom=20)
    layers = {name: folium.GeoJson({"type": "FeatureCollection", "features": []}, name=name, control=False, **options, style=JsCode(
        "(feature) => ({className: feature.properties.look})")).add_to(map_) for name, options in LAYERS.items()}
    before, after = _body(told, words, lang).split(MAP_HERE)
    figure: Figure = map_.get_root()
    names = ", ".join(f"{name}: {layer.get_name()}" for name, layer in layers.items())
    begin = f"briefing({map_.get_name()}, {{{names}}}, JSON.parse(document.getElementById('data').textContent));"
    figure.header.add_child(Plain(_head(told["title"])))
    figure.html.add_child(Plain(before))
    map_.render()
    figure.html.add_child(Plain(after + _data(data)))
    figure.script.add_child(Plain((TEMPLATES / "briefing.js").read_text(encoding="utf-8") + begin))
    figure._children.clear()  # the map has rendered itself into the figure: once is enough
    return _sealed(figure.render(), lang)


def _head(title: str) -> str:
    styles = "\n".join((static_folder() / name).read_text(encoding="utf-8") for name in STYLES)
    styles = re.sub(r"url\((?!#)[^)]*\)", "none", styles)  # pictures of markers and controls that are not used here
    library = (static_folder() / "vendor/leaflet/leaflet.js").read_text(encoding="utf-8")
    library = re.sub(r"\n//# sourceMappingURL=.*", "", library)
    return (f'<meta name="viewport" content="width=device-width, initial-scale=1"><title>{_escaped(title)}</title>\n<style>{styles}</style>\n'
            f"<script>{library}</script>")


def _body(told: Mapping[str, Any], words: Mapping[str, str], lang: str) -> str:
    environment = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, trim_blocks=True, lstrip_blocks=True)

    def word(key: str, **values: Any) -> str:
        text = words.get(f"briefing.{key}", key)
        for name, value in values.items():
            text = text.replace("{" + name + "}", str(value))
        return text
    environment.globals |= {"w": word, "number": lambda value: words["value.unknown"] if value is None else f"{value:,}", "lang": lang}
    return environment.get_template("briefing.html").render(**told)


def _data(data: Mapping[str, Any]) -> str:
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
    return f'<script type="application/json" id="data">{text}</script>'


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _sealed(html: str, lang: str) -> str:
    """The page with its language and a policy: these very scripts and styles, and no request at all."""
    def sums(tag: str) -> str:
        found = re.findall(rf"<{tag}>(.*?)</{tag}>", html, re.DOTALL)
        return " ".join(f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'" for text in found)
    policy = f"default-src 'none'; script-src {sums('script')}; style-src {sums('style')}; base-uri 'none'; form-action 'none'"
    html = html.replace("<html>", f'<html lang="{"zh-CN" if lang == "zh" else "en"}">', 1)
    return html.replace("<head>", f'<head>\n<meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="{policy}">', 1)
