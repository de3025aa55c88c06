// The messages: one list item per message, replaced in place when it is edited.
import { render } from "./entities.js";
import { labels } from "./labels.js";
import { file, make, picture, place, voice } from "./parts.js";

const time = new Intl.DateTimeFormat([], { hour: "2-digit", minute: "2-digit" });
const day = new Intl.DateTimeFormat([], { weekday: "long", day: "numeric", month: "long" });

export class Chat {
  // `act` has press(message, button), command(text), edit(message), copied() and looked(atEnd, unread).
  constructor(log, scroll, act) {
    this.log = log;
    this.scroll = scroll;
    this.act = act;
    this.items = new Map();
    this.me = 0;
    // Whether the newest message is in view, and so should stay in view.
    this.stuck = true;
    this.top = 0;
    // How many came since it was.
    this.unread = 0;
    scroll.addEventListener("scroll", () => this.look(), { passive: true });
    const grown = new ResizeObserver(() => this.follow());
    grown.observe(scroll);
    grown.observe(log);
  }

  // Only a person scrolls up; what grows below the view does not unstick it.
  look() {
    const { scrollHeight, scrollTop, clientHeight } = this.scroll;
    if (scrollHeight - scrollTop - clientHeight < 80) this.stuck = true;
    else if (scrollTop < this.top - 1) this.stuck = false;
    this.top = scrollTop;
    if (this.stuck) this.unread = 0;
    this.act.looked(this.stuck, this.unread);
  }

  follow() {
    if (this.stuck) this.toEnd();
    else this.look();
  }

  reset(me) {
    this.me = me;
    this.stuck = true;
    this.unread = 0;
    this.items.clear();
    this.log.replaceChildren();
  }

  show(messages, reactions) {
    for (const message of messages) {
      const item = this.item(message, reactions[message.message_id]);
      const before = this.items.get(message.message_id);
      if (before) {
        const focused = before.node.contains(document.activeElement) ? document.activeElement.textContent : null;
        before.node.replaceWith(item);
        // The same button again, or else the message: a keyboard must not fall back to the top of the page.
        const same = [...item.querySelectorAll("button")].find((one) => one.textContent === focused);
        if (focused !== null) (same ?? item).focus({ preventScroll: true });
      } else {
        item.classList.add("new");
        this.log.append(item);
        if (!this.stuck) this.unread += 1;
      }
      this.items.set(message.message_id, { node: item, message, reaction: reactions[message.message_id] });
    }
    if (messages.some((message) => message.from.id === this.me)) this.stuck = true;
    this.group();
    this.look();
  }

  forget(numbers) {
    for (const number of numbers) {
      const node = this.items.get(number)?.node;
      if (node?.contains(document.activeElement)) this.scroll.focus();
      node?.remove();
      this.items.delete(number);
    }
    this.group();
  }

  react(reactions) {
    const changed = [...this.items.values()].filter((one) => one.reaction !== reactions[one.message.message_id]);
    this.show(changed.map((one) => one.message), reactions);
  }

  toEnd() {
    this.scroll.scrollTop = this.scroll.scrollHeight;
  }

  settle(number, data) {
    const item = this.items.get(number)?.node;
    for (const button of item?.querySelectorAll("button.key[aria-busy]") ?? []) {
      if (data === undefined || button.dataset.data === data) button.removeAttribute("aria-busy");
    }
  }

  // Days stand between messages; neighbours from one sender sit closer and share a tail. What stands right is left
  // alone: a screen reader says each thing that is put into the log.
  group() {
    for (const mark of this.log.querySelectorAll(".day")) {
      if (!mark.nextElementSibling?.classList.contains("message")) mark.remove();
    }
    let lastDay = "";
    let previous = null;
    for (const item of this.log.querySelectorAll(".message")) {
      const today = day.format(new Date(Number(item.dataset.date) * 1000));
      const before = item.previousElementSibling;
      const marked = before?.classList.contains("day") ? before : null;
      if (marked && (today === lastDay || marked.textContent !== today)) marked.remove();
      if (today !== lastDay) {
        if (marked?.textContent !== today) item.before(this.mark(today));
        previous = null;
      }
      lastDay = today;
      const same = previous && previous.dataset.side === item.dataset.side;
      previous?.classList.toggle("last", !same);
      item.classList.toggle("first", !same);
      item.classList.add("last");
      previous = item;
    }
  }

  mark(today) {
    const mark = make("li", "day");
    mark.append(make("span", "", today));
    return mark;
  }

  item(message, reaction) {
    const mine = message.from.id === this.me;
    const item = make("li", mine ? "message mine" : "message theirs");
    item.tabIndex = -1;
    item.dataset.side = mine ? "me" : "bot";
    item.dataset.date = message.date;
    const bubble = make("div", "bubble");
    bubble.append(make("span", "unseen", mine ? labels.from.me : labels.from.bot));
    const content = this.content(message);
    if (content.some((part) => part.classList.contains("bare"))) bubble.classList.add("plain");
    if (message.photo) bubble.classList.add("pictured");
    // The time stands beside the last words where there is room.
    const text = content.at(-1);
    if (text?.classList.contains("text")) text.append(this.foot(message));
    else content.push(this.foot(message));
    bubble.append(...content);
    if (mine && message.text && !message.forward_origin) bubble.append(this.editButton(message));
    if (reaction) bubble.append(make("span", "reaction", reaction));
    item.append(bubble);
    const rows = message.reply_markup?.inline_keyboard;
    if (rows) item.append(this.keys(message, rows));
    return item;
  }

  content(message) {
    const parts = [];
    const origin = message.forward_origin;
    if (origin) parts.push(make("p", "origin", labels.forwarded(origin.sender_user_name ?? "")));
    if (message.reply_to_message) parts.push(make("p", "quoted", message.reply_to_message.text ?? labels.picture));
    if (message.photo) parts.push(picture(message.photo.at(-1), message.caption));
    if (message.document) parts.push(file(message.document));
    if (message.voice) parts.push(voice(message.voice));
    if (message.sticker) parts.push(make("p", "sticker bare", message.sticker.emoji));
    if (message.location) parts.push(place(message.location));
    if (message.contact) parts.push(make("p", "text", `${message.contact.first_name} ${message.contact.phone_number}`));
    const text = message.text ?? message.caption;
    if (text) {
      const body = make("div", "text");
      body.dir = "auto";
      if (message.has_protected_content) body.classList.add("protected");
      body.append(render(text, message.entities ?? message.caption_entities ?? [], this.act.command));
      parts.push(body);
    }
    return parts;
  }

  foot(message) {
    const foot = make("span", "foot-line");
    if (message.has_protected_content) {
      const lock = make("span", "lock");
      lock.title = labels.protected;
      lock.setAttribute("role", "img");
      lock.setAttribute("aria-label", labels.protected);
      foot.append(lock);
    }
    if (message.edit_date) foot.append(make("span", "", labels.edited));
    const sent = new Date(message.date * 1000);
    const stamp = make("time", "", time.format(sent));
    stamp.dateTime = sent.toISOString();
    foot.append(stamp);
    return foot;
  }

  editButton(message) {
    const edit = make("button", "edit", labels.edit);
    edit.type = "button";
    edit.addEventListener("click", () => this.act.edit(message));
    return edit;
  }

  keys(message, rows) {
    const box = make("div", "keys");
    for (const row of rows) {
      const line = make("div", "row");
      for (const one of row) line.append(this.key(message, one));
      box.append(line);
    }
    return box;
  }

  key(message, one) {
    const button = make("button", `key ${one.style ?? ""}`.trim(), one.text);
    button.type = "button";
    if (one.url) {
      button.classList.add("outside");
      button.title = labels.opens;
      button.addEventListener("click", () => window.open(one.url, "_blank", "noopener,noreferrer"));
    } else if (one.copy_text) {
      button.classList.add("copies");
      button.addEventListener("click", () => navigator.clipboard.writeText(one.copy_text.text).then(this.act.copied));
    } else if (one.callback_data !== undefined) {
      button.dataset.data = one.callback_data;
      button.addEventListener("click", () => {
        button.setAttribute("aria-busy", "true");
        this.act.press(message, one);
      });
    } else button.disabled = true;
    return button;
  }
}
