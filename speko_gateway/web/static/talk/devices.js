// Which microphone and which loudspeaker. Browsers name them only once the microphone is allowed.

const REMEMBERED = { input: "speko.microphone", output: "speko.speaker" };

/** The pickers under `root`, hidden while there is nothing to choose. Set `onInput` and `onOutput` before the call. */
export class DevicePickers {
  onInput = () => {};
  onOutput = () => {};
  #root;
  #fields;
  #canSpeak = true;

  constructor(root) {
    this.#root = root;
    this.#fields = { input: root.querySelector(".device-input"), output: root.querySelector(".device-output") };
    this.#select("input").addEventListener("change", ({ target }) => this.#choose("input", target.value));
    this.#select("output").addEventListener("change", ({ target }) => this.#choose("output", target.value));
    navigator.mediaDevices?.addEventListener("devicechange", () => this.refresh());
    this.refresh();
  }

  /** What was chosen and is there, as options of a conversation. */
  get chosen() {
    const [input, output] = [this.#select("input").value, this.#select("output").value];
    return { ...(input && { inputDeviceId: input }), ...(output && { outputDeviceId: output }) };
  }

  /** Look again what is there. Who only types has no microphone to choose. */
  async refresh(canSpeak = this.#canSpeak) {
    this.#canSpeak = canSpeak;
    const devices = (await navigator.mediaDevices?.enumerateDevices()) ?? [];
    this.#fill("input", canSpeak ? devices.filter(({ kind }) => kind === "audioinput") : []);
    const canChoose = "setSinkId" in AudioContext.prototype;
    this.#fill("output", canChoose ? devices.filter(({ kind }) => kind === "audiooutput") : []);
    this.#root.hidden = Object.values(this.#fields).every((field) => field.hidden);
  }

  #fill(which, devices) {
    const select = this.#select(which);
    const named = devices.filter(({ label, deviceId }) => label && deviceId);
    const wanted = select.value || localStorage.getItem(REMEMBERED[which]);
    select.replaceChildren(...named.map(({ label, deviceId }) => new Option(label, deviceId)));
    select.value = named.some(({ deviceId }) => deviceId === wanted) ? wanted : (named[0]?.deviceId ?? "");
    this.#fields[which].hidden = named.length === 0;
  }

  #choose(which, deviceId) {
    localStorage.setItem(REMEMBERED[which], deviceId);
    if (which === "input") this.onInput(deviceId);
    else this.onOutput(deviceId);
  }

  #select(which) {
    return this.#fields[which].querySelector("select");
  }
}
