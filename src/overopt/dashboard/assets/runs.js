// The table of runs.
import { ask, el, plain, seen, state, steps, table } from "./elements.js";

const HEADS = [
  ["run", ""], ["red signals", "states"], ["amber", ""], ["step", "n"], ["samples", "n"],
  ["labels used", "n"], ["last sample", "n"],
];

export function runsPage(main) {
  return async () => {
    const { now, runs } = await ask("/api/runs");
    main.replaceChildren(
      el("h1", {}, "Runs"),
      runs.length ? table(HEADS, runs.map((run) => row(run, now)), "runs cards") : nothing(),
      reading());
  };
}

function row(run, now) {
  return [
    el("a", { href: `/runs/${run.run}` }, run.run),
    verdict(run),
    run.amber.length ? el("span", { class: "amber" }, run.amber.map(plain).join(", ")) : "none",
    steps(run.step), run.rows, `${run.consumed} of ${run.drawn} drawn`, seen(run, now),
  ];
}

export function verdict(run) {
  const counted = ["red", "undecided", "green"].filter((word) => run.counts[word]);
  if (!counted.length) return el("span", { class: "soft" }, "no labels: nothing is known about gold");
  return counted.map((word) =>
    el("span", { class: "counted" }, `${run.counts[word]} `, state(word)));
}

function nothing() {
  return el("p", {}, "No run has written to this store yet.");
}

function reading() {
  return el("p", { class: "soft" },
    "Red, green and undecided rest on gold labels of rows that were drawn by chance. Amber signals " +
    "see the proxy alone: they say where labels are worth spending, and never that anything is wrong. " +
    "That nothing is red does not mean that all is well: read what an undecided signal could have seen.");
}
