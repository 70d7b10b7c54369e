// One WebSocket that carries PCM both ways and JSON frames beside it; the dialect names the frames' kind field.

import { ServerProblem, TransportClosed } from "./errors.js";

const CLOSE_TIMEOUT_MS = 3_000;
// Two seconds of 16 kHz audio. What the network cannot take by then is late, and late speech is worse than a gap.
const MOST_UNSENT_BYTES = 64_000;

/** `listener` has `frame(frame)`, `audio(ArrayBuffer)` and `closed({closeCode, endReason, byCaller})`. */
export class FrameSocket {
  #kind;
  #listener;
  #socket = null;
  #waiting = null;
  #timer = 0;
  #endReason = null;
  #byCaller = false;
  #problem = null;
  #over = false;

  constructor(kind, listener) {
    this.#kind = kind;
    this.#listener = listener;
  }

  /** Resolves with the server's `ready` frame. Throws `TransportClosed` where none comes in time. */
  open(url, protocols, timeoutMs) {
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#timer = setTimeout(() => this.#finish(0), timeoutMs);
      try {
        this.#socket = new WebSocket(url, protocols);
      } catch {
        this.#finish(0);
        return;
      }
      this.#socket.binaryType = "arraybuffer";
      this.#socket.addEventListener("message", ({ data }) => this.#receive(data));
      this.#socket.addEventListener("close", ({ code }) => this.#finish(code));
    });
  }

  /** Send one frame of microphone audio; it is dropped before `ready` and when the network is behind. */
  sendAudio(pcm) {
    if (this.#isLive() && this.#socket.bufferedAmount < MOST_UNSENT_BYTES) this.#socket.send(pcm);
  }

  /** Send a JSON frame; nothing happens once the server has said that the conversation is over. */
  send(frame) {
    if (this.#isLive()) this.#socket.send(JSON.stringify(frame));
  }

  /** End it as the caller: with `farewell` the server closes after it, without one the socket closes at once. */
  hangUp(farewell) {
    this.#byCaller = true;
    if (farewell && this.#isLive()) {
      this.send(farewell);
      this.#expectClose();
    } else this.close();
  }

  /** Drop the connection without waiting for the server. */
  close() {
    this.#byCaller = true;
    this.#finish(1000);
  }

  #isLive() {
    return !this.#over && this.#waiting === null && this.#endReason === null && this.#socket.readyState === 1;
  }

  #receive(data) {
    if (this.#over) return;
    if (typeof data !== "string") {
      this.#listener.audio(data);
      return;
    }
    const frame = parse(data);
    if (frame !== null && typeof frame === "object") this.#note(frame);
  }

  #note(frame) {
    const kind = frame[this.#kind];
    if (kind === "ready" && this.#waiting) this.#begin(frame);
    else if (kind === "end") {
      this.#endReason = String(frame.reason);
      this.#expectClose();
    } else if (kind === "error" && this.#waiting) this.#problem = new ServerProblem(frame);
    else if (typeof kind === "string") this.#listener.frame(frame);
  }

  #begin(frame) {
    clearTimeout(this.#timer);
    const { resolve } = this.#waiting;
    this.#waiting = null;
    resolve(frame);
  }

  #expectClose() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#finish(1000), CLOSE_TIMEOUT_MS);
  }

  #finish(closeCode) {
    if (this.#over) return;
    this.#over = true;
    clearTimeout(this.#timer);
    this.#socket?.close(1000);
    if (this.#waiting) this.#waiting.reject(new TransportClosed(closeCode, this.#problem));
    else this.#listener.closed({ closeCode, endReason: this.#endReason, byCaller: this.#byCaller });
  }
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
