// What happened and what to do next, in words, for every way a conversation can fail or end.

const AGAIN = { label: "Start another conversation", href: "/talk" };

const AUDIO_PROBLEMS = {
  insecure: ["Sound needs a secure page", "Browsers give the microphone only to https pages and to localhost. Open this page over https, or type instead."],
  unsupported: ["This browser cannot play the agent", "Use a current Chrome, Edge, Firefox or Safari, or type instead."],
  denied: ["The microphone is blocked", "Allow the microphone for this page in the address bar, then press Try again. You can also type."],
  missing: ["No microphone found", "Connect a microphone, then press Try again. You can also type."],
  busy: ["The microphone is in use", "Close the other program that uses it, then press Try again. You can also type."],
};

const END_REASONS = {
  user: ["You hung up", "The transcript is saved with the session."],
  agent: ["The agent ended the conversation", "The transcript is saved with the session."],
  timeout: ["Time is up", "This session has reached its longest duration. The transcript is saved."],
  drain: ["The server is restarting", "The transcript so far is saved. Start again in a moment."],
  error: ["The conversation stopped", "Something failed on the server. The transcript so far is saved."],
};

const CLOSE_CODES = {
  1001: END_REASONS.drain,
  1011: ["No voice worker is available", "The worker was lost or none is running. Run “speko doctor” on the server, then start again."],
  4401: ["This link has expired", "The token in the link is not valid any more. Start another conversation."],
  4404: ["There is no such session", "The link is incomplete or the session was deleted."],
  4408: END_REASONS.timeout,
  4409: ["This link was already used", "A talk link opens one conversation, once. Start another one."],
};

/** The notice for an `AudioProblem`. */
export function audioNotice(kind) {
  const [title, text] = AUDIO_PROBLEMS[kind] ?? AUDIO_PROBLEMS.unsupported;
  return { tone: "warning", title, text, action: null };
}

/** The notice for a page opened without a token: reloaded, or copied without its fragment. */
export function missingTokenNotice() {
  return {
    tone: "warning",
    title: "This page has no talk link",
    text: "The link carries its key after the # sign and works once. After a reload it is gone.",
    action: AGAIN,
  };
}

/** The notice for a connection that is over. */
export function closedNotice({ code, endReason, failure, wasReady }) {
  if (endReason) return notice(endReason === "error" ? "danger" : "info", END_REASONS[endReason] ?? END_REASONS.error, failure);
  if (CLOSE_CODES[code]) return notice("warning", CLOSE_CODES[code], failure);
  if (wasReady && code === 1000) return notice("info", END_REASONS.user, failure);
  if (wasReady) return notice("danger", ["The connection was lost", "Check the network. The transcript so far is saved."], failure);
  return notice("danger", ["No connection to the server", "It may be restarting, or the link belongs to another address."], failure);
}

function notice(tone, [title, text], failure) {
  return { tone, title, text: failure?.message ? `${failure.message} ${text}` : text, action: AGAIN };
}
