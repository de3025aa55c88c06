// The page: which person's phone it is, what the stream says, and who shows it.
import { Chat } from "./chat.js";
import { Composer } from "./composer.js";
import { labels } from "./labels.js";
import { listen, post } from "./link.js";
import { menu } from "./menu.js";
import { make } from "./parts.js";
import { Tools } from "./tools.js";

const TYPING = 5000;
const TOAST = 3500;
const MINUTE = 60_000;

const id = (name) => document.getElementById(name);
const state = { person: 0, reactions: {}, people: [], bot: {}, blocked: false, started: false, seen: {} };
const pressed = new Map();
let close = () => {};
let typingTimer = 0;
let toastTimer = 0;

const chat = new Chat(id("log"), id("scroll"), {
  press: (message, button) =>
    attempt("press", { message_id: message.message_id, data: button.callback_data }).then((answer) => {
      if (answer) pressed.set(answer.id, [message.message_id, button.callback_data]);
      else chat.settle(message.message_id, button.callback_data);
    }),
  command: (text) => attempt("write", { text }),
  edit: (message) => composer.edit(message),
  copied: () => toast(labels.copied),
  looked: below,
});
const composer = new Composer(attempt, toast);
const tools = new Tools(attempt);

async function attempt(name, body) {
  try {
    return await post(name, { person: state.person, ...body });
  } catch (problem) {
    toast(problem.message);
    return null;
  }
}

// The address names the person, so that two windows can show two phones, and a reload goes on with the same one.
function connect(person) {
  close();
  close = listen(person, change, (link) => {
    // Nobody has this number any more: show whoever is there.
    if (link === "closed" && person) return connect(0);
    id("lost").hidden = link === "open";
    id("lost").textContent = link === "closed" ? labels.closed : labels.lost;
  });
  history.replaceState(null, "", person ? `#${person}` : location.pathname);
}

function below(atEnd, unread) {
  id("down").hidden = atEnd;
  id("down").classList.toggle("news", unread > 0);
  id("unseen-count").textContent = unread || "";
  label("down", unread ? labels.downNews(unread) : labels.down);
}

function change(news) {
  if (news.reset) {
    chat.reset(news.person);
    tools.reset();
    pressed.clear();
  }
  for (const name of ["person", "reactions", "people", "bot", "blocked", "started", "description"]) {
    if (name in news) state[name] = news[name];
  }
  if (news.reset) composer.turn(state.person);
  showMessages(news);
  for (const one of news.toasts ?? []) answered(one);
  if ("typing" in news) typing(news.typing);
  if (["people", "bot", "blocked", "started", "description"].some((name) => name in news)) frame();
  composer.update(news);
  if ("shift" in news) {
    tools.clock(news.shift);
    if (!id("bot-status").classList.contains("busy")) typing(null);
  }
  if (news.calls) tools.calls(news.calls);
}

function showMessages(news) {
  if (news.deleted) chat.forget(news.deleted);
  if (news.messages) {
    // A first load is not read out message by message.
    id("log").setAttribute("aria-live", news.reset ? "off" : "polite");
    chat.show(news.messages, state.reactions);
    for (const message of news.messages) if (message.edit_date) chat.settle(message.message_id);
    if (news.reset) requestAnimationFrame(() => id("log").setAttribute("aria-live", "polite"));
  }
  if (news.reactions && !news.reset) chat.react(state.reactions);
}

function answered(one) {
  const [message, data] = pressed.get(one.id) ?? [one.message_id];
  pressed.delete(one.id);
  chat.settle(message, data);
  if (!one.text) return;
  if (!one.show_alert) return toast(one.text);
  id("alert-text").textContent = one.text;
  id("alert").showModal();
}

function toast(text) {
  clearTimeout(toastTimer);
  id("toast").textContent = text;
  id("toast").classList.add("shown");
  toastTimer = setTimeout(() => id("toast").classList.remove("shown"), TOAST);
}

function typing(action) {
  clearTimeout(typingTimer);
  const status = id("bot-status");
  status.classList.toggle("busy", Boolean(action));
  status.textContent = action ? (labels.statuses[action] ?? labels.statuses.other) : resting();
  if (action) typingTimer = setTimeout(() => typing(null), TYPING);
}

// A phone whose clock was moved says its time, also where the clock itself is out of sight.
function resting() {
  if (state.blocked) return labels.blockedStatus;
  return tools.shift ? tools.now() : labels.bot;
}

function frame() {
  const name = state.bot.first_name ?? "";
  id("bot-name").textContent = name;
  id("avatar").textContent = name.slice(0, 1);
  document.title = `${name} · ${labels.title}`;
  if (!id("bot-status").classList.contains("busy")) typing(null);
  const empty = chat.items.size === 0 && Boolean(state.description);
  id("intro").hidden = !empty;
  if (empty) id("intro").replaceChildren(make("h2", "", labels.intro), make("p", "", state.description));
  tabs();
}

function tabs() {
  const box = id("people");
  const here = state.people.find((one) => one.id === state.person);
  if (here) state.seen[here.id] = here.last;
  id("phone").setAttribute("aria-label", labels.chat(here?.name ?? ""));
  const focused = box.contains(document.activeElement);
  box.replaceChildren(
    ...state.people.map((one) => {
      const tab = make("button", "tab", one.name);
      const chosen = one.id === state.person;
      tab.type = "button";
      tab.setAttribute("role", "tab");
      tab.setAttribute("aria-selected", String(chosen));
      tab.setAttribute("aria-controls", "phone");
      tab.tabIndex = chosen ? 0 : -1;
      state.seen[one.id] ??= one.last;
      if (one.last > state.seen[one.id]) {
        const dot = make("span", "dot");
        dot.append(make("span", "unseen", labels.unread));
        tab.append(dot);
      }
      tab.addEventListener("click", () => connect(one.id));
      tab.addEventListener("keydown", (event) => turn(event, one.id));
      return tab;
    }),
  );
  if (focused) box.querySelector("[aria-selected=true]")?.focus();
}

function turn(event, person) {
  const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
  if (!step) return;
  event.preventDefault();
  const numbers = state.people.map((one) => one.id);
  connect(numbers[(numbers.indexOf(person) + step + numbers.length) % numbers.length]);
}

function label(name, text) {
  id(name).setAttribute("aria-label", text);
  id(name).title = text;
}

function boot() {
  id("people").setAttribute("aria-label", labels.people);
  id("log").setAttribute("aria-label", labels.messages);
  id("scroll").setAttribute("aria-label", labels.messages);
  id("alert-ok").textContent = labels.ok;
  label("open-tools", labels.tools);
  label("open-menu", labels.menu);
  label("down", labels.down);
  id("down").addEventListener("click", () => chat.toEnd());
  id("open-menu").addEventListener("click", () =>
    menu(id("menu"), id("open-menu"), [
      [{ text: state.blocked ? labels.unblock : labels.block, run: () => attempt("block", { blocked: !state.blocked }) }],
      [{ text: labels.clear, run: sure }],
    ]),
  );
  setInterval(() => id("bot-status").classList.contains("busy") || typing(null), MINUTE / 4);
  connect(Number(location.hash.slice(1)) || 0);
}

function sure() {
  menu(id("menu"), id("open-menu"), [
    [{ title: labels.clearSure }, { text: labels.clearYes, run: () => attempt("clear", {}) }, { text: labels.cancel, run: () => {} }],
  ]);
}

boot();
