// The conversation as text. Live segments come first; the turn that follows replaces their text and brings the numbers.

import { latencyStrip } from "./latency.js";

const NAMES = { user: "You", agent: "Agent", system: "System" };

/** Renders transcript segments and turns into `list`, and says finished ones into the `spoken` live region. */
export class TranscriptView {
  #list;
  #spoken;
  #segments = new Map();
  #turns = new Map();
  // The answer's strip repeats what hearing the question took; the question's own strip then goes.
  #lastHeard = null;

  constructor(list, spoken) {
    this.#list = list;
    this.#spoken = spoken;
    // A notice, the pickers or a phone's keyboard take room from the box; the newest line stays in it.
    new ResizeObserver(() => this.toEnd()).observe(list.parentElement);
  }

  /**
   * Insert a message, or replace the text of its segment; a final one is announced. Messages without a segment
   * replace the unfinished one of their source.
   */
  message({ segmentId, source, text, isFinal }) {
    if (!text) return;
    const key = `${source}/${segmentId ?? ""}`;
    const line = this.#segments.get(key) ?? this.#open(key, source);
    if (line.turn === null) setText(line, text, isFinal);
    // Its line stays among the segments until a turn adopts it, under a key that no later message has.
    if (isFinal && segmentId === undefined) this.#rename(key, line);
    if (isFinal && !line.isSpoken) this.#announce(source, text);
    line.isSpoken ||= isFinal;
    this.#follow();
  }

  /** A finished turn: it takes over its segments' lines, the last write of an index wins. */
  turn(turn) {
    const line = this.#turns.get(turn.index) ?? this.#adopt(turn.source);
    line.turn = turn.index;
    this.#turns.set(turn.index, line);
    if (turn.text) setText(line, turn.text, true);
    line.node.classList.toggle("interrupted", Boolean(turn.interrupted));
    line.flag.textContent = turn.interrupted ? "interrupted" : "";
    line.extra.replaceChildren(...[latencyStrip(turn.latency, turn.legs)].filter(Boolean));
    if (turn.source === "user") this.#lastHeard = line;
    else if (turn.latency?.sttMs != null) this.#lastHeard?.extra.replaceChildren();
    this.#follow();
  }

  #rename(key, line) {
    this.#segments.delete(key);
    this.#segments.set(line, line);
  }

  #open(key, source) {
    const line = buildLine(source);
    this.#segments.set(key, line);
    this.#list.append(line.node);
    return line;
  }

  /** The first line of this source that has no turn yet; the other final ones belong to the same turn. */
  #adopt(source) {
    const waiting = [...this.#segments.entries()].filter(([, line]) => line.source === source && line.turn === null);
    const finals = waiting.filter(([, line]) => line.isFinal);
    const [first, ...others] = finals.length > 0 ? finals : waiting.slice(0, 1);
    for (const [id, line] of others) {
      line.node.remove();
      this.#segments.set(id, first[1]);
    }
    if (first) return first[1];
    const line = buildLine(source);
    this.#list.append(line.node);
    return line;
  }

  #announce(source, text) {
    const sentence = document.createElement("p");
    sentence.textContent = `${NAMES[source] ?? source}: ${text}`;
    this.#spoken.append(sentence);
    while (this.#spoken.childElementCount > 8) this.#spoken.firstElementChild.remove();
  }

  /** Show the newest line. */
  toEnd() {
    const box = this.#list.parentElement;
    box.scrollTop = box.scrollHeight;
  }

  /** Keep the newest line in sight, unless the reader has scrolled up. */
  #follow() {
    const box = this.#list.parentElement;
    if (box.scrollHeight - box.scrollTop - box.clientHeight < 160) this.toEnd();
  }
}

function buildLine(source) {
  const node = document.createElement("li");
  node.className = `line line-${source}`;
  const who = child(node, "p", "who");
  child(who, "span", "name").textContent = NAMES[source] ?? source;
  const flag = child(who, "span", "flag");
  const said = child(node, "p", "said");
  const extra = child(node, "div", "extra");
  return { node, source, said, flag, extra, turn: null, isFinal: false, isSpoken: false };
}

function setText(line, text, isFinal) {
  line.said.textContent = text;
  line.isFinal = isFinal;
  line.node.classList.toggle("interim", !isFinal);
}

function child(parent, tag, className) {
  const node = document.createElement(tag);
  node.className = className;
  parent.append(node);
  return node;
}
