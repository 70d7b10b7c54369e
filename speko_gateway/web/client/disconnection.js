// Why a conversation is over, in the five words callers branch on.

const END_REASONS = new Set(["user", "agent", "timeout", "error"]);
const CLOSE_REASONS = { 1000: "agent", 1011: "error", 4408: "timeout", 4502: "error" };
const LIVEKIT_REASONS = {
  CLIENT_INITIATED: "user",
  PARTICIPANT_REMOVED: "agent",
  ROOM_DELETED: "agent",
  ROOM_CLOSED: "agent",
  JOIN_FAILURE: "error",
};

/** The end of a socket: the server's `end` frame says most, then who closed it, then the close code. */
export function ofSocket({ closeCode, endReason, byCaller }) {
  const message = endReason ?? `CLOSE_${closeCode}`;
  return { reason: socketReason(closeCode, endReason, byCaller), message, closeCode };
}

function socketReason(closeCode, endReason, byCaller) {
  if (endReason !== null) return END_REASONS.has(endReason) ? endReason : "unknown";
  if (byCaller) return "user";
  return CLOSE_REASONS[closeCode] ?? "unknown";
}

/**
 * The end of a LiveKit room. `reason` is a number of `DisconnectReason`, which names it. The server removes the room
 * whatever ended the call, so the agent's last word tells a timeout and a failure from a good-bye.
 */
export function ofRoom(reason, endReason, DisconnectReason) {
  const message = reason === undefined ? undefined : DisconnectReason[reason];
  const mapped = LIVEKIT_REASONS[message] ?? "unknown";
  const told = mapped === "agent" && (endReason === "timeout" || endReason === "error") ? endReason : mapped;
  return { reason: told, ...(message === undefined ? {} : { message }) };
}
