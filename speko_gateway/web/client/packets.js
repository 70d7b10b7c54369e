// What agent and caller tell each other beside the sound: the same JSON on LiveKit's data channel and on the embedded
// socket. Unknown and malformed packets are no errors: rooms carry other people's data, too.

import { ServerProblem } from "./errors.js";

const DECODER = new TextDecoder();

/** The packet in `data` (text or UTF-8 bytes), or null where it is not a JSON object with a `type`. */
export function parsePacket(data) {
  try {
    const packet = JSON.parse(typeof data === "string" ? data : DECODER.decode(data));
    return packet !== null && typeof packet === "object" && typeof packet.type === "string" ? packet : null;
  } catch {
    return null;
  }
}

/** The conversation message in a packet, or null where it carries none. */
export function messageOf(packet) {
  const source = sourceOf(packet);
  if (source === null || typeof packet.text !== "string") return null;
  const isFinal = packet.type === "user_message_echo" || (packet.isFinal ?? true);
  const segment = typeof packet.segmentId === "string" ? { segmentId: packet.segmentId } : {};
  return { source, text: packet.text, isFinal, ...segment };
}

function sourceOf({ type, source }) {
  if (type === "agent_message") return "agent";
  if (type === "user_message_echo") return "user";
  return type === "transcript" && (source === "user" || source === "agent") ? source : null;
}

/** Tell the events of a conversation what an inbound packet means. */
export function dispatchPacket(packet, events) {
  const message = messageOf(packet);
  if (message) events.message(message);
  else if (packet.type === "state") events.agentState(packet.agent);
  else if (packet.type === "turn") events.turn(packet);
  else if (packet.type === "error") events.problem(new ServerProblem(packet));
}

/** The packets a caller sends. */
export const userMessage = (text) => ({ type: "user_message", text });
export const contextualUpdate = (text) => ({ type: "contextual_update", text });
export const overridesPacket = (overrides) => ({ type: "overrides", overrides });
