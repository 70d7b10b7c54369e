// Keeps a page up to date while what it shows goes on: asks for it again and replaces the children that changed.
// Parts carry `data-live` and an id; the server leaves `data-live-on` out of the page once nothing more will change.

import { localTimes } from "./times.js";

const EVERY_MS = 2_000;
const PATIENCE_MS = 10_000;

/** What the server last said of each part, child by child. */
const shown = new Map();

async function refresh() {
  const answer = await fetch(location.href, { signal: AbortSignal.timeout(PATIENCE_MS) });
  if (!answer.ok || answer.redirected) return false;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const part of document.querySelectorAll("[data-live]")) {
    const next = page.getElementById(part.id);
    if (next) update(part, [...next.children]);
  }
  return page.querySelector("[data-live-on]") !== null;
}

function update(part, children) {
  const before = shown.get(part.id) ?? [];
  const html = children.map((child) => child.outerHTML);
  shown.set(part.id, html);
  for (const [index, child] of children.entries()) {
    if (html[index] === before[index]) continue;
    localTimes(child);
    if (part.children[index]) part.children[index].replaceWith(child);
    else part.append(child);
  }
  while (part.children.length > children.length) part.lastElementChild.remove();
}

async function keepUp() {
  const wait = () => new Promise((resolve) => setTimeout(resolve, EVERY_MS));
  for (let goesOn = true; goesOn; ) {
    await wait();
    // A server that restarts is asked again; nobody looks at a hidden page.
    if (!document.hidden) goesOn = await refresh().catch(() => true);
  }
  // The last reports of a call may come after its end.
  await wait();
  await refresh().catch(() => {});
}

if (document.querySelector("[data-live-on]")) keepUp();
