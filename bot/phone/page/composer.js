// The bottom of the phone: the message box, commands, attachments, Start, Unblock and the bot's own keyboard.
import { labels } from "./labels.js";
import { upload } from "./link.js";
import { menu } from "./menu.js";
import { make } from "./parts.js";

const id = (name) => document.getElementById(name);
const TALLEST = 132;

export class Composer {
  constructor(attempt, toast) {
    this.attempt = attempt;
    this.toast = toast;
    this.person = 0;
    this.commands = [];
    this.blocked = false;
    this.started = false;
    this.edited = null;
    // What each person has begun to type.
    this.drafts = new Map();
    this.box = id("box");
    this.list = id("commands");
    this.label();
    this.listen();
  }

  label() {
    this.box.placeholder = labels.placeholder;
    this.box.setAttribute("aria-label", labels.placeholder);
    for (const [name, text] of [["send", labels.send], ["attach", labels.attach], ["slash", labels.commands]]) {
      id(name).setAttribute("aria-label", text);
      id(name).title = text;
    }
    this.list.setAttribute("aria-label", labels.commands);
    id("start").textContent = labels.start;
    id("unblock").textContent = labels.unblock;
    id("stop-editing").textContent = labels.cancel;
  }

  listen() {
    id("composer").addEventListener("submit", (event) => {
      event.preventDefault();
      this.send();
    });
    this.box.addEventListener("input", () => this.typed());
    this.box.addEventListener("keydown", (event) => this.key(event));
    this.box.addEventListener("paste", (event) => this.paste(event));
    id("slash").addEventListener("click", () => (this.list.hidden ? this.suggest("") : this.hide()));
    this.list.addEventListener("keydown", (event) => this.listKey(event));
    document.addEventListener("pointerdown", (event) => {
      if (!this.list.contains(event.target) && !id("slash").contains(event.target)) this.hide();
    });
    id("slash").addEventListener("keydown", (event) => event.key === "Escape" && this.hide());
    id("attach").addEventListener("click", () => this.attachments());
    id("start").addEventListener("click", () => this.attempt("write", { text: "/start" }));
    id("unblock").addEventListener("click", () => this.attempt("block", { blocked: false }));
    id("stop-editing").addEventListener("click", () => this.edit(null));
    for (const [name, as] of [["photo-file", "photo"], ["document-file", "document"]]) {
      id(name).addEventListener("change", async () => {
        const [file] = id(name).files;
        id(name).value = "";
        if (file) await this.upload(file, as);
      });
    }
  }

  upload(file, as) {
    return upload(this.person, file, as).catch((problem) => this.toast(problem.message));
  }

  paste(event) {
    const [file] = event.clipboardData.files;
    if (!file) return;
    event.preventDefault();
    this.upload(file, file.type.startsWith("image/") ? "photo" : "document");
  }

  // The phone is now this person's; the stream that begins again for the same one leaves the box alone.
  turn(person) {
    if (person === this.person) return;
    this.drafts.set(this.person, this.edited ? "" : this.box.value);
    this.person = person;
    this.hide();
    this.edit(null);
    this.box.value = this.drafts.get(person) ?? "";
    this.grow();
  }

  update(news) {
    for (const name of ["commands", "blocked", "started"]) if (name in news) this[name] = news[name];
    id("composer").hidden = this.blocked || !this.started;
    id("start").hidden = this.blocked || this.started;
    id("unblock").hidden = !this.blocked;
    id("slash").hidden = this.commands.length === 0;
    if ("keyboard" in news) this.keyboard(news.keyboard);
    id("keyboard").classList.toggle("away", this.blocked);
  }

  async send() {
    const text = this.box.value.trim();
    if (!text) return;
    const edited = this.edited;
    // Empty at once: a second Enter sends nothing, and what is typed meanwhile stays.
    this.edit(null);
    this.hide();
    const done = edited
      ? await this.attempt("edit", { message_id: edited.message_id, text })
      : await this.attempt("write", { text });
    if (done || this.box.value) return;
    this.box.value = text;
    this.grow();
  }

  edit(message) {
    this.edited = message;
    id("editing").hidden = !message;
    id("editing").querySelector("span").textContent = message ? `${labels.editing}: ${message.text}` : "";
    this.box.value = message?.text ?? "";
    if (message) this.box.focus();
    this.grow();
  }

  typed() {
    this.grow();
    const start = /^\/(\w*)$/.exec(this.box.value);
    if (start) this.suggest(start[1]);
    else this.hide();
  }

  grow() {
    this.box.style.height = "auto";
    this.box.style.height = `${Math.min(this.box.scrollHeight + this.box.offsetHeight - this.box.clientHeight, TALLEST)}px`;
    id("send").disabled = this.box.value.trim() === "";
  }

  key(event) {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      this.send();
    } else if (event.key === "Escape") {
      if (this.list.hidden) this.edit(null);
      this.hide();
    } else if (event.key === "ArrowDown" && !this.list.hidden) {
      event.preventDefault();
      this.list.firstElementChild?.focus();
    }
  }

  suggest(start) {
    const fitting = this.commands.filter((one) => one.command.startsWith(start));
    this.list.replaceChildren(
      ...fitting.map((one) => {
        const item = make("button", "command");
        item.type = "button";
        item.setAttribute("role", "option");
        item.append(make("span", "name", `/${one.command}`), make("span", "what", one.description));
        item.addEventListener("click", () => {
          this.box.value = `/${one.command}`;
          this.send();
          this.box.focus();
        });
        return item;
      }),
    );
    this.list.hidden = fitting.length === 0;
    id("slash").setAttribute("aria-expanded", String(!this.list.hidden));
    if (!start && document.activeElement === id("slash")) this.list.firstElementChild?.focus();
  }

  hide() {
    this.list.hidden = true;
    id("slash").setAttribute("aria-expanded", "false");
  }

  listKey(event) {
    const step = { ArrowDown: "nextElementSibling", ArrowUp: "previousElementSibling" }[event.key];
    if (step) {
      event.preventDefault();
      (document.activeElement[step] ?? this.box).focus();
    } else if (event.key === "Escape") {
      this.hide();
      this.box.focus();
    }
  }

  attachments() {
    const share = (what, more) => () => this.attempt("share", { what, ...more });
    menu(id("attachments"), id("attach"), [
      [
        { text: labels.photo, run: () => id("photo-file").click() },
        { text: labels.file, run: () => id("document-file").click() },
        { text: labels.voice, run: share("voice") },
      ],
      [
        { title: labels.stickers },
        ...labels.emoji.map((emoji) => ({ text: emoji, name: labels.sticker(emoji), small: true, run: share("sticker", { emoji }) })),
      ],
      [{ title: labels.locations }, ...this.places()],
    ]);
  }

  places() {
    return labels.cities.map(({ name, ...where }) => ({
      text: name,
      run: () => this.attempt("share", { what: "location", ...where }),
    }));
  }

  // The bot's reply keyboard, under the message box.
  keyboard(markup) {
    const box = id("keyboard");
    box.hidden = !markup;
    box.replaceChildren(
      ...(markup?.keyboard ?? []).map((row) => {
        const line = make("div", "row");
        for (const one of row) {
          const button = make("button", "key", one.text);
          button.type = "button";
          button.addEventListener("click", () => {
            if (one.request_location) menu(id("attachments"), button, [this.places()]);
            else this.attempt("write", { text: one.text });
            if (markup.one_time_keyboard) box.hidden = true;
          });
          line.append(button);
        }
        return line;
      }),
    );
    if (markup?.input_field_placeholder) this.box.placeholder = markup.input_field_placeholder;
    else this.box.placeholder = labels.placeholder;
  }
}
