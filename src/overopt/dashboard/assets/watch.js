// Which page the address asks for, what stands above it, and news from the store.
import { ask, el } from "./elements.js";
import { labelPage } from "./label.js";
import { loginPage } from "./login.js";
import { runPage } from "./run.js";
import { runsPage } from "./runs.js";

const [, first, run, last] = location.pathname.split("/");
const main = document.getElementById("main");
const status = el("span", { id: "status", role: "status" }, "connecting");

function bar() {
  const crumbs = [el("a", { href: "/", class: "name" }, "overopt watch")];
  if (run) crumbs.push(el("a", { href: `/runs/${run}` }, run));
  if (last) crumbs.push(el("span", {}, "labels"));
  document.title = [last && "labels", run, "overopt watch"].filter(Boolean).join(" · ");
  document.getElementById("bar").replaceChildren(el("nav", { "aria-label": "pages" }, crumbs), status);
}

function say(text, kind) {
  status.textContent = text;
  status.className = kind;
}

function follow(refresh) {
  let busy = false, again = false;
  const update = async () => {
    if (busy) { again = true; return; }
    busy = true;
    try {
      await refresh();
      say("live", "fine");
    } catch (error) {
      say(error.message, "bad");
    }
    busy = false;
    if (again) { again = false; setTimeout(update, 1000); }
  };
  const news = new EventSource("/api/events");
  news.addEventListener("change", update);
  news.addEventListener("error", () => say("not connected: what you see may be old", "bad"));
  setInterval(() => { if (!document.hidden) update(); }, 30000); // times grow old by themselves
  return update();
}

function shortcuts() {
  addEventListener("keydown", (event) => {
    if (event.target.closest("input, textarea") || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "g") location.assign("/");
    if (event.key === "l" && run && !last) location.assign(`/runs/${run}/label`);
    if (event.key === "b" && last) location.assign(`/runs/${run}`);
  });
}

bar();
shortcuts();
if (first === "login") loginPage(main, say);
else if (last === "label") labelPage(main, run, say);
else if (run) follow(runPage(main, run));
else follow(runsPage(main));
