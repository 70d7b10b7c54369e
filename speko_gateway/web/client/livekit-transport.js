// A conversation in a LiveKit room. LiveKit's own library does the WebRTC; it is loaded only here, only when needed.

import { atNextGesture } from "./audio/autoplay.js";
import { Meters } from "./audio/meters.js";
import { microphoneConstraints } from "./audio/microphone.js";
import { ofRoom } from "./disconnection.js";
import { SpekoClientError, connectionFailed, microphoneFailed } from "./errors.js";
import { dispatchPacket, parsePacket } from "./packets.js";

const LIBRARY_URL = new URL("./livekit-client.js", import.meta.url);
const ENCODER = new TextEncoder();

/** `options.loadLiveKit` brings the library where the page has it already; by default the gateway serves it. */
export class LiveKitTransport {
  #url;
  #token;
  #options;
  #events = null;
  #livekit = null;
  #room = null;
  #track = null;
  #meters = null;
  #elements = new Set();
  #volume = 1;
  #agentIsThere = null;
  #endReason = null;

  constructor(url, token, options) {
    this.#url = url;
    this.#token = token;
    this.#options = options;
  }

  /** The microphone comes first: who refuses it has not entered the room. */
  async connect(events) {
    this.#events = events;
    this.#livekit = await this.#load();
    if (this.#options.microphone !== false) this.#track = await this.#openMicrophone();
    this.#meters = new Meters((levels) => events.level(levels));
    this.#room = this.#listen(new this.#livekit.Room({ audioOutput: { deviceId: this.#options.outputDeviceId } }));
    await this.#join();
    if (this.#track) await this.#publish();
    this.#lookForAgent();
    return this.#room.name;
  }

  send(packet) {
    const sent = this.#room.localParticipant.publishData(ENCODER.encode(JSON.stringify(packet)), { reliable: true });
    sent.catch((error) => this.#events.problem(error));
  }

  async setMicMuted(muted) {
    if (!this.#track) await this.#room.localParticipant.setMicrophoneEnabled(!muted);
    else await (muted ? this.#track.mute() : this.#track.unmute());
  }

  setVolume(volume) {
    this.#volume = volume;
    for (const element of this.#elements) element.volume = volume;
  }

  async setInputDevice(deviceId) {
    if (!this.#track) return;
    await this.#track.setDeviceId({ exact: deviceId });
    this.#meters.watch("caller", this.#track.mediaStreamTrack);
  }

  async setOutputDevice(deviceId) {
    if (this.#livekit.supportsAudioOutputSelection()) await this.#room.switchActiveDevice("audiooutput", deviceId);
  }

  disconnect() {
    return this.#room.disconnect();
  }

  async #load() {
    try {
      return await (this.#options.loadLiveKit?.() ?? import(LIBRARY_URL));
    } catch (error) {
      const message = "This session is in a LiveKit room, and the page could not load livekit-client.";
      throw new SpekoClientError("CONNECTION_FAILED", message, error);
    }
  }

  async #openMicrophone() {
    const { inputDeviceId, audioConstraints } = this.#options;
    try {
      return await this.#livekit.createLocalAudioTrack(microphoneConstraints(inputDeviceId, audioConstraints));
    } catch (error) {
      throw microphoneFailed(error);
    }
  }

  async #join() {
    try {
      await this.#room.connect(this.#url, this.#token);
    } catch (error) {
      this.#release();
      throw connectionFailed(error);
    }
  }

  async #publish() {
    try {
      const source = this.#livekit.Track.Source.Microphone;
      await this.#room.localParticipant.publishTrack(this.#track, { source, name: "microphone" });
      this.#meters.watch("caller", this.#track.mediaStreamTrack);
    } catch (error) {
      await this.#room.disconnect();
      throw microphoneFailed(error);
    }
  }

  #listen(room) {
    const { RoomEvent } = this.#livekit;
    return room
      .on(RoomEvent.TrackSubscribed, (track) => this.#attach(track))
      .on(RoomEvent.TrackUnsubscribed, (track) => this.#detach(track))
      .on(RoomEvent.DataReceived, (payload) => this.#receive(payload))
      .on(RoomEvent.TranscriptionReceived, (segments, speaker) => this.#transcribe(segments, speaker))
      .on(RoomEvent.ActiveSpeakersChanged, (speakers) => this.#speak(speakers))
      .on(RoomEvent.ParticipantConnected, () => this.#lookForAgent())
      .on(RoomEvent.ParticipantDisconnected, () => this.#lookForAgent())
      .on(RoomEvent.AudioPlaybackStatusChanged, () => this.#unlock())
      .on(RoomEvent.MediaDevicesError, (error) => this.#events.problem(error))
      .on(RoomEvent.Disconnected, (reason) => this.#close(reason));
  }

  #attach(track) {
    if (track.kind !== this.#livekit.Track.Kind.Audio) return;
    const element = track.attach();
    element.volume = this.#volume;
    this.#elements.add(document.body.appendChild(element));
    this.#meters.watch("agent", track.mediaStreamTrack);
  }

  #unlock() {
    if (!this.#room.canPlaybackAudio) atNextGesture(() => this.#room.startAudio());
  }

  #detach(track) {
    for (const element of track.detach()) {
      element.remove();
      this.#elements.delete(element);
    }
  }

  #receive(payload) {
    const packet = parsePacket(payload);
    if (packet === null) return;
    if (packet.type === "ready") this.#events.ready(packet);
    else if (packet.type === "end") this.#endReason = packet.reason;
    else dispatchPacket(packet, this.#events);
  }

  #transcribe(segments, speaker) {
    const source = speaker?.identity === this.#room.localParticipant.identity ? "user" : "agent";
    for (const { id, text, final } of segments) this.#events.message({ source, text, isFinal: final, segmentId: id });
  }

  #speak(speakers) {
    const own = this.#room.localParticipant.identity;
    this.#events.mode(speakers.some(({ identity }) => identity !== own) ? "speaking" : "listening");
  }

  /** A room may be there before its agent, and after it. */
  #lookForAgent() {
    const isThere = [...this.#room.remoteParticipants.values()].some(({ isAgent }) => isAgent);
    if (isThere !== this.#agentIsThere) this.#events.agentState(isThere ? "listening" : "away");
    this.#agentIsThere = isThere;
  }

  #close(reason) {
    this.#release();
    this.#events.closed(ofRoom(reason, this.#endReason, this.#livekit.DisconnectReason));
  }

  #release() {
    this.#track?.stop();
    for (const element of this.#elements) element.remove();
    this.#elements.clear();
    this.#meters.stop();
  }
}
