// The dialect of speech to speech: the token is the only subprotocol, frames name their kind in `t`.

import { ServerProblem } from "./errors.js";

const DEFAULT_RATE = 24_000;

/** The dialect for one session; the server's `ready` settles the rates that the options ask for. */
export function realtimeDialect({ sessionId, wsToken, inputSampleRate, outputSampleRate }) {
  return {
    kind: "t",
    protocols: [wsToken],
    // One provider after the other is tried before the first is ready.
    patienceMs: 35_000,
    farewell: null,
    silentWhenMuted: true,
    rates: (ready) => ({
      ...ready,
      inputSampleRate: ready.inputSampleRate ?? inputSampleRate ?? DEFAULT_RATE,
      outputSampleRate: ready.outputSampleRate ?? outputSampleRate ?? DEFAULT_RATE,
    }),
    idOf: () => sessionId,
    dispatch,
    playing: (playing, events) => events.mode(playing ? "speaking" : "listening"),
  };
}

function dispatch(frame, events, sound) {
  if (frame.t === "transcript") dispatchTranscript(frame, events);
  else if (frame.t === "error") events.problem(new ServerProblem(frame));
  else if (frame.t === "tool_call") events.toolCall({ callId: frame.callId, name: frame.name, arguments: frame.arguments });
  // Who speaks over the agent does not want to hear the rest of its answer.
  else if (frame.t === "interruption" && frame.at !== "assistant") sound.clear();
}

function dispatchTranscript({ role, text, final = false }, events) {
  if (typeof text === "string") events.message({ source: role === "user" ? "user" : "agent", text, isFinal: final });
}

/** The frames a caller sends. */
export const interrupt = () => ({ t: "interrupt" });
export const toolResult = (callId, output) => ({ t: "tool_result", callId, output });
