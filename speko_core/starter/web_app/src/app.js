// One conversation with the agent. The client comes from the Speko server and speaks every transport it has.
import { VoiceConversation } from "{{base_url}}/client/speko-client.js";

const $ = (id) => document.getElementById(id);
const STATES = { listening: "Listening…", thinking: "Thinking…", speaking: "Speaking…", away: "Waiting for the agent…" };
let conversation = null;

function say(text) {
  $("state").textContent = text;
}

/** Replaces the text of a segment that is still growing; what has no segment gets a line of its own. */
function transcript() {
  const lines = new Map();
  return ({ source, segmentId = crypto.randomUUID(), text }) => {
    const key = `${source}/${segmentId}`;
    if (!lines.has(key)) {
      const line = document.createElement("li");
      line.className = source;
      lines.set(key, $("transcript").appendChild(line));
    }
    lines.get(key).textContent = text;
  };
}

function over(text) {
  conversation = null;
  $("text").disabled = true;
  $("talk").textContent = "Talk";
  say(text);
}

async function join(microphone) {
  const response = await fetch("/api/session", { method: "POST" });
  if (!response.ok) throw new Error("The conversation could not start.");
  return VoiceConversation.create({
    ...(await response.json()),
    microphone,
    onMessage: transcript(),
    onAgentState: (state) => say(STATES[state] ?? ""),
    onError: (error) => say(error.message),
    onDisconnect: () => over("The conversation is over."),
  });
}

async function talk() {
  say("Connecting…");
  try {
    conversation = await join(true);
  } catch (error) {
    if (error.code !== "MICROPHONE_FAILED") throw error;
    conversation = await join(false);
    say("No microphone; you can type.");
  }
  $("text").disabled = false;
  $("talk").textContent = "Hang up";
}

$("talk").onclick = () => (conversation ? conversation.endSession() : talk().catch((error) => over(error.message)));

$("typed").onsubmit = (event) => {
  event.preventDefault();
  if ($("text").value) conversation?.sendUserMessage($("text").value);
  $("text").value = "";
};
