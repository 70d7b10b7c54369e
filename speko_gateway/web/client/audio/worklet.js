// The audio thread: microphone to 20 ms PCM16 frames, PCM16 frames to the loudspeaker.
// Both directions convert the sample rate here, because browsers differ in what they convert themselves.

const PHASES = 256;
const HALF_WIDTH = 16;

/** Windowed-sinc sample-rate converter that carries its history from one call to the next. */
class Resampler {
  constructor(inputRate, outputRate) {
    const ratio = Math.min(1, outputRate / inputRate);
    this.step = inputRate / outputRate;
    this.half = Math.ceil(HALF_WIDTH / ratio);
    this.width = this.half * 2;
    this.position = 0;
    this.work = new Float32Array(this.width + 128);
    this.kernels = makeKernels(this.half, ratio * 0.94);
  }

  /** Convert `input` and hand every output sample to `emit`. */
  process(input, emit) {
    this.#reserve(this.width + input.length);
    this.work.set(input, this.width);
    while (this.position < input.length) {
      emit(this.#sampleAt(this.position));
      this.position += this.step;
    }
    this.position -= input.length;
    this.work.copyWithin(0, input.length, input.length + this.width);
  }

  #sampleAt(position) {
    const start = Math.floor(position);
    const kernel = this.kernels[Math.round((position - start) * PHASES)];
    let sum = 0;
    for (let tap = 0; tap < this.width; tap += 1) sum += this.work[start + tap] * kernel[tap];
    return sum;
  }

  #reserve(size) {
    if (this.work.length >= size) return;
    const larger = new Float32Array(size);
    larger.set(this.work.subarray(0, this.width));
    this.work = larger;
  }
}

/** One low-pass kernel per fractional position; each sums to one, so levels are kept. */
function makeKernels(half, cutoff) {
  const kernels = [];
  for (let phase = 0; phase <= PHASES; phase += 1) {
    const kernel = new Float32Array(half * 2);
    let sum = 0;
    for (let tap = 0; tap < kernel.length; tap += 1) {
      const distance = tap - (half - 1) - phase / PHASES;
      const window = 0.5 + 0.5 * Math.cos((Math.PI * Math.min(Math.abs(distance), half)) / half);
      const angle = Math.PI * distance * cutoff;
      kernel[tap] = (angle === 0 ? 1 : Math.sin(angle) / angle) * window;
      sum += kernel[tap];
    }
    kernels.push(kernel.map((value) => value / sum));
  }
  return kernels;
}

/** Posts `{pcm, level}`: 20 ms of PCM16 at `targetRate`, and its loudness from 0 to 1. */
class CaptureProcessor extends AudioWorkletProcessor {
  constructor({ processorOptions: { targetRate } }) {
    super();
    this.resampler = new Resampler(sampleRate, targetRate);
    this.frameLength = Math.round(targetRate / 50);
    this.#startFrame();
  }

  process([input]) {
    if (input.length > 0) this.resampler.process(input[0], (sample) => this.#push(sample));
    return true;
  }

  #push(sample) {
    const clipped = Math.max(-1, Math.min(1, sample));
    this.frame.setInt16(this.filled * 2, clipped * 32767, true);
    this.energy += clipped * clipped;
    this.filled += 1;
    if (this.filled === this.frameLength) this.#post();
  }

  #post() {
    const level = Math.sqrt(this.energy / this.frameLength);
    this.port.postMessage({ pcm: this.frame.buffer, level }, [this.frame.buffer]);
    this.#startFrame();
  }

  #startFrame() {
    this.frame = new DataView(new ArrayBuffer(this.frameLength * 2));
    this.filled = 0;
    this.energy = 0;
  }
}

const PREBUFFER_S = 0.06;
const LONGEST_WAIT_S = 0.12;
const CAPACITY_S = 30;
const REPORT_S = 0.04;

/**
 * Plays PCM16 through a ring buffer. It waits for 60 ms of audio before it starts, so that network jitter is not
 * heard; a shorter sound starts after 120 ms. A full ring refuses what arrives: the sender paces in real time.
 */
class PlaybackProcessor extends AudioWorkletProcessor {
  constructor({ processorOptions: { sourceRate } }) {
    super();
    this.sourceRate = sourceRate;
    this.ring = new Float32Array(Math.ceil(sampleRate * CAPACITY_S));
    this.#reset();
    this.sinceReport = 0;
    this.energy = 0;
    this.port.onmessage = ({ data }) => this.#receive(data);
  }

  process(inputs, [output]) {
    const channel = output[0];
    if (!this.playing) this.#considerStart(channel.length);
    const count = this.playing ? Math.min(channel.length, this.queued) : 0;
    for (let index = 0; index < count; index += 1) channel[index] = this.#next();
    if (this.clearing) this.#fadeOut(channel);
    else if (this.playing && this.queued === 0) this.playing = false;
    this.#report(channel);
    return true;
  }

  #receive(message) {
    if (message.type === "clear") this.clearing = true;
    else this.#enqueue(new Int16Array(message.pcm));
  }

  #enqueue(samples) {
    if (this.clearing) this.#reset();
    const floats = Float32Array.from(samples, (value) => value / 32768);
    this.resampler.process(floats, (sample) => {
      if (this.queued === this.ring.length) return;
      this.ring[(this.readAt + this.queued) % this.ring.length] = sample;
      this.queued += 1;
    });
  }

  #next() {
    const sample = this.ring[this.readAt];
    this.readAt = (this.readAt + 1) % this.ring.length;
    this.queued -= 1;
    return sample;
  }

  #considerStart(frames) {
    if (this.queued === 0) return;
    this.waited += frames;
    if (this.queued < sampleRate * PREBUFFER_S && this.waited < sampleRate * LONGEST_WAIT_S) return;
    this.playing = true;
    this.waited = 0;
  }

  /** A ramp over one block: cutting a wave off is heard as a click. */
  #fadeOut(channel) {
    for (let index = 0; index < channel.length; index += 1) channel[index] *= 1 - index / channel.length;
    this.#reset();
  }

  #reset() {
    this.resampler = new Resampler(this.sourceRate, sampleRate);
    this.readAt = 0;
    this.queued = 0;
    this.waited = 0;
    this.playing = false;
    this.clearing = false;
  }

  #report(channel) {
    for (const sample of channel) this.energy += sample * sample;
    this.sinceReport += channel.length;
    if (this.sinceReport < sampleRate * REPORT_S) return;
    const level = Math.sqrt(this.energy / this.sinceReport);
    this.port.postMessage({ level, queuedMs: (this.queued / sampleRate) * 1000, playing: this.playing });
    this.sinceReport = 0;
    this.energy = 0;
  }
}

registerProcessor("speko-capture", CaptureProcessor);
registerProcessor("speko-playback", PlaybackProcessor);
