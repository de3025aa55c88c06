// Beside the phone: its clock, which only moves forward, and the Bot API calls as they go.
import { labels } from "./labels.js";
import { make } from "./parts.js";

const id = (name) => document.getElementById(name);
const KEPT = 150;
// As in style.css: here the tools stand beside the phone.
const BESIDE = window.matchMedia("(min-width: 900px)");
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
const local = new Intl.DateTimeFormat([], { weekday: "short", day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit" });
const short = new Intl.DateTimeFormat([], { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
const utc = new Intl.DateTimeFormat([], { weekday: "short", hour: "2-digit", minute: "2-digit", timeZone: "UTC" });
const second = new Intl.DateTimeFormat([], { hour: "2-digit", minute: "2-digit", second: "2-digit" });

export class Tools {
  constructor(attempt) {
    this.attempt = attempt;
    this.shift = 0;
    this.side = id("tools");
    id("clock-title").textContent = labels.clock;
    id("utc-label").textContent = labels.utc;
    id("ahead-label").textContent = labels.ahead;
    id("calls-title").textContent = labels.calls;
    this.side.setAttribute("aria-label", labels.tools);
    id("close-tools").setAttribute("aria-label", labels.close);
    id("steps").append(...labels.steps.map((step) => this.step(step)));
    id("open-tools").addEventListener("click", () => this.toggle(true));
    id("close-tools").addEventListener("click", () => this.toggle(false));
    document.addEventListener("keydown", (event) => event.key === "Escape" && this.isOpen && this.toggle(false));
    id("phone").parentElement.addEventListener("click", (event) => event.target === event.currentTarget && this.isOpen && this.toggle(false));
    BESIDE.addEventListener("change", () => this.isOpen && this.toggle(false));
    setInterval(() => this.tick(), 1000);
  }

  get isOpen() {
    return this.side.classList.contains("open");
  }

  // The drawer lies over the phone, which cannot be reached behind it.
  toggle(open) {
    this.side.classList.toggle("open", open);
    for (const name of ["phone", "people-side"]) id(name).inert = open;
    (open ? id("close-tools") : id("open-tools")).focus();
  }

  now() {
    return short.format(new Date(Date.now() + this.shift));
  }

  step(step) {
    const button = make("button", step.next ? "step next" : "step", step.text);
    button.type = "button";
    button.addEventListener("click", async () => {
      if (button.ariaBusy === "true") return;
      button.ariaBusy = "true";
      const answer = await this.attempt("clock", step.next ? { to: "next" } : { seconds: step.seconds });
      button.ariaBusy = "false";
      if (answer) id("clock-said").textContent = answer.due ? labels.movedTo(local.format(new Date(answer.due))) : labels.nothingDue;
    });
    return button;
  }

  clock(shift) {
    this.shift = shift ?? 0;
    for (const button of id("steps").children) button.disabled = shift === null;
    if (shift === null) id("clock-said").textContent = labels.fixedClock;
    this.tick();
  }

  tick() {
    const now = new Date(Date.now() + this.shift);
    const hours = Math.floor(this.shift / 3_600_000);
    id("time").replaceChildren(local.format(now), make("small", "", zone));
    id("utc").textContent = utc.format(now);
    id("ahead").textContent = this.shift ? labels.days(Math.floor(hours / 24), hours % 24) : labels.notAhead;
  }

  reset() {
    id("calls").replaceChildren(make("li", "none", labels.noCalls));
  }

  calls(calls) {
    const list = id("calls");
    list.querySelector(".none")?.remove();
    for (const call of calls) list.prepend(this.call(call));
    while (list.children.length > KEPT) list.lastElementChild.remove();
  }

  call(call) {
    const item = make("li");
    const details = make("details");
    const summary = make("summary");
    const good = call.status >= 200 && call.status < 300;
    const status = make("span", good ? "status good" : "status bad", call.status ? String(call.status) : labels.dropped);
    summary.append(make("span", "method", call.method), status, make("time", "", second.format(new Date(call.at))));
    details.append(summary);
    for (const [title, text] of [[labels.parameters, pretty(call.parameters)], [labels.answer, call.answer]]) {
      details.append(make("h3", "", title), make("pre", "", text));
    }
    item.append(details);
    return item;
  }
}

function pretty(parameters) {
  return Object.entries(parameters)
    .map(([name, value]) => `${name}: ${value}`)
    .join("\n");
}
