// One run: states, charts, alarms, the samples that score highest, labels, health.
import { ask, drawer, el, panel, plain, QUIET, ago, seen, state, steps, table } from "./elements.js";

const CHARTS_EVERY = 5000; // milliseconds

export function runPage(main, run) {
  const places = Object.fromEntries(
    ["head", "states", "charts", "drift", "samples", "alarms", "labels", "health"]
      .map((name) => [name, el("div", { class: `place ${name}` })]));
  main.replaceChildren(
    places.head, places.states,
    el("div", { class: "wide" }, places.charts, places.drift),
    el("div", { class: "even" }, places.samples, el("div", {}, places.alarms, places.labels, places.health)));
  let drawn = 0;
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    drawn = 0;
    main.querySelectorAll("figure").forEach((figure) => { delete figure.dataset.spec; });
  });
  return async () => {
    const told = await ask(`/api/runs/${run}`);
    places.head.replaceChildren(...head(told));
    places.states.replaceChildren(states(told), amber(told));
    places.alarms.replaceChildren(alarms(told));
    places.labels.replaceChildren(labels(told, run));
    if (Date.now() - drawn < CHARTS_EVERY) return;
    drawn = Date.now();
    await Promise.all([charts(places, run), samples(places.samples, run), health(places.health)]);
  };
}

function head(told) {
  const facts = [
    ["step", steps(told.step)], ["samples", told.rows],
    ["labels used", `${told.consumed} of ${told.drawn} drawn`],
    ["gold according to", told.gold_source || "labels of this run"],
    ["last sample", seen(told, told.now)],
  ];
  const quiet = told.seen !== null && told.now - told.seen > QUIET;
  return [
    el("h1", {}, told.run),
    el("dl", { class: "figures" }, facts.map(([name, value]) =>
      el("div", {}, el("dt", {}, name), el("dd", {}, value)))),
    quiet ? el("p", { class: "notice" },
      `No sample has come for a while (the last ${ago(told.now - told.seen)}). All below is as of step ` +
      `${steps(told.step)}, and says nothing about later ones.`) : null,
  ].filter(Boolean);
}

function states(told) {
  const heads = [["state", "states"], ["signal", "name"], ["last block, in gold", "n"], ["labels", "n"],
    ["what it says", "says"]];
  const order = ["red", "undecided", "green"];
  const sorted = told.states.toSorted((a, b) => order.indexOf(a.state) - order.indexOf(b.state));
  const rows = sorted.map((signal) => [
    state(signal.state), plain(signal.name), signal.gain, signal.labels, signal.sentence,
  ]);
  const promise = told.false_alarm
    ? `The chance that any of these is ever red although its null holds is at most ${told.false_alarm} over the whole run.`
    : null;
  return panel("Signals that rest on gold labels",
    rows.length ? table(heads, rows, "signals cards") : el("p", {}, "No batch has been folded yet."),
    promise ? el("p", { class: "soft" }, promise) : null,
    told.not_watched.length ? el("p", { class: "soft" }, "Not watched: ", told.not_watched
      .map((one) => `${plain(one.name)} (${one.why})`).join("; "), ".") : null);
}

function amber(told) {
  if (!told.asking.length) {
    return panel("Worth labels", el("p", { class: "soft" },
      "No proxy-only signal asks for labels. Such signals cannot tell hacking from honest learning."));
  }
  return panel("Worth labels", el("ul", { class: "asking" }, told.asking.map((one) =>
    el("li", {}, el("b", {}, `amber, ${plain(one.name)}`),
      ` at step ${steps(one.step)}: ${one.sentence}.`))));
}

async function charts(places, run) {
  const told = await ask(`/api/runs/${run}/charts`);
  const draw = told.main.length ? await drawer() : null;
  const noGold = told.gold ? null
    : el("p", { class: "notice" }, "Fewer than 8 labels: nothing can be drawn of gold yet.");
  await place(places.charts, "Gold and proxy", told.main, draw, noGold);
  await place(places.drift, "What drifts, seen without gold", told.drift, draw, null);
}

async function place(where, title, listed, draw, before) {
  const names = listed.map((one) => one.title);
  const shown = [...where.querySelectorAll("figcaption")].map((caption) => caption.textContent);
  if (!where.childElementCount || names.join("\n") !== shown.join("\n")) {
    where.replaceChildren(panel(title, before, listed.length ? null : el("p", { class: "soft" }, "Nothing yet."),
      listed.map((one) => el("figure", { class: "chart" }, el("figcaption", {}, one.title), el("div")))));
  }
  const figures = where.querySelectorAll("figure");
  await Promise.all(listed.map((one, i) => {
    const text = JSON.stringify(one.spec);
    if (figures[i].dataset.spec === text) return null;
    figures[i].dataset.spec = text;
    return draw(figures[i].lastElementChild, one.spec);
  }));
}

async function samples(where, run) {
  if (where.querySelector("details[open]")) return; // somebody is reading
  const told = await ask(`/api/runs/${run}/samples`);
  const names = [...new Set(told.samples.flatMap((one) => Object.keys(one.components)))].slice(0, 3);
  const heads = [["step", "n"], ["proxy", "n"], ["others of its prompt", "n"],
    ...names.map((name) => [plain(name), "n"]), ["sample", "says"]];
  const rows = told.samples.map((one) => [
    steps(one.step), one.proxy, one.rest, ...names.map((name) => one.components[name] ?? "–"), text(one),
  ]);
  where.replaceChildren(panel("Highest scores",
    el("p", { class: "soft" }, `Among the newest ${told.rows} samples. Read them: what is exploited is often plain to see.`),
    rows.length ? table(heads, rows, "samples cards") : el("p", {}, "None are kept at hand.")));
}

function text(one) {
  if (one.completion === null) return el("span", { class: "soft" }, `prompt ${one.prompt_id}`);
  return el("details", {}, el("summary", {}, one.completion.slice(0, 80) || "(empty)"),
    el("pre", {}, one.completion));
}

function alarms(told) {
  const heads = [["step", "n"], ["fired", ""], ["what it said", "says"]];
  const rows = told.alarms.map((alarm) => [
    steps(alarm.step), el("span", { class: alarm.tier }, `${alarm.tier}: ${plain(alarm.name)}`), alarm.told,
  ]);
  return panel("Alarms so far",
    rows.length ? table(heads, rows, "alarms") : el("p", {}, "None has fired. That is not a proof of health."));
}

function labels(told, run) {
  const counts = { waiting: 0, labelled: 0, refused: 0, given_up: 0, ...told.labels };
  const told_counts = `${counts.waiting} wait, ${counts.labelled} labelled, ${counts.refused} refused, ` +
    `${counts.given_up} given up.`;
  return panel("Labels", el("p", {}, told_counts, " ",
    el("a", { href: `/runs/${run}/label` }, "Give labels"), " ", el("kbd", {}, "l"), " · ",
    el("a", { href: `/api/runs/${run}/queue.csv`, download: true }, "as CSV")));
}

async function health(where) {
  const told = await ask("/api/health");
  const word = { fine: "fine", note: "note", bad: "bad" };
  where.replaceChildren(panel("Health of the watch", el("ul", { class: "health" }, told.symptoms.map((one) =>
    el("li", { class: one.severity }, el("b", {}, `${word[one.severity]}: ${plain(one.what)}`), ` ${one.sentence}`)))));
}
