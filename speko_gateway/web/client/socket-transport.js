// A conversation over one WebSocket: the sound and the frames of the embedded transport and of speech to speech.

import { Sound } from "./audio/sound.js";
import { ofSocket } from "./disconnection.js";
import { connectionFailed } from "./errors.js";
import { FrameSocket } from "./frame-socket.js";

/**
 * A transport in a dialect, which says what differs: `kind` (the frames' kind field), `protocols` (of the socket),
 * `patienceMs` (how long `ready` may take), `farewell` (the frame that hangs up, or null), `silentWhenMuted` (a muted
 * microphone sends nothing), `rates(ready)`, `idOf(ready)`, `dispatch(frame, events, sound)`, and, where the mode
 * follows the loudspeaker, `playing(isPlaying, events)`.
 */
export class SocketTransport {
  #url;
  #dialect;
  #options;
  #events = null;
  #sound = null;
  #socket = null;
  #gone = () => {};

  constructor(url, dialect, options) {
    this.#url = url;
    this.#dialect = dialect;
    this.#options = options;
  }

  /** The devices come before the connection: a token works once and must not be spent on a refused microphone. */
  async connect(events) {
    this.#events = events;
    this.#sound = await Sound.open(this.#options);
    await this.setOutputDevice(this.#options.outputDeviceId).catch((error) => events.problem(error));
    const ready = await this.#open();
    events.ready(ready);
    this.#sound.start(ready, this.#soundEvents());
    return this.#dialect.idOf(ready);
  }

  send(frame) {
    this.#socket.send(frame);
  }

  setMicMuted(muted) {
    this.#sound.muted = muted;
  }

  setVolume(volume) {
    this.#sound.volume = volume;
  }

  setInputDevice(deviceId) {
    return this.#sound.setInputDevice(deviceId);
  }

  setOutputDevice(deviceId) {
    return this.#sound.setOutputDevice(deviceId);
  }

  /** Resolves once the conversation is over: the server answers a farewell within seconds, or is not waited for. */
  async disconnect() {
    const over = new Promise((resolve) => (this.#gone = resolve));
    this.#socket.hangUp(this.#dialect.farewell);
    await over;
  }

  async #open() {
    this.#socket = new FrameSocket(this.#dialect.kind, {
      frame: (frame) => this.#dialect.dispatch(frame, this.#events, this.#sound),
      audio: (pcm) => this.#sound.play(pcm),
      closed: (outcome) => this.#close(outcome),
    });
    try {
      const { protocols, patienceMs } = this.#dialect;
      return this.#dialect.rates(await this.#socket.open(this.#url, protocols, patienceMs));
    } catch (error) {
      await this.#sound.stop();
      throw connectionFailed(error);
    }
  }

  #soundEvents() {
    return {
      frame: (pcm) => {
        if (!(this.#sound.muted && this.#dialect.silentWhenMuted)) this.#socket.sendAudio(pcm);
      },
      level: (levels) => this.#events.level(levels),
      playing: (playing) => this.#dialect.playing?.(playing, this.#events),
      lost: (error) => this.#events.problem(error),
    };
  }

  async #close(outcome) {
    await this.#sound.stop();
    this.#events.closed(ofSocket(outcome));
    this.#gone();
  }
}
