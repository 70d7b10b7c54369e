// Serves dist/ and mints one session per conversation. The API key stays here; browsers get a single-use token.
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";

const { SPEKO_API_KEY, PORT = "3000", HOST = "127.0.0.1" } = process.env;
const BASE_URL = process.env.SPEKO_BASE_URL ?? "{{base_url}}";
const AGENT_ID = process.env.SPEKO_AGENT_ID ?? "{{agent_id}}";
const PAGES = {
  "/": ["index.html", "text/html; charset=utf-8"],
  "/app.js": ["app.js", "text/javascript"],
  "/style.css": ["style.css", "text/css"],
};

if (!SPEKO_API_KEY) {
  console.error("Set SPEKO_API_KEY, for instance in .env.");
  process.exit(1);
}

async function createSession() {
  const response = await fetch(`${BASE_URL}/v1/sessions`, {
    method: "POST",
    headers: { Authorization: `Bearer ${SPEKO_API_KEY}`, "Content-Type": "application/json" },
    body: JSON.stringify({ agentId: AGENT_ID }),
    signal: AbortSignal.timeout(15_000),
  });
  if (!response.ok) throw new Error(`Speko answered ${response.status}`);
  const { transportUrl, transportToken } = await response.json();
  return { transportUrl, transportToken };
}

function answer(response, status, type, body) {
  response.writeHead(status, { "Content-Type": type, "Cache-Control": "no-store" });
  response.end(body);
}

const server = createServer(async (request, response) => {
  const { pathname } = new URL(request.url, "http://app");
  try {
    // Put your own sign-in in front of this: whoever can post here talks on your account.
    if (pathname === "/api/session" && request.method === "POST") {
      answer(response, 201, "application/json", JSON.stringify(await createSession()));
    } else if (PAGES[pathname] && request.method === "GET") {
      const [name, type] = PAGES[pathname];
      answer(response, 200, type, await readFile(new URL(`dist/${name}`, import.meta.url)));
    } else {
      answer(response, 404, "text/plain", "not found");
    }
  } catch (error) {
    console.error(error.message);
    answer(response, 502, "application/json", JSON.stringify({ error: "The conversation could not start." }));
  }
});

server.listen(Number(PORT), HOST, () => console.log(`http://${HOST}:${server.address().port}`));
