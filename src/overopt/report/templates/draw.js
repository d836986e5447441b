// Draws every chart of the page in the colours of the reader's scheme.
(() => {
  const themes = JSON.parse(document.getElementById("themes").textContent);
  const scheme = window.matchMedia("(prefers-color-scheme: dark)");
  const draw = (dark) =>
    document.querySelectorAll("figure.chart").forEach((figure) => {
      const spec = JSON.parse(figure.querySelector("script").textContent);
      drawChart(figure.querySelector("div"), spec, themes, dark);
    });
  draw(scheme.matches);
  scheme.addEventListener("change", (event) => draw(event.matches));
  window.addEventListener("beforeprint", () =>
    document.querySelectorAll("details").forEach((part) => { part.open = true; }));
})();
