// What happened and what to do next, in words, for every way a conversation can fail or end.

const AGAIN = { label: "Start another conversation", href: "/talk" };

// By the name of the browser's own error.
const AUDIO_PROBLEMS = {
  SecurityError: ["Sound needs a secure page", "Browsers give the microphone only to https pages and to localhost. Open this page over https, or type instead."],
  NotSupportedError: ["This browser cannot play the agent", "Use a current Chrome, Edge, Firefox or Safari, or type instead."],
  NotAllowedError: ["The microphone is blocked", "Allow the microphone for this page in the address bar, then press Try again. You can also type."],
  NotFoundError: ["No microphone found", "Connect a microphone, then press Try again. You can also type."],
  OverconstrainedError: ["That microphone is not there any more", "Choose another one, then press Try again. You can also type."],
  NotReadableError: ["The microphone is in use", "Close the other program that uses it, then press Try again. You can also type."],
};

const END_REASONS = {
  user: ["You hung up", "The transcript is saved with the session."],
  agent: ["The agent ended the conversation", "The transcript is saved with the session."],
  timeout: ["Time is up", "This session has reached its longest duration. The transcript is saved."],
  drain: ["The server is restarting", "The transcript so far is saved. Start again in a moment."],
  error: ["The conversation stopped", "Something failed on the server. The transcript so far is saved."],
};

const LOST = ["The connection was lost", "Check the network. The transcript so far is saved."];
const UNREACHABLE = ["No connection to the server", "It may be restarting, or the link belongs to another address."];
const NO_LIBRARY = ["This page cannot join the room", "LiveKit’s browser library is not installed on the server. The server’s documentation says how: docs/browser.md."];

const CLOSE_CODES = {
  1001: END_REASONS.drain,
  1011: ["No voice worker is available", "The worker was lost or none is running. Run “speko doctor” on the server, then start again."],
  4401: ["This link has expired", "The token in the link is not valid any more. Start another conversation."],
  4402: ["There is no credit left", "The organization of this agent has to add credit before it can talk."],
  4404: ["There is no such session", "The link is incomplete or the session was deleted."],
  4408: END_REASONS.timeout,
  4409: ["This link was already used", "A talk link opens one conversation, once. Start another one."],
  4502: ["The provider did not answer", "The speech model could not be reached. Start again in a moment."],
};

/** The notice for a microphone that cannot be had; `cause` is the browser's own error. */
export function audioNotice(cause) {
  const [title, text] = AUDIO_PROBLEMS[cause?.name] ?? AUDIO_PROBLEMS.NotReadableError;
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

/** The notice for a `SpekoClientError` of a conversation that never began. */
export function failedNotice({ cause }) {
  // A LiveKit server answers an expired token with a status of HTTP.
  const code = cause?.status === 401 ? 4401 : cause?.closeCode;
  if (CLOSE_CODES[code]) return notice("warning", CLOSE_CODES[code], cause.problem?.message);
  return notice("danger", cause instanceof TypeError ? NO_LIBRARY : UNREACHABLE);
}

/** The notice for a conversation that is over; `problem` is what the server last said of a failure. */
export function disconnectedNotice({ reason, message, closeCode }, problem) {
  if (message === "drain") return notice("info", END_REASONS.drain);
  if (message?.startsWith("CLOSE_") && CLOSE_CODES[closeCode]) return notice("warning", CLOSE_CODES[closeCode], problem);
  if (reason === "unknown") return notice("danger", LOST);
  return notice(reason === "error" ? "danger" : "info", END_REASONS[reason], reason === "error" ? problem : null);
}

function notice(tone, [title, text], problem = null) {
  return { tone, title, text: problem ? `${problem} ${text}` : text, action: AGAIN };
}
