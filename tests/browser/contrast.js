// The contrast (WCAG 2.2) of every text and icon in sight with what is behind it, worst of each kind: [[name, ratio]].
() => {
  const context = Object.assign(document.createElement("canvas"), { width: 1, height: 1 }).getContext("2d", { willReadFrequently: true });
  const parse = (colour) => {
    context.clearRect(0, 0, 1, 1);
    context.fillStyle = colour;
    context.fillRect(0, 0, 1, 1);
    const [red, green, blue, alpha] = context.getImageData(0, 0, 1, 1).data;
    return [red, green, blue, alpha / 255];
  };
  const over = (front, back) => [0, 1, 2].map((i) => front[i] * front[3] + back[i] * (1 - front[3]));
  const light = (colour) => {
    const part = (value) => (value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4);
    return 0.2126 * part(colour[0]) + 0.7152 * part(colour[1]) + 0.0722 * part(colour[2]);
  };
  const behind = (node) => {
    const layers = [];
    for (let one = node; one; one = one.parentElement) layers.unshift(parse(getComputedStyle(one).backgroundColor));
    return layers.reduce((back, layer) => over(layer, back), [255, 255, 255]);
  };
  const worst = {};
  const look = (kind, node, colour) => {
    const back = behind(node);
    const [low, high] = [light(over(parse(colour), back)), light(back)].sort((a, b) => a - b);
    const name = `${kind} ${node.tagName}.${node.className}${node.closest(".mine") ? " of mine" : ""}`;
    worst[name] = Math.min(worst[name] ?? 99, (high + 0.05) / (low + 0.05));
  };
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const node = texts.currentNode.parentElement;
    // The avatar stands on a gradient, and a spoiler is not to be read.
    if (!texts.currentNode.textContent.trim() || !node.checkVisibility() || node.closest(".unseen, .avatar, .spoiler")) continue;
    look("text", node, getComputedStyle(node).color);
  }
  for (const { parentElement: node } of document.querySelectorAll("svg")) {
    if (node.checkVisibility() && !node.disabled) look("icon", node, getComputedStyle(node).color);
  }
  for (const box of document.querySelectorAll("textarea")) {
    if (!box.checkVisibility()) continue;
    look("placeholder", box, getComputedStyle(box, "::placeholder").color);
    look("edge", box.parentElement, getComputedStyle(box).borderTopColor);
  }
  return Object.entries(worst);
};
