// Text with Telegram's entities -> DOM. Offsets are UTF-16 units, as JavaScript's own strings count.
import { labels } from "./labels.js";
import { make } from "./parts.js";

const TAGS = {
  bold: "strong",
  italic: "em",
  underline: "u",
  strikethrough: "s",
  code: "code",
  pre: "pre",
  blockquote: "blockquote",
  expandable_blockquote: "blockquote",
};

export function render(text, entities, onCommand) {
  const top = document.createDocumentFragment();
  const sorted = [...entities].sort((a, b) => a.offset - b.offset || b.length - a.length);
  fill(top, text, 0, text.length, sorted, onCommand);
  return top;
}

function fill(parent, text, start, end, entities, onCommand) {
  let position = start;
  let index = 0;
  while (index < entities.length) {
    const entity = entities[index];
    const stop = Math.min(entity.offset + entity.length, end);
    let after = index + 1;
    while (after < entities.length && entities[after].offset < stop) after += 1;
    if (entity.offset > position) parent.append(text.slice(position, entity.offset));
    const node = element(entity, text.slice(entity.offset, stop), onCommand);
    fill(node, text, Math.max(entity.offset, position), stop, entities.slice(index + 1, after), onCommand);
    if (entity.type === "date_time") showTime(node, entity);
    if (entity.type === "expandable_blockquote") parent.append(expandable(node));
    else parent.append(node);
    position = Math.max(position, stop);
    index = after;
  }
  if (position < end) parent.append(text.slice(position, end));
}

function element(entity, text, onCommand) {
  if (entity.type === "text_link" || entity.type === "url" || entity.type === "email") return link(entity, text);
  if (entity.type === "bot_command") {
    const button = make("button", "linklike");
    button.type = "button";
    button.addEventListener("click", () => onCommand(text));
    return button;
  }
  if (entity.type === "spoiler") return spoiler();
  if (entity.type === "date_time") return make("time", "moment");
  return make(TAGS[entity.type] ?? "span", entity.type);
}

function link(entity, text) {
  const anchor = make("a");
  const plain = /^[a-z]+:/i.test(text) ? text : `http://${text}`;
  anchor.href = entity.type === "email" ? `mailto:${text}` : (entity.url ?? plain);
  anchor.target = "_blank";
  anchor.rel = "noopener noreferrer";
  return anchor;
}

function spoiler() {
  const node = make("span", "spoiler");
  node.tabIndex = 0;
  node.setAttribute("role", "button");
  node.setAttribute("aria-label", labels.spoiler);
  const show = () => {
    node.classList.add("shown");
    node.removeAttribute("role");
    node.removeAttribute("aria-label");
  };
  node.addEventListener("click", show);
  node.addEventListener("keydown", (event) => event.key === "Enter" && show());
  return node;
}

function expandable(quote) {
  const box = make("div", "expandable");
  const button = make("button", "linklike");
  button.type = "button";
  button.textContent = labels.more;
  button.setAttribute("aria-expanded", "false");
  button.addEventListener("click", () => {
    const open = box.classList.toggle("open");
    button.textContent = open ? labels.less : labels.more;
    button.setAttribute("aria-expanded", String(open));
  });
  box.append(quote, button);
  return box;
}

// Telegram shows the instant in the reader's own zone: w weekday, d/D date, t/T time, short and long, r relative.
function showTime(node, entity) {
  const moment = new Date(entity.unix_time * 1000);
  const form = entity.date_time_format ?? "";
  node.dateTime = moment.toISOString();
  node.title = moment.toLocaleString([], { dateStyle: "full", timeStyle: "short" });
  if (!form || /r/i.test(form)) return;
  const options = {};
  if (form.includes("w")) options.weekday = "long";
  if (/d/i.test(form)) {
    Object.assign(options, { day: "numeric", month: form.includes("D") ? "long" : "short", year: "numeric" });
  }
  if (/t/i.test(form)) Object.assign(options, { hour: "2-digit", minute: "2-digit" });
  if (form.includes("T")) options.second = "2-digit";
  node.textContent = moment.toLocaleString([], options);
}
