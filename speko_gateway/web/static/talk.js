// The talk page: joins the browser client, the device pickers and the screen for one conversation.

import { RealtimeVoiceConversation, VoiceConversation } from "/client/speko-client.js";
import { DevicePickers } from "./talk/devices.js";
import { audioNotice, disconnectedNotice, failedNotice, missingTokenNotice } from "./talk/notices.js";
import { Screen } from "./talk/screen.js";

/** One conversation from the first click to the last notice. */
class Talk {
  #link;
  #screen;
  #devices;
  #conversation = null;
  #muted = false;
  #lastProblem = null;

  constructor(link, screen, devices) {
    this.#link = link;
    this.#screen = screen;
    this.#devices = devices;
    screen.onStart = () => this.#start(true);
    screen.onType = () => this.#start(false);
    screen.onMute = () => this.#toggleMute();
    screen.onVolume = (volume) => this.#conversation?.setVolume(volume);
    screen.onHangUp = () => this.#conversation?.endSession();
    screen.onMessage = (text) => this.#send(text);
    devices.onInput = (deviceId) => this.#conversation?.setInputDevice(deviceId);
    devices.onOutput = (deviceId) => this.#conversation?.setOutputDevice(deviceId);
    window.addEventListener("pagehide", () => this.#conversation?.endSession());
  }

  async #start(microphone) {
    this.#screen.connecting(microphone);
    try {
      this.#conversation = await this.#open({ microphone, ...this.#devices.chosen, ...this.#callbacks() });
    } catch (error) {
      if (error.code === "MICROPHONE_FAILED") this.#screen.beforeStart(audioNotice(error.cause));
      else this.#screen.ended(failedNotice(error));
      return;
    }
    this.#begin(microphone);
  }

  #open(options) {
    const { sessionId, url, token, isRealtime } = this.#link;
    if (isRealtime) return RealtimeVoiceConversation.create({ sessionId, wsUrl: url, wsToken: token, ...options });
    return VoiceConversation.create({ transportUrl: url, transportToken: token, ...options });
  }

  #callbacks() {
    const screen = this.#screen;
    return {
      onReady: (details) => screen.introduce({ ...this.#link.introduction, ...details }),
      onMessage: (message) => screen.transcript.message(message),
      onTurn: (turn) => screen.turn(turn),
      onAgentState: (state) => screen.agentState(state),
      onModeChange: (mode) => this.#link.isRealtime && screen.agentState(mode),
      onLevel: (levels) => screen.levels(levels),
      onError: (error) => this.#warn(error),
      onDisconnect: (details) => screen.ended(disconnectedNotice(details, this.#lastProblem)),
    };
  }

  #begin(hasMicrophone) {
    // The token is spent: a reload or a copied address could only fail with it.
    history.replaceState(null, "", location.pathname);
    this.#conversation.setVolume(this.#screen.volume);
    if (!this.#conversation.isOpen()) return;
    this.#screen.live({ hasMicrophone, canType: !this.#link.isRealtime });
    this.#devices.refresh(hasMicrophone);
  }

  async #toggleMute() {
    if (!this.#screen.canMute) return;
    this.#muted = !this.#muted;
    this.#screen.muted(this.#muted);
    await this.#conversation.setMicMuted(this.#muted);
  }

  #send(text) {
    if (!this.#conversation?.isOpen()) return false;
    this.#conversation.sendUserMessage(text);
    return true;
  }

  #warn(error) {
    this.#lastProblem = error.message;
    this.#screen.warn(error);
  }
}

/** The token travels in the fragment, which browsers never send to a server. */
function linkFromAddress() {
  const fields = new URLSearchParams(location.hash.slice(1));
  const sessionId = location.pathname.split("/").pop();
  const [url, token] = [fields.get("url"), fields.get("token")];
  // The socket of speech to speech does not tell who serves.
  const introduction = { agentName: fields.get("agent"), sandbox: fields.has("sandbox") };
  return url && token ? { sessionId, url, token, introduction, isRealtime: fields.get("mode") === "s2s" } : null;
}

const link = linkFromAddress();
const screen = new Screen(document.getElementById("talk"));
if (link) new Talk(link, screen, new DevicePickers(document.getElementById("talk-devices")));
else screen.unusable(missingTokenNotice());
