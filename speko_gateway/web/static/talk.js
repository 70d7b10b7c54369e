// The talk page: joins the media protocol, the sound devices and the screen for one conversation.

import { openEngine, openMicrophone, Microphone, Speaker } from "./talk/audio.js";
import { audioNotice, closedNotice, missingTokenNotice } from "./talk/notices.js";
import { Screen } from "./talk/screen.js";
import { VoiceSocket } from "./talk/voice-socket.js";

/** One conversation from the first click to the last notice. */
class Conversation {
  #link;
  #screen;
  #socket = null;
  #engine = null;
  #stream = null;
  #microphone = null;
  #speaker = null;
  #muted = false;

  constructor(link, screen) {
    this.#link = link;
    this.#screen = screen;
    screen.onStart = () => this.#start(true);
    screen.onType = () => this.#start(false);
    screen.onMute = () => this.#toggleMute();
    screen.onVolume = (volume) => this.#setVolume(volume);
    screen.onHangUp = () => this.#socket?.hangUp();
    screen.onMessage = (text) => this.#socket?.sendText(text) ?? false;
    window.addEventListener("pagehide", () => this.#socket?.close());
  }

  async #start(withMicrophone) {
    this.#screen.connecting(withMicrophone);
    try {
      await this.#openSound(withMicrophone);
    } catch (problem) {
      this.#stopSound();
      this.#screen.beforeStart(audioNotice(problem.kind));
      return;
    }
    this.#connect();
  }

  /** The microphone comes before the connection: the token works once and must not be spent on a refusal. */
  async #openSound(withMicrophone) {
    try {
      this.#engine = await openEngine();
    } catch (problem) {
      if (withMicrophone) throw problem;
      return;
    }
    if (withMicrophone) this.#stream = await openMicrophone();
  }

  #connect() {
    const socket = new VoiceSocket(this.#link);
    const on = (name, handle) => socket.addEventListener(name, ({ detail }) => handle(detail));
    on("ready", (frame) => this.#begin(frame));
    on("audio", (pcm) => this.#speaker?.play(pcm));
    on("clear", () => this.#speaker?.clear());
    on("state", ({ agent }) => this.#screen.agentState(agent));
    on("transcript", (frame) => this.#screen.transcript.segment(frame));
    on("turn", (frame) => this.#screen.turn(frame));
    on("error", ({ message }) => this.#screen.warn(message));
    on("closed", (outcome) => this.#finish(outcome));
    this.#socket = socket;
    socket.connect();
  }

  #begin(ready) {
    // The token is spent: a reload or a copied address could only fail with it.
    history.replaceState(null, "", location.pathname);
    this.#screen.live(ready, this.#stream !== null);
    if (!this.#engine) return;
    this.#speaker = new Speaker(this.#engine, ready.outputSampleRate, (level) => this.#screen.agentLevel(level));
    this.#speaker.volume = this.#screen.volume;
    if (this.#stream) this.#microphone = this.#listen(ready.inputSampleRate);
  }

  #listen(sampleRate) {
    return new Microphone(this.#engine, this.#stream, sampleRate, (pcm, level) => {
      this.#screen.callerLevel(this.#muted ? 0 : level);
      this.#socket.sendAudio(pcm);
    });
  }

  #toggleMute() {
    if (!this.#microphone) return;
    this.#muted = !this.#muted;
    this.#microphone.muted = this.#muted;
    this.#screen.muted(this.#muted);
  }

  #setVolume(volume) {
    if (this.#speaker) this.#speaker.volume = volume;
  }

  #finish(outcome) {
    this.#stopSound();
    this.#screen.ended(closedNotice(outcome));
  }

  #stopSound() {
    this.#microphone?.stop();
    this.#speaker?.stop();
    for (const track of this.#stream?.getTracks() ?? []) track.stop();
    this.#engine?.close();
    this.#microphone = this.#speaker = this.#stream = this.#engine = null;
  }
}

/** The token travels in the fragment, which browsers never send to a server. */
function linkFromFragment() {
  const fields = new URLSearchParams(location.hash.slice(1));
  const link = { url: fields.get("url"), token: fields.get("token") };
  return link.url && link.token ? link : null;
}

const link = linkFromFragment();
const screen = new Screen(document.getElementById("talk"));
if (link) new Conversation(link, screen);
else screen.unusable(missingTokenNotice());
