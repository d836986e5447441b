// The queue: one row at a time, keys for answers. The last answer is held back until the next one,
// so that it can be taken back; then it goes to the collector, where it counts at once.
import { ask, el } from "./elements.js";

const HELD = 20000; // milliseconds
const AHEAD = 20;

export function labelPage(main, run, say) {
  const queue = { rows: [], known: new Set(), low: 0, high: 1, held: null, timer: null, given: 0, busy: false };
  const place = el("div", { class: "queue" });
  const person = el("input", { id: "person", maxlength: "64", autocomplete: "name" });
  person.value = localStorage.getItem("person") || "";
  person.addEventListener("change", () => localStorage.setItem("person", person.value));
  const file = el("input", { type: "file", accept: ".csv,text/csv", class: "file", id: "file" });
  main.replaceChildren(
    el("h1", {}, "Labels"),
    el("div", { class: "tools" },
      el("label", { for: "person" }, "your name "), person,
      el("button", { click: () => sit() }, "Draw 20 rows"),
      el("a", { href: `/api/runs/${run}/queue.csv`, download: true }, "queue as CSV"),
      el("label", { for: "file", class: "button" }, "filled CSV"), file),
    place);

  const complain = (error) => say(error.message, "bad");
  const send = async (answers) => {
    if (!answers.length) return;
    try {
      await ask(`/api/runs/${run}/labels`, { answers, person: person.value });
      queue.given += answers.length;
      say(`${queue.given} given`, "fine");
    } catch (error) { complain(error); }
  };
  const release = async () => {
    clearTimeout(queue.timer);
    const held = queue.held;
    queue.held = null;
    if (held) await send([{ number: held.row.number, gold: held.gold }]);
  };
  const give = (gold) => {
    const row = queue.rows[0];
    if (!row) return;
    release();
    queue.rows.shift();
    queue.held = { row, gold };
    queue.timer = setTimeout(() => release().then(show), HELD);
    show();
    if (queue.rows.length < 3) fetchMore();
  };
  const skip = () => {
    if (queue.rows.length < 2) return;
    queue.rows.push(queue.rows.shift());
    show();
  };
  const undo = () => {
    if (!queue.held) return;
    clearTimeout(queue.timer);
    queue.rows.unshift(queue.held.row);
    queue.held = null;
    show();
  };
  const fetchMore = async () => {
    if (queue.busy) return;
    queue.busy = true;
    try {
      const last = Math.max(-1, ...queue.known);
      const told = await ask(`/api/runs/${run}/queue?most=${AHEAD}&after=${last}`);
      Object.assign(queue, { low: told.low, high: told.high });
      queue.rows.push(...told.rows);
      told.rows.forEach((row) => queue.known.add(row.number));
      if (!queue.given) say(`${told.waiting} wait`, "fine");
    } catch (error) { complain(error); }
    queue.busy = false;
    show();
  };
  const sit = async () => {
    try {
      await ask(`/api/runs/${run}/ask`, { rows: AHEAD, person: person.value });
      say("rows are being drawn", "fine");
      setTimeout(fetchMore, 1500);
    } catch (error) { complain(error); }
  };
  file.addEventListener("change", async () => {
    if (!file.files.length) return;
    try {
      const csv = await file.files[0].text();
      const told = await ask(`/api/runs/${run}/labels.csv`, { csv, person: person.value });
      say(`${told.taken} labels taken from the file`, "fine");
      Object.assign(queue, { rows: [], known: new Set() });
      setTimeout(fetchMore, 1500);
    } catch (error) { complain(error); }
    file.value = "";
  });

  const show = () => place.replaceChildren(...sheet(queue, { give, skip, undo }));
  addEventListener("keydown", (event) => {
    if (event.target.closest("input") || event.ctrlKey || event.metaKey || event.altKey) return;
    const choice = keys(queue).find(([key]) => key === event.key);
    if (choice) give(choice[1]);
    else if (event.key === "s") skip();
    else if (event.key === "u") undo();
    else return;
    event.preventDefault();
  });
  addEventListener("pagehide", release);
  fetchMore();
}

// Keys and the gold they stand for. Where gold is a mark of whole points, a digit is that mark; else
// 0 is the lowest and 9 the highest gold.
function keys({ low, high }) {
  const whole = Number.isInteger(low) && Number.isInteger(high) && low >= 0 && high <= 9 && high - low > 1;
  const digits = [...Array(10).keys()].filter((digit) => !whole || (digit >= low && digit <= high));
  const scaled = (digit) => (whole ? digit : low + ((high - low) * digit) / 9);
  return [["n", low], ["y", high], ...digits.map((digit) => [String(digit), scaled(digit)]), ["x", null]];
}

function sheet(queue, { give, skip, undo }) {
  const row = queue.rows[0];
  const undoing = el("button", { click: undo, disabled: !queue.held }, el("kbd", {}, "u"), " undo");
  const held = queue.held
    ? `The answer to draw ${queue.held.row.number} (${told(queue.held.gold)}) is held back until the next one.` : "";
  if (!row) {
    return [
      el("p", {}, "No row waits for a label. Draw some: each gets its chance recorded now, so no answer is late."),
      el("p", { class: "soft" }, held), el("p", {}, undoing),
    ];
  }
  const shown = row.completion ?? "";
  return [
    el("p", { class: "soft" }, `Draw ${row.number}, step ${row.step}. The score is not shown: it would sway you.`),
    el("h2", {}, "Prompt"), el("pre", { class: "text" }, row.prompt ?? `(text not kept) ${row.prompt_id}`),
    el("h2", {}, "Sample"),
    el("pre", { class: "text sample" }, row.completion === null
      ? "(text not kept: start the wrapper with keep_text to label here, or use the CSV)" : shown || "(empty)"),
    el("div", { class: "keys" },
      keys(queue).map(([key, gold]) =>
        el("button", { click: () => give(gold) }, el("kbd", {}, key), ` ${told(gold)}`)),
      el("button", { click: skip }, el("kbd", {}, "s"), " skip"), undoing),
    el("p", { class: "soft" }, held || "x refuses for good: it then counts as what speaks least for an alarm."),
  ];
}

function told(gold) {
  if (gold === null) return "refuse";
  return Number.isInteger(gold) ? String(gold) : gold.toFixed(2);
}
