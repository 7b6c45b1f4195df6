// Short words for writing style layers.

export const layer = {
  /** feature-state with a value for features that have none */
  state: (name, otherwise) => ["coalesce", ["feature-state", name], otherwise],
  byZoom: (...stops) => ["interpolate", ["exponential", 1.6], ["zoom"], ...stops],
  /** a layer whose source and source layer carry the same name */
  tiled: (id, type, source, rest) => ({ id, type, source, "source-layer": source, ...rest }),
};
