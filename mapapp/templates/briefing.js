"use strict";
// The map of a briefing: plain Leaflet, no tiles, nothing fetched. `briefing(map, layers, data)` fills and frames it.
function briefing(map, layers, data) {
  const [west, south, east, north] = data.bounds;
  const frame = [
    [south, west],
    [north, east],
  ];
  const text = (tag, look, words) => {
    const node = document.createElement(tag);
    if (look) node.className = look;
    node.textContent = words;
    return node;
  };
  const place = (at, look, words, size, title, anchor) => {
    const icon = L.divIcon({ html: text("span", "", words), className: look, iconSize: size, iconAnchor: anchor });
    const marker = L.marker([at[1], at[0]], { icon, keyboard: Boolean(title), interactive: Boolean(title), alt: title || "" });
    if (title) marker.bindTooltip(lines(title.split("\n")), { direction: "top", offset: [0, -8] });
    return marker.addTo(map);
  };
  const lines = (rows) => {
    const box = text("div", "", "");
    for (const row of rows) box.append(text("div", "", row));
    return box;
  };
  for (const name of ["areas", "water", "roads", "halo", "zones"]) layers[name].addData(data[name]);
  layers.zones.eachLayer((layer) => {
    const { told } = layer.feature.properties;
    if (told) layer.bindTooltip(lines(told), { sticky: true });
  });
  for (const { at, name } of data.labels) place(at, "label", name, null);
  for (const { at, letter, look, told } of data.letters) place(at, `letter ${look}`, letter, [24, 24], told.join("\n"), [12, 36]);
  for (const { at, mark, look, told } of data.posts) place(at, `post ${look}`, mark, [22, 22], told.join("\n"));
  L.control.zoom({ position: "topright", zoomInTitle: data.words.nearer, zoomOutTitle: data.words.farther }).addTo(map);
  L.control.scale({ imperial: false, position: "bottomleft" }).addTo(map);
  const fit = () => {
    map.invalidateSize({ animate: false });
    map.fitBounds(frame, { animate: false, padding: [map.getSize().x / 10, map.getSize().y / 10] });
  };
  fit();
  // On paper the map has another size: it is framed anew, and put back afterwards.
  let kept = null;
  addEventListener("beforeprint", () => {
    kept = [map.getCenter(), map.getZoom()];
    document.body.classList.add("paper");
    fit();
  });
  addEventListener("afterprint", () => {
    document.body.classList.remove("paper");
    map.invalidateSize({ animate: false });
    if (kept) map.setView(kept[0], kept[1], { animate: false });
  });
  document.getElementById("print").addEventListener("click", () => print());
  const over = () => {
    document.getElementById("over").hidden = Date.now() <= Date.parse(data.valid_until);
  };
  over();
  setInterval(over, 30000);
}
