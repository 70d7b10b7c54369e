// The media protocol of one voice session, and nothing about pages or sound devices.
// Frames, close codes and their meaning: docs/media-protocol.md.

export const PROTOCOL = "speko.media.v1";

const SERVER_FRAMES = new Set(["ready", "state", "transcript", "turn", "clear", "error", "end"]);
const CONNECT_TIMEOUT_MS = 15_000;
const CLOSE_TIMEOUT_MS = 3_000;
// Two seconds of 16 kHz audio. What the network cannot take by then is late, and late speech is worse than a gap.
const MOST_UNSENT_BYTES = 64_000;

/**
 * A voice session over one WebSocket.
 *
 * Dispatches `audio` (detail: ArrayBuffer of PCM16), one event per server frame type (detail: the frame), and
 * exactly one `closed` (detail: `{code, endReason, failure, wasReady}`), also when the connection never opened.
 */
export class VoiceSocket extends EventTarget {
  #url;
  #token;
  #socket = null;
  #timer = 0;
  #endReason = null;
  #failure = null;
  #ready = false;
  #wasReady = false;
  #closed = false;

  constructor({ url, token }) {
    super();
    this.#url = url;
    this.#token = token;
  }

  /** True from the server's `ready` until the connection is over. */
  get isReady() {
    return this.#ready && !this.#closed;
  }

  /** Open the connection. The outcome arrives as `ready` or `closed`. */
  connect() {
    try {
      this.#socket = new WebSocket(this.#url, [PROTOCOL, this.#token]);
    } catch {
      this.#finish(0);
      return;
    }
    this.#socket.binaryType = "arraybuffer";
    this.#socket.addEventListener("message", ({ data }) => this.#receive(data));
    this.#socket.addEventListener("close", ({ code }) => this.#finish(code));
    this.#timer = setTimeout(() => this.close(), CONNECT_TIMEOUT_MS);
  }

  /** Send one frame of microphone audio; it is dropped before `ready` and when the network is behind. */
  sendAudio(pcm) {
    if (this.isReady && this.#socket.bufferedAmount < MOST_UNSENT_BYTES) this.#socket.send(pcm);
  }

  /** Send a typed turn. Returns false when there is no connection to send it on. */
  sendText(text) {
    return this.#send({ type: "user_message", text });
  }

  /** Hang up: the server answers with `end` and closes. */
  hangUp() {
    if (!this.#send({ type: "end" })) this.close();
    else this.#timer = setTimeout(() => this.close(), CLOSE_TIMEOUT_MS);
  }

  /** Drop the connection without waiting for the server. */
  close() {
    if (this.#socket) this.#socket.close(1000);
    this.#finish(1000);
  }

  #send(frame) {
    if (!this.isReady) return false;
    this.#socket.send(JSON.stringify(frame));
    return true;
  }

  #receive(data) {
    if (typeof data !== "string") {
      this.#emit("audio", data);
      return;
    }
    const frame = parseFrame(data);
    if (frame) this.#note(frame);
  }

  #note(frame) {
    if (frame.type === "ready") {
      clearTimeout(this.#timer);
      this.#ready = true;
      this.#wasReady = true;
    }
    if (frame.type === "end") this.#expectClose(frame.reason);
    if (frame.type === "error") this.#failure = { code: frame.code, message: frame.message };
    this.#emit(frame.type, frame);
  }

  #expectClose(reason) {
    this.#endReason = reason;
    this.#ready = false;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.close(), CLOSE_TIMEOUT_MS);
  }

  #finish(code) {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#emit("closed", { code, endReason: this.#endReason, failure: this.#failure, wasReady: this.#wasReady });
  }

  #emit(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}

function parseFrame(text) {
  try {
    const frame = JSON.parse(text);
    return frame && SERVER_FRAMES.has(frame.type) ? frame : null;
  } catch {
    return null;
  }
}
