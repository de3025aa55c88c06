// What a message can hold besides text: pictures, files, voices, places.
import { labels } from "./labels.js";

export function picture(size, caption) {
  const link = make("a", "picture");
  link.href = `/api/file/${size.file_id}`;
  link.target = "_blank";
  const image = make("img");
  image.src = link.href;
  image.width = size.width;
  image.height = size.height;
  image.alt = caption || labels.picture;
  link.append(image);
  link.addEventListener("click", (event) => {
    // With a key held, the browser's own ways of opening a link.
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    view(link.href, image.alt, link);
  });
  return link;
}

// One picture over everything; Escape, the cross or a press beside it closes.
function view(address, words, opener) {
  const viewer = document.getElementById("viewer");
  const image = document.getElementById("viewed");
  image.src = address;
  image.alt = words;
  viewer.setAttribute("aria-label", words);
  const save = document.getElementById("save-picture");
  save.href = address;
  for (const [node, text] of [[save, labels.save], [document.getElementById("close-viewer"), labels.close]]) {
    node.setAttribute("aria-label", text);
    node.title = text;
  }
  viewer.onclick = (event) => save.contains(event.target) || viewer.close();
  viewer.onclose = () => opener.focus();
  viewer.showModal();
  document.getElementById("close-viewer").focus();
}

export function file(document_) {
  const link = make("a", "file");
  link.href = `/api/file/${document_.file_id}`;
  link.target = "_blank";
  const name = make("span", "file-name", document_.file_name);
  name.append(make("small", "", size(document_.file_size)));
  const kind = document_.file_name.split(".").pop().slice(0, 4);
  const badge = make("span", "badge", kind);
  badge.setAttribute("aria-hidden", "true");
  link.append(badge, name);
  return link;
}

export function voice(one) {
  const node = make("p", "voice");
  node.setAttribute("role", "img");
  node.setAttribute("aria-label", labels.voiceLength(one.duration));
  node.append(make("span", "wave"), make("small", "", `0:${String(one.duration).padStart(2, "0")}`));
  return node;
}

export function place(one) {
  const node = make("p", "place");
  node.append(make("span", "pin"), labels.place(one.latitude, one.longitude));
  return node;
}

function size(bytes) {
  const unit = bytes < 1024 ? "byte" : bytes < 1024 ** 2 ? "kilobyte" : "megabyte";
  if (unit === "byte") return labels.bytes(bytes);
  const value = bytes / { byte: 1, kilobyte: 1024, megabyte: 1024 ** 2 }[unit];
  return new Intl.NumberFormat([], { style: "unit", unit, maximumFractionDigits: 1 }).format(value);
}

export function make(tag, name = "", text = "") {
  const node = document.createElement(tag);
  if (name) node.className = name;
  if (text) node.textContent = text;
  return node;
}
