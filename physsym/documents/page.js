// What a page does besides being read: it hands out the LaTeX of its formulas, shows what its links refer to,
// and unfolds what a link leads into and what is printed. Everything can be read without it.
"use strict";
(() => {
  const all = (what, within = document) => [...within.querySelectorAll(what)];
  const added = (tag, properties) => Object.assign(document.createElement(tag), properties);
  const target = hash => { try { return document.getElementById(decodeURIComponent(hash.slice(1))); } catch { return null; } };
  const texOf = math => math.querySelector("annotation").textContent;

  // Copying. Pages that were opened from a file may have no clipboard; the event of copying does without.
  async function copied(text) {
    try { await navigator.clipboard.writeText(text); return true; } catch { /* the other way */ }
    let done = false;
    const give = event => {
      event.clipboardData.setData("text/plain", text);
      event.preventDefault();
      event.stopImmediatePropagation();
      done = true;
    };
    document.addEventListener("copy", give, true);
    document.execCommand("copy");
    document.removeEventListener("copy", give, true);
    return done;
  }
  const status = added("p", { className: "status", role: "status" });
  document.body.append(status);
  all(".face").forEach(face => {
    const number = face.closest(".equation")?.querySelector(".number")?.textContent ?? "the formula";
    const name = face.querySelector("figcaption")?.textContent;
    const of = name ? `${number}, ${name}` : number;
    const button = added("button", { type: "button", className: "copy", textContent: "LaTeX" });
    button.setAttribute("aria-label", `Copy the LaTeX of ${of}`);
    button.addEventListener("click", async () => {
      const done = await copied(texOf(face.querySelector("math")));
      button.textContent = done ? "copied" : "not copied";
      status.textContent = done ? `Copied the LaTeX of ${of}` : "The browser does not let this page copy";
      setTimeout(() => { button.textContent = "LaTeX"; status.textContent = ""; }, 2000);
    });
    face.append(button);
  });
  // A selection is copied with LaTeX in place of its formulas.
  document.addEventListener("copy", event => {
    const selection = getSelection();
    if (!selection.rangeCount || selection.isCollapsed) return;
    const range = selection.getRangeAt(0).cloneRange();
    const around = node => (node.closest ? node : node.parentElement)?.closest("math");
    const [first, last] = [around(range.startContainer), around(range.endContainer)];
    if (first) range.setStartBefore(first);
    if (last) range.setEndAfter(last);
    const box = added("div", {});
    box.append(range.cloneContents());
    if (!box.querySelector("math")) return;
    all("button, details:not([open]) > :not(summary)", box).forEach(part => part.remove());
    event.clipboardData.setData("text/html", box.innerHTML);
    all("math", box).forEach(math => {
      const block = math.getAttribute("display") === "block";
      math.replaceWith(block ? `\n$$${texOf(math)}$$\n` : `$${texOf(math)}$`);
    });
    all("p, li, h1, h2, h3, h4, h5, div, figure, figcaption, tr, dd", box).forEach(part => part.append("\n"));
    event.clipboardData.setData("text/plain", box.textContent.replace(/[ \t]*\n\s*/g, "\n").trim());
    event.preventDefault();
  });

  // Unfolding.
  function reveal() {
    const wanted = target(location.hash);
    const closed = [];
    for (let at = wanted; at; at = at.parentElement) if (at.localName === "details" && !at.open) closed.push(at);
    closed.forEach(details => { details.open = true; });
    if (closed.length) wanted.scrollIntoView();
  }
  addEventListener("hashchange", reveal);
  document.addEventListener("click", event => {
    if (event.target.closest?.("a")?.getAttribute("href") === location.hash) reveal();
  });
  reveal();
  let folded = [];
  addEventListener("beforeprint", () => {
    folded = all("details.middle:not([open])");
    folded.forEach(details => { details.open = true; });
  });
  addEventListener("afterprint", () => folded.forEach(details => { details.open = false; }));

  // What a link refers to is shown beside it, under the pointer and with the focus of the keyboard.
  const card = added("div", { className: "card", id: "card", role: "tooltip", hidden: true });
  document.body.append(card);
  let link = null, leaving = 0;
  function hide() {
    clearTimeout(leaving);
    link?.removeAttribute("aria-describedby");
    link = null;
    card.hidden = true;
  }
  function show(wanted) {
    clearTimeout(leaving);
    if (wanted === link) return;
    hide();
    const shown = target(wanted.hash);
    const part = shown?.querySelector(":scope > .faces, :scope > p, :scope > h4, :scope > figcaption");
    if (!part || shown.contains(wanted)) return;
    const copy = part.cloneNode(true);
    all("button", copy).forEach(button => button.remove());
    const number = shown.querySelector(":scope > .head > .number");
    card.replaceChildren(...(number ? [added("b", { textContent: number.textContent })] : []), copy);
    link = wanted;
    link.setAttribute("aria-describedby", "card");
    card.hidden = false;
    const at = link.getBoundingClientRect(), room = document.documentElement.clientWidth - card.offsetWidth - 8;
    const above = at.bottom + card.offsetHeight + 14 > innerHeight && at.top > card.offsetHeight + 14;
    card.style.left = `${scrollX + Math.max(8, Math.min(at.left, room))}px`;
    card.style.top = `${scrollY + (above ? at.top - card.offsetHeight - 6 : at.bottom + 6)}px`;
  }
  const linked = event => event.target.closest?.('main a[href^="#"]');
  document.addEventListener("pointerover", event => {
    if (event.pointerType === "touch") return;
    if (linked(event)) show(linked(event));
    else if (card.contains(event.target)) clearTimeout(leaving);
    else if (link && link !== document.activeElement) { clearTimeout(leaving); leaving = setTimeout(hide, 250); }
  });
  document.addEventListener("focusin", event => { if (linked(event)) show(linked(event)); else hide(); });
  document.addEventListener("focusout", hide);
  document.addEventListener("keydown", event => { if (event.key === "Escape") hide(); });
})();
