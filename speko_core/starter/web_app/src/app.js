// One conversation over Speko's embedded media socket. With another transport the talk page of the server takes over.
const $ = (id) => document.getElementById(id);
const lines = new Map();
let stop = null;

function say(text) {
  $("state").textContent = text;
}

function write({ source, segmentId, text }) {
  const key = `${source}/${segmentId}`;
  if (!lines.has(key)) {
    const line = document.createElement("li");
    line.className = source;
    lines.set(key, $("transcript").appendChild(line));
  }
  lines.get(key).textContent = text;
}

async function openSound(ready, socket) {
  const context = new AudioContext();
  await context.audioWorklet.addModule("audio-worklet.js?v=VERSION");
  const speaker = new AudioWorkletNode(context, "playback", {
    numberOfInputs: 0,
    outputChannelCount: [1],
    processorOptions: { rate: ready.outputSampleRate },
  });
  speaker.connect(context.destination);
  const stream = await navigator.mediaDevices.getUserMedia({ audio: { echoCancellation: true, noiseSuppression: true } });
  const microphone = new AudioWorkletNode(context, "capture", {
    numberOfOutputs: 0,
    processorOptions: { rate: ready.inputSampleRate },
  });
  microphone.port.onmessage = ({ data }) => socket.readyState === WebSocket.OPEN && socket.send(data);
  context.createMediaStreamSource(stream).connect(microphone);
  const close = () => {
    for (const track of stream.getTracks()) track.stop();
    return context.close();
  };
  return { play: (pcm) => speaker.port.postMessage(pcm, [pcm]), clear: () => speaker.port.postMessage("clear"), close };
}

async function talk() {
  say("Connecting…");
  const response = await fetch("/api/session", { method: "POST" });
  if (!response.ok) throw new Error("The conversation could not start.");
  const session = await response.json();
  if (!new URL(session.transportUrl).pathname.endsWith("/media")) {
    window.location.assign(session.talkUrl);
    return;
  }
  const socket = new WebSocket(session.transportUrl, ["speko.media.v1", session.transportToken]);
  socket.binaryType = "arraybuffer";
  let sound = null;
  const frames = {
    ready: async (frame) => {
      $("text").disabled = false;
      say("Listening…");
      sound = await openSound(frame, socket).catch(() => null);
      if (!sound) say("No microphone; you can type.");
    },
    state: ({ agent }) => say(agent === "listening" ? "Listening…" : agent === "thinking" ? "Thinking…" : "Speaking…"),
    transcript: write,
    clear: () => sound?.clear(),
    error: ({ message }) => say(message),
  };
  socket.onmessage = ({ data }) => {
    if (typeof data !== "string") sound?.play(data);
    else {
      const frame = JSON.parse(data);
      frames[frame.type]?.(frame);
    }
  };
  stop = () => socket.send(JSON.stringify({ type: "end" }));
  $("typed").onsubmit = (event) => {
    event.preventDefault();
    if ($("text").value) socket.send(JSON.stringify({ type: "user_message", text: $("text").value }));
    $("text").value = "";
  };
  socket.onclose = async () => {
    stop = null;
    $("text").disabled = true;
    $("talk").textContent = "Talk";
    say("The conversation is over.");
    await sound?.close();
  };
  $("talk").textContent = "Hang up";
}

$("talk").onclick = () => (stop ? stop() : talk().catch((error) => say(error.message)));
