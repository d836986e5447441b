// Elements, requests and words. Text from the store only ever becomes text nodes.

export function el(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === "function") element.addEventListener(key, value);
    else element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
  return element;
}

export class Refused extends Error {
  constructor(status, sentence) {
    super(sentence);
    this.status = status;
  }
}

export async function ask(path, body) {
  const request = body === undefined ? {} : {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
    keepalive: true, // an answer given while the page closes still arrives
  };
  let response;
  try {
    response = await fetch(path, request);
  } catch {
    throw new Refused(0, "The server does not answer.");
  }
  const told = await response.json().catch(() => ({}));
  if (response.status === 401 && location.pathname !== "/login") {
    location.assign("/login");
  }
  if (!response.ok) throw new Refused(response.status, told.error || `status ${response.status}`);
  return told;
}

// Charts need a large script, which is fetched once, when the first is drawn.
let drawing = null;
function script(source) {
  return new Promise((done, failed) => {
    document.head.append(el("script", { src: source, load: done, error: failed }));
  });
}
export function drawer() {
  drawing ??= Promise.all([
    script("/assets/vega.js").then(() => script("/assets/chart.js")),
    ask("/assets/themes.json"),
  ]).then(([, themes]) => (place, spec) => {
    const dark = matchMedia("(prefers-color-scheme: dark)").matches;
    const own = {
      actions: false,
      defaultStyle: false,
      tooltip: { theme: dark ? "dark" : "light", disableDefaultStyle: true },
    };
    return window.drawChart(place, spec, themes, dark, own);
  });
  return drawing;
}

export function panel(title, ...children) {
  return el("section", { class: "panel" }, el("h2", {}, title), ...children);
}

export function table(heads, rows, name) {
  const head = heads.map(([text, kind]) => el("th", { class: kind, scope: "col" }, text));
  const body = rows.map((cells) =>
    el("tr", {}, cells.map((cell, i) => {
      const [text, kind] = heads[i];
      return el("td", { class: kind, "data-head": text }, el("div", {}, cell));
    })));
  return el("div", { class: "scroll" },
    el("table", { class: name }, el("thead", {}, el("tr", {}, head)), el("tbody", {}, body)));
}

export function state(word) {
  const sign = { red: "■", green: "✓", undecided: "?" }[word] || "";
  return el("span", { class: `state ${word}` }, el("span", { "aria-hidden": "true" }, sign), word);
}

export function plain(name) {
  return String(name).replaceAll("_", " ");
}

export function ago(seconds) {
  if (seconds < 2) return "now";
  for (const [size, unit] of [[86400, "d"], [3600, "h"], [60, "min"]]) {
    if (seconds >= 2 * size) return `${Math.floor(seconds / size)} ${unit} ago`;
  }
  return `${Math.floor(seconds)} s ago`;
}

export const QUIET = 300; // seconds without a sample, after which the page says so

export function seen(run, now) {
  if (run.seen === null) return el("span", { class: "soft" }, "nothing yet");
  const since = Math.max(0, now - run.seen);
  return el("span", { class: since > QUIET ? "quiet" : "" }, ago(since));
}

export function steps(step) {
  return step === null ? "–" : Number(step).toLocaleString("en");
}
