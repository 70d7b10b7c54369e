// Audio thread: microphone to 20 ms frames of PCM16, PCM16 to the loudspeaker. Rates are converted in between.

/** Linear conversion between two sample rates; carries its position and last sample over. */
class Converter {
  constructor(from, to) {
    this.step = from / to;
    this.at = 0;
    this.last = 0;
  }

  convert(input, emit) {
    while (this.at < input.length) {
      const left = Math.floor(this.at);
      const before = left === 0 ? this.last : input[left - 1];
      emit(before + (input[left] - before) * (this.at - left));
      this.at += this.step;
    }
    this.at -= input.length;
    this.last = input[input.length - 1];
  }
}

class Capture extends AudioWorkletProcessor {
  constructor({ processorOptions: { rate } }) {
    super();
    this.converter = new Converter(sampleRate, rate);
    this.size = rate / 50;
    this.frame = [];
  }

  process([[channel]]) {
    if (channel) this.converter.convert(channel, (sample) => this.push(sample));
    return true;
  }

  push(sample) {
    this.frame.push(Math.max(-1, Math.min(1, sample)) * 32767);
    if (this.frame.length < this.size) return;
    const pcm = Int16Array.from(this.frame).buffer;
    this.frame = [];
    this.port.postMessage(pcm, [pcm]);
  }
}

class Playback extends AudioWorkletProcessor {
  constructor({ processorOptions: { rate } }) {
    super();
    this.converter = new Converter(rate, sampleRate);
    this.queue = [];
    this.read = 0;
    this.port.onmessage = ({ data }) => {
      if (data === "clear") this.empty();
      else this.converter.convert(Float32Array.from(new Int16Array(data), (n) => n / 32768), (s) => this.queue.push(s));
    };
  }

  process(_, [[channel]]) {
    for (let i = 0; i < channel.length; i += 1) channel[i] = this.queue[this.read++] ?? 0;
    if (this.read >= this.queue.length) this.empty();
    return true;
  }

  empty() {
    this.queue = [];
    this.read = 0;
  }
}

registerProcessor("capture", Capture);
registerProcessor("playback", Playback);
