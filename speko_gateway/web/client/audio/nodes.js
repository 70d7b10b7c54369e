// The two ends of the sound: capture and playback, each a node of the audio thread.

/** Sends a stream's audio to `onFrame(pcm, level)` in frames of 20 ms. */
export class Capture {
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
    this.#nodes = [source, capture];
  }

  stop() {
    this.#nodes[1].port.onmessage = null;
    for (const node of this.#nodes) node.disconnect();
  }
}

/** Plays PCM16 as it arrives. `onLevel(level, playing)` comes about 25 times a second. */
export class Playback {
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

  set volume(volume) {
    this.#gain.gain.value = volume;
  }

  stop() {
    this.#node.port.onmessage = null;
    this.#node.disconnect();
    this.#gain.disconnect();
  }
}
