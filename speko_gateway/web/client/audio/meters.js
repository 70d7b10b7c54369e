// Loudness of sound that does not pass through nodes of ours.

const EVERY_MS = 50;

/** Reports levels from 0 to 1 to `onLevel({name: level})` for every track that is watched. */
export class Meters {
  #onLevel;
  #context = null;
  #watched = new Map();
  #timer = 0;

  constructor(onLevel) {
    this.#onLevel = onLevel;
  }

  /** Watch a track under a name, in place of the one that had it. */
  watch(name, mediaStreamTrack) {
    this.#context ??= new AudioContext();
    // Not awaited: without a gesture a browser may leave it pending until one comes.
    this.#context.resume().catch(() => {});
    this.forget(name);
    const source = this.#context.createMediaStreamSource(new MediaStream([mediaStreamTrack]));
    const analyser = new AnalyserNode(this.#context, { fftSize: 1024 });
    source.connect(analyser);
    this.#watched.set(name, { source, analyser, samples: new Float32Array(analyser.fftSize) });
    this.#timer ||= setInterval(() => this.#report(), EVERY_MS);
  }

  forget(name) {
    this.#watched.get(name)?.source.disconnect();
    this.#watched.delete(name);
  }

  stop() {
    clearInterval(this.#timer);
    this.#watched.clear();
    this.#context?.close();
    this.#context = null;
  }

  #report() {
    for (const [name, { analyser, samples }] of this.#watched) {
      analyser.getFloatTimeDomainData(samples);
      const energy = samples.reduce((sum, sample) => sum + sample * sample, 0);
      this.#onLevel({ [name]: Math.sqrt(energy / samples.length) });
    }
  }
}
