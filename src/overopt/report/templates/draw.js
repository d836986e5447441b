"use strict";
// Draws every chart of the page in the colours of the reader's scheme; needs no network.
(() => {
  const themes = JSON.parse(document.getElementById("themes").textContent);
  const scheme = window.matchMedia("(prefers-color-scheme: dark)");
  const options = (dark) => ({
    mode: "vega-lite",
    ast: true, // interpret expressions: the page forbids code from strings
    renderer: "svg",
    config: dark ? themes.dark : themes.light,
    tooltip: { theme: dark ? "dark" : "light" },
    actions: { export: true, source: false, compiled: false, editor: false },
    downloadFileName: "overopt",
  });
  const draw = (dark) =>
    document.querySelectorAll("figure.chart").forEach((figure) => {
      const spec = JSON.parse(figure.querySelector("script").textContent);
      vegaEmbed(figure.querySelector("div"), spec, options(dark)).catch((error) => {
        figure.querySelector("div").textContent = "This chart could not be drawn: " + error;
      });
    });
  draw(scheme.matches);
  scheme.addEventListener("change", (event) => draw(event.matches));
  window.addEventListener("beforeprint", () =>
    document.querySelectorAll("details").forEach((part) => { part.open = true; }));
})();
