// The two sound devices of a conversation. Both need a secure page: https, or localhost.

const WORKLET_URL = new URL("../audio-worklet.js", import.meta.url);
const MICROPHONE = { echoCancellation: true, noiseSuppression: true, autoGainControl: true, channelCount: 1 };

/** Why sound cannot work here: `insecure`, `unsupported`, `denied`, `missing` or `busy`. */
export class AudioProblem extends Error {
  constructor(kind) {
    super(kind);
    this.kind = kind;
  }
}

/** Open the sound engine. Call it from a click: browsers keep sound silent until then. */
export async function openEngine() {
  if (!window.isSecureContext) throw new AudioProblem("insecure");
  if (!window.AudioWorkletNode) throw new AudioProblem("unsupported");
  const context = new AudioContext({ latencyHint: "interactive" });
  await context.audioWorklet.addModule(WORKLET_URL);
  // Not awaited: without a click a browser may leave this pending until one comes.
  context.resume();
  return context;
}

/** Ask for the microphone. Throws `AudioProblem` with what stands in the way. */
export async function openMicrophone() {
  if (!navigator.mediaDevices?.getUserMedia) throw new AudioProblem("insecure");
  try {
    return await navigator.mediaDevices.getUserMedia({ audio: MICROPHONE });
  } catch (error) {
    const kinds = { NotAllowedError: "denied", NotFoundError: "missing", NotReadableError: "busy" };
    throw new AudioProblem(kinds[error.name] ?? "busy");
  }
}

/** Sends the microphone's audio to `onFrame(pcm, level)` in frames of 20 ms. */
export class Microphone {
  #stream;
  #nodes;

  constructor(context, stream, targetRate, onFrame) {
    const source = context.createMediaStreamSource(stream);
    const capture = new AudioWorkletNode(context, "speko-capture", {
      numberOfOutputs: 0,
      channelCount: 1,
      channelCountMode: "explicit",
      processorOptions: { targetRate },
    });
    capture.port.onmessage = ({ data }) => onFrame(data.pcm, data.level);
    source.connect(capture);
    this.#stream = stream;
    this.#nodes = [source, capture];
  }

  /** A muted microphone sends silence, so that the server's clock keeps running. */
  set muted(muted) {
    for (const track of this.#stream.getAudioTracks()) track.enabled = !muted;
  }

  /** Let go of the device; the browser's recording mark goes away. */
  stop() {
    for (const track of this.#stream.getTracks()) track.stop();
    for (const node of this.#nodes) node.disconnect();
  }
}

/** Plays the agent's audio as it arrives. `onLevel(level, playing)` comes about 25 times a second. */
export class Speaker {
  #node;
  #gain;

  constructor(context, sourceRate, onLevel) {
    this.#gain = new GainNode(context, { gain: 1 });
    this.#node = new AudioWorkletNode(context, "speko-playback", {
      numberOfInputs: 0,
      outputChannelCount: [1],
      processorOptions: { sourceRate },
    });
    this.#node.port.onmessage = ({ data }) => onLevel(data.level, data.playing);
    this.#node.connect(this.#gain).connect(context.destination);
  }

  /** Queue PCM16. The buffer is handed over and cannot be used afterwards. */
  play(pcm) {
    this.#node.port.postMessage({ type: "audio", pcm }, [pcm]);
  }

  /** Drop everything that has not been heard yet. */
  clear() {
    this.#node.port.postMessage({ type: "clear" });
  }

  /** Loudness from 0 to 1. */
  set volume(volume) {
    this.#gain.gain.value = volume;
  }

  /** Disconnect from the loudspeaker. */
  stop() {
    this.#node.disconnect();
    this.#gain.disconnect();
  }
}
