// The sound of one conversation over a socket: a microphone, a loudspeaker, and their controls.

import { microphoneFailed } from "../errors.js";
import { atNextGesture } from "./autoplay.js";
import { openMicrophone, release } from "./microphone.js";
import { Capture, Playback } from "./nodes.js";

const WORKLET_URL = new URL("./worklet.js", import.meta.url);

export class Sound {
  #context;
  #stream;
  #constraints;
  #capture = null;
  #playback = null;
  #listening = null;
  #muted = false;
  #volume = 1;

  constructor(context, stream, constraints) {
    this.#context = context;
    this.#stream = stream;
    this.#constraints = constraints;
  }

  /**
   * Open the devices that the options name. Without a wish for a microphone (`microphone: false`), a page that cannot
   * play sound still gets a conversation, a silent one. Throws `MICROPHONE_FAILED`.
   */
  static async open({ microphone = true, inputDeviceId, audioConstraints }) {
    const stream = microphone ? await openMicrophone(inputDeviceId, audioConstraints) : null;
    try {
      return new Sound(await openContext(), stream, audioConstraints);
    } catch (error) {
      release(stream);
      if (microphone) throw microphoneFailed(error);
      return new Sound(null, null, audioConstraints);
    }
  }

  /** Begin to listen and to play. `events` has `frame(pcm)`, `level(levels)`, `playing(playing)`, `lost(error)`. */
  start({ inputSampleRate, outputSampleRate }, events) {
    if (!this.#context) return;
    this.#playback = new Playback(this.#context, outputSampleRate, (level, playing) => {
      events.level({ agent: level });
      events.playing(playing);
    });
    this.#playback.volume = this.#volume;
    this.#listening = { inputSampleRate, events };
    if (this.#stream) this.#listen();
  }

  play(pcm) {
    this.#playback?.play(pcm);
  }

  clear() {
    this.#playback?.clear();
  }

  set volume(volume) {
    this.#volume = volume;
    if (this.#playback) this.#playback.volume = volume;
  }

  get muted() {
    return this.#muted;
  }

  set muted(muted) {
    this.#muted = muted;
    for (const track of this.#stream?.getAudioTracks() ?? []) track.enabled = !muted;
  }

  /** Go on with another microphone; the present one is kept where the new one cannot be had. */
  async setInputDevice(deviceId) {
    if (!this.#stream) return;
    const stream = await openMicrophone(deviceId, this.#constraints);
    this.#capture?.stop();
    release(this.#stream);
    this.#stream = stream;
    this.muted = this.#muted;
    if (this.#listening) this.#listen();
  }

  /** Go on with another loudspeaker, in browsers that let pages choose. */
  async setOutputDevice(deviceId) {
    // Lists of devices call the default one "default", sound contexts call it "".
    if (deviceId !== undefined) await this.#context?.setSinkId?.(deviceId === "default" ? "" : deviceId);
  }

  async stop() {
    this.#listening = null;
    this.#capture?.stop();
    this.#playback?.stop();
    release(this.#stream);
    if (this.#context?.state !== "closed") await this.#context?.close();
  }

  #listen() {
    const { inputSampleRate, events } = this.#listening;
    const [track] = this.#stream.getAudioTracks();
    // Not told when the page itself stops the track.
    track.onended = () => events.lost(new DOMException("the microphone went away", "NotReadableError"));
    this.#capture = new Capture(this.#context, this.#stream, inputSampleRate, (pcm, level) => {
      events.level({ caller: this.#muted ? 0 : level });
      events.frame(pcm);
    });
  }
}

/** Not awaited: without a gesture a browser may leave it pending until one comes. */
function resume(context) {
  context.resume().catch(() => {});
  if (context.state === "suspended") atNextGesture(() => context.state === "suspended" && resume(context));
}

async function openContext() {
  if (!window.AudioWorkletNode) throw new DOMException("no audio worklets here", "NotSupportedError");
  const context = new AudioContext({ latencyHint: "interactive" });
  try {
    await context.audioWorklet.addModule(WORKLET_URL);
  } catch (error) {
    await context.close();
    throw error;
  }
  resume(context);
  return context;
}
