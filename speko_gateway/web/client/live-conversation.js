// What every conversation has, whatever carries it: a status, a mode, callbacks, controls, and one end.

import { SpekoClientError } from "./errors.js";

/**
 * A conversation over a transport. Transports have `connect(events)`, which resolves to the conversation's id,
 * `send(packet)`, `setMicMuted`, `setVolume`, `setInputDevice`, `setOutputDevice` and `disconnect`.
 */
export class LiveConversation {
  #options;
  #transport = null;
  #id = "";
  #status = "connecting";
  #mode = "listening";

  constructor(options) {
    this.#options = options;
  }

  getId() {
    return this.#id;
  }

  isOpen() {
    return this.#status === "connected";
  }

  async setMicMuted(muted) {
    await this.#transport?.setMicMuted(Boolean(muted));
  }

  setVolume(volume) {
    this.#transport?.setVolume(Math.min(1, Math.max(0, Number(volume) || 0)));
  }

  async setInputDevice(deviceId) {
    await this.#attempt(() => this.#transport?.setInputDevice(deviceId));
  }

  async setOutputDevice(deviceId) {
    await this.#attempt(() => this.#transport?.setOutputDevice(deviceId));
  }

  async endSession() {
    if (!this.isOpen()) return;
    this.#enter("disconnecting");
    await this.#transport.disconnect();
  }

  /** Send one packet. Throws `NOT_CONNECTED` before and after the conversation. */
  publish(packet) {
    if (!this.isOpen()) throw new SpekoClientError("NOT_CONNECTED", "There is no conversation to send this to.");
    this.#transport.send(packet);
  }

  /** Connect, send `firstPacket` where there is one, and tell the caller. Throws what the transport throws. */
  async connect(transport, firstPacket = null) {
    this.#transport = transport;
    try {
      this.#id = await transport.connect(this.#events());
    } catch (error) {
      this.#enter("disconnected");
      throw error;
    }
    // The other side may have ended it while the microphone was being opened.
    if (this.#status !== "connecting") throw new SpekoClientError("CONNECTION_FAILED", "The conversation ended at once.");
    this.#enter("connected");
    if (firstPacket) this.publish(firstPacket);
    this.#tell("onConnect", { conversationId: this.#id });
  }

  #events() {
    return {
      ready: (details) => this.#tell("onReady", details),
      message: (message) => this.#tell("onMessage", message),
      mode: (mode) => this.#inMode(mode),
      agentState: (state) => this.#tell("onAgentState", state),
      turn: (turn) => this.#tell("onTurn", turn),
      level: (levels) => this.#tell("onLevel", levels),
      toolCall: (call) => this.#tell("onToolCall", call),
      problem: (error) => this.#tell("onError", error),
      closed: (details) => this.#end(details),
    };
  }

  #end(details) {
    const wasConnecting = this.#status === "connecting";
    if (this.#status === "disconnected") return;
    this.#enter("disconnected");
    // Who still waits for `connect` learns of the end from what it throws.
    if (!wasConnecting) this.#tell("onDisconnect", details);
  }

  #enter(status) {
    if (this.#status === status) return;
    this.#status = status;
    this.#tell("onStatusChange", status);
  }

  #inMode(mode) {
    if (this.#mode === mode) return;
    this.#mode = mode;
    this.#tell("onModeChange", mode);
  }

  async #attempt(change) {
    try {
      await change();
    } catch (error) {
      this.#tell("onError", error);
    }
  }

  /** Call a callback. What it throws is its author's to see, and no reason to end a call. */
  #tell(name, detail) {
    try {
      return this.#options[name]?.(detail);
    } catch (error) {
      reportError(error);
      return undefined;
    }
  }
}
