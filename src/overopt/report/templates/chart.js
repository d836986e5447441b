"use strict";
// Draws one chart in the colours of a scheme; needs vegaEmbed and no network. `more` are options
// of vega-embed that a page with stricter rules adds.
function drawChart(place, spec, themes, dark, more) {
  const options = {
    mode: "vega-lite",
    ast: true, // interpret expressions: the page forbids code from strings
    renderer: "svg",
    config: dark ? themes.dark : themes.light,
    tooltip: { theme: dark ? "dark" : "light" },
    actions: { export: true, source: false, compiled: false, editor: false },
    downloadFileName: "overopt",
  };
  return vegaEmbed(place, spec, Object.assign(options, more)).catch((error) => {
    place.textContent = "This chart could not be drawn: " + error;
  });
}
