// Everything the talk page shows and every control on it; it knows nothing about sockets or sound devices.

import { TranscriptView } from "./transcript.js";

const OFFLINE = new Set(["local", "sandbox"]);
const STATES = {
  listening: "Listening",
  thinking: "Thinking",
  speaking: "Speaking",
  away: "Waiting for the agent",
};

/**
 * The talk page's elements under `root`. Set the `on…` callbacks before the first click;
 * `onMessage` returns false when the text could not be sent.
 */
export class Screen {
  onStart = () => {};
  onType = () => {};
  onMute = () => {};
  onVolume = () => {};
  onHangUp = () => {};
  onMessage = () => false;
  #root;
  #agent = null;
  #startedAt = 0;
  #clock = 0;

  constructor(root) {
    this.#root = root;
    this.transcript = new TranscriptView(this.#get("lines"), this.#get("spoken"));
    this.#get("start").addEventListener("click", () => this.onStart());
    this.#get("type").addEventListener("click", () => this.onType());
    this.#get("mute").addEventListener("click", () => this.onMute());
    this.#get("hang-up").addEventListener("click", () => this.onHangUp());
    this.#get("volume").addEventListener("input", () => this.onVolume(this.volume));
    this.#get("composer").addEventListener("submit", (event) => this.#submit(event));
    document.addEventListener("keydown", (event) => this.#shortcut(event));
    this.#phase("before");
  }

  /** The loudness chosen on the slider, 0 to 1. */
  get volume() {
    return Number(this.#get("volume").value) / 100;
  }

  /** Back to the start button, saying why. */
  beforeStart(notice) {
    this.#phase("before");
    this.#get("start").textContent = "Try again";
    this.#notice(notice);
    this.#get("start").focus();
  }

  /** Waiting for the permission and the server. */
  connecting(withMicrophone) {
    this.#phase("connecting");
    this.#status(withMicrophone ? "Connecting… allow the microphone if asked" : "Connecting…");
    this.#notice(null);
  }

  /** Who is at the other end; it may be known only after the beginning. */
  introduce({ agentName, sandbox }) {
    if (sandbox) this.#root.classList.add("sandbox");
    this.#get("agent").textContent = agentName || "Agent";
    document.title = `Talking to ${agentName || "the agent"} · Speko`;
  }

  /** The conversation has begun. */
  live({ hasMicrophone, canType }) {
    this.#phase("live");
    this.#get("mute").disabled = !hasMicrophone;
    if (!hasMicrophone) this.#get("mute-label").textContent = "No microphone";
    for (const field of ["message", "send"]) this.#get(field).disabled = !canType;
    this.#get("composer").hidden = !canType;
    if (this.#agent === null) this.#status(hasMicrophone ? STATES.listening : "Type a message to begin");
    else this.agentState(this.#agent);
    this.#startClock();
    this.#get(hasMicrophone ? "mute" : "message").focus();
  }

  /** Whether there is a microphone to mute. */
  get canMute() {
    return !this.#get("mute").disabled;
  }

  /** A finished turn. Whoever served it also tells whether the offline voices are at work. */
  turn(frame) {
    this.transcript.turn(frame);
    const providers = Object.values(frame.legs ?? {}).map((leg) => leg?.provider);
    if (providers.some((provider) => OFFLINE.has(provider))) this.#root.classList.add("sandbox");
  }

  /** `listening`, `thinking`, `speaking`, or `away` before the agent is there. */
  agentState(state) {
    this.#agent = state;
    if (this.#root.dataset.phase !== "live") return;
    this.#root.dataset.agent = state;
    this.#status(STATES[state] ?? "");
  }

  /** Loudness of the sides that are named, 0 to 1, for the meters. */
  levels(levels) {
    for (const [side, level] of Object.entries(levels)) {
      this.#root.style.setProperty(`--${side}-level`, Math.min(1, level * 6).toFixed(3));
    }
  }

  /** Show the microphone as muted or not. */
  muted(muted) {
    this.#get("mute").setAttribute("aria-pressed", String(muted));
    this.#get("mute-label").textContent = muted ? "Unmute" : "Mute";
    this.#root.classList.toggle("muted", muted);
  }

  /** Something went wrong and the conversation goes on. */
  warn({ name, message }) {
    const title = name === "ServerProblem" ? "A problem on the server" : "A problem with the sound";
    this.#notice({ tone: "warning", title, text: message, action: null });
  }

  /** The conversation is over. */
  ended(notice) {
    clearInterval(this.#clock);
    this.#phase("ended");
    this.#status("Ended");
    this.levels({ caller: 0, agent: 0 });
    this.#notice(notice);
    this.transcript.toEnd();
    this.#get("notice").querySelector("a")?.focus();
  }

  /** There is nothing to start with. */
  unusable(notice) {
    this.#phase("ended");
    this.#status("Not connected");
    this.#notice(notice);
  }

  #get(name) {
    return document.getElementById(`talk-${name}`);
  }

  #phase(name) {
    this.#root.dataset.phase = name;
    delete this.#root.dataset.agent;
    const live = name === "live";
    for (const control of ["mute", "hang-up", "volume", "message", "send"]) this.#get(control).disabled = !live;
    for (const control of ["start", "type"]) this.#get(control).disabled = name !== "before";
  }

  #status(text) {
    this.#get("status").textContent = text;
  }

  #notice(notice) {
    const box = this.#get("notice");
    box.hidden = notice === null;
    box.replaceChildren();
    if (notice === null) return;
    box.className = `notice notice-${notice.tone}`;
    const [title, text] = [document.createElement("strong"), document.createElement("p")];
    title.textContent = notice.title;
    text.textContent = notice.text;
    box.append(title, text);
    if (notice.action) box.append(actionLink(notice.action));
  }

  #startClock() {
    this.#startedAt = performance.now();
    this.#clock = setInterval(() => {
      const seconds = Math.floor((performance.now() - this.#startedAt) / 1000);
      this.#get("clock").textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
    }, 1000);
  }

  #submit(event) {
    event.preventDefault();
    const field = this.#get("message");
    const text = field.value.trim();
    if (text && this.onMessage(text)) field.value = "";
  }

  /** M mutes, unless the person is typing. */
  #shortcut(event) {
    const typing = event.target.closest("input, textarea, select") !== null;
    if (typing || event.ctrlKey || event.metaKey || event.altKey || event.key.toLowerCase() !== "m") return;
    if (this.#root.dataset.phase === "live") this.onMute();
  }
}

function actionLink({ label, href }) {
  const link = document.createElement("a");
  link.className = "button";
  link.href = href;
  link.textContent = label;
  return link;
}
