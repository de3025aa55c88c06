// Whatever stands outside of the window, scrolls sideways, or spills out of its box.
() => {
  const found = new Set();
  for (const node of document.querySelectorAll("body *")) {
    if (!node.checkVisibility() || node.closest(".unseen, svg")) continue;
    const box = node.getBoundingClientRect();
    const style = getComputedStyle(node);
    const name = `${node.tagName}.${node.className}`;
    if (box.width && (box.right > window.innerWidth + 1 || box.left < -1)) found.add(`${name} is outside`);
    if (style.display === "inline" || style.overflowX === "hidden" || !node.clientWidth) continue;
    if (node.scrollWidth > node.clientWidth + 1) found.add(`${name} is ${node.clientWidth} wide and holds ${node.scrollWidth}`);
  }
  return [...found];
};
