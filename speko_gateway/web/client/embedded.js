// The dialect of the embedded transport, docs/media-protocol.md.

import { dispatchPacket } from "./packets.js";

const PROTOCOL = "speko.media.v1";
const ADDRESS = /\/v1\/sessions\/[^/]+\/media$/;

/** Whether `transportUrl` is a media socket of a gateway; every other one is a LiveKit server. */
export function isEmbedded(transportUrl) {
  try {
    return ADDRESS.test(new URL(transportUrl).pathname);
  } catch {
    return false;
  }
}

/** The dialect for one session's token. */
export function embeddedDialect(token) {
  return {
    kind: "type",
    protocols: [PROTOCOL, token],
    patienceMs: 15_000,
    farewell: { type: "end" },
    // A muted microphone sends silence, so that turn taking on the server keeps its clock.
    silentWhenMuted: false,
    rates: (ready) => ready,
    idOf: (ready) => ready.sessionId,
    dispatch(frame, events, sound) {
      if (frame.type === "clear") sound.clear();
      else dispatchPacket(frame, events);
      if (frame.type === "state") events.mode(frame.agent === "speaking" ? "speaking" : "listening");
    },
  };
}
