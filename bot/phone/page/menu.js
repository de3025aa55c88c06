// A small menu in a dialog: it takes the focus, closes with Escape, and gives the focus back.
import { labels } from "./labels.js";
import { make } from "./parts.js";

// `groups` are lists of { text, run } and may start with { title }; what is `small` lies side by side.
export function menu(dialog, opener, groups) {
  dialog.replaceChildren();
  for (const group of groups) {
    const box = make("div", group.some((one) => one.small) ? "group in-row" : "group");
    for (const one of group) {
      if (one.title) {
        box.append(make("h2", "", one.title));
        continue;
      }
      const button = make("button", "", one.text);
      button.type = "button";
      if (one.name) button.setAttribute("aria-label", one.name);
      button.addEventListener("click", () => {
        dialog.close();
        one.run();
      });
      box.append(button);
    }
    dialog.append(box);
  }
  dialog.setAttribute("aria-label", opener.getAttribute("aria-label") ?? labels.menu);
  dialog.onclick = (event) => event.target === dialog && dialog.close();
  dialog.onclose = () => opener.focus();
  place(dialog, opener);
  dialog.showModal();
}

// Opens at the button that asked for it, inside the window.
function place(dialog, opener) {
  const from = opener.getBoundingClientRect();
  const below = from.top < window.innerHeight / 2;
  dialog.style.setProperty("--top", below ? `${from.bottom + 6}px` : "auto");
  dialog.style.setProperty("--room", `${(below ? window.innerHeight - from.bottom : from.top) - 14}px`);
  dialog.style.setProperty("--bottom", below ? "auto" : `${window.innerHeight - from.top + 6}px`);
  const left = from.left < window.innerWidth / 2;
  dialog.style.setProperty("--left", left ? `${Math.max(from.left, 8)}px` : "auto");
  dialog.style.setProperty("--right", left ? "auto" : `${Math.max(window.innerWidth - from.right, 8)}px`);
}
