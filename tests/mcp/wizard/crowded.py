"""Configuration files as people have them. Between « and » is what connecting with a key adds, to the byte."""

from dataclasses import dataclass

KEY = "sk_live_0123456789abcdef"
URL = "http://127.0.0.1:8484/mcp"


@dataclass(frozen=True)
class Case:
    """One client's file of a person on Linux, below the home folder."""

    client: str
    path: str
    text: str

    @property
    def before(self) -> str:
        """The file without our entry."""
        kept = self.text.split("«")
        return kept[0] + "".join(piece.partition("»")[2] for piece in kept[1:])

    @property
    def after(self) -> str:
        """The file with it."""
        return self.text.replace("«", "").replace("»", "").replace("KEY", KEY).replace("URL", URL)


CROWDED = (
    Case(
        "claude-code",
        ".claude.json",
        """{
  "numStartups": 12,
  "mcpServers": {
    "github": {
      "type": "stdio",
      "command": "gh-mcp",
      "env": {"GITHUB_TOKEN": "ghp_of_somebody"}
    }«,
    "speko": {
      "type": "http",
      "url": "URL",
      "headers": {
        "Authorization": "Bearer KEY"
      }
    }»
  },
  "projects": {"/src": {"mcpServers": {"speko": {"type": "http", "url": "https://elsewhere.example"}}}}
}
""",
    ),
    Case(
        "codex",
        ".codex/config.toml",
        """# my settings
model = "o5"   # fast

[mcp_servers.docs] # the wiki
command = "wiki"
args = [
  "--all", # everything
]

[tui]
notes = \"\"\"
[mcp_servers.speko]
\"\"\"
«
[mcp_servers.speko]
url = "URL"
http_headers = {Authorization = "Bearer KEY"}
»""",
    ),
    Case(
        "opencode",
        ".config/opencode/opencode.jsonc",
        """// shared with my team
{
    "$schema": "https://opencode.ai/config.json",
    "theme": "dark", // easy on the eyes
    /* servers */
    "mcp": {
        "local": { "type": "local", "command": ["x"], },«
        "speko": {
            "type": "remote",
            "url": "URL",
            "oauth": false,
            "headers": {
                "Authorization": "Bearer KEY"
            },
            "enabled": true
        },»
    },
}
""",
    ),
    Case(
        "cursor",
        ".cursor/mcp.json",
        '{"mcpServers": {"a": {"url": "https://a.example"}«, "speko": {"url": "URL", '
        '"headers": {"Authorization": "Bearer KEY"}}»}}',
    ),
    Case(
        "vscode",
        ".config/Code/User/mcp.json",
        """{
\t// what I use
\t"inputs": [],
\t"servers": {
\t\t"a": { "command": "a" }«,» // first«
\t\t"speko": {
\t\t\t"type": "http",
\t\t\t"url": "URL",
\t\t\t"headers": {
\t\t\t\t"Authorization": "Bearer KEY"
\t\t\t}
\t\t}»
\t}
}
""",
    ),
    Case(
        "windsurf",
        ".codeium/windsurf/mcp_config.json",
        """{
  "mcpServers": {«
    "speko": {
      "serverUrl": "URL",
      "headers": {
        "Authorization": "Bearer KEY"
      }
    }
  »}
}
""",
    ),
    Case(
        "gemini-cli",
        ".gemini/settings.json",
        """{
  "selectedAuthType": "oauth-personal"«,
  "mcpServers": {
    "speko": {
      "type": "http",
      "url": "URL",
      "headers": {
        "Authorization": "Bearer KEY"
      }
    }
  }»
}""",
    ),
    Case(
        "cline",
        ".config/Code/User/globalStorage/saoudrizwan.claude-dev/settings/cline_mcp_settings.json",
        """{\r
  "mcpServers": {\r
    "other": {"url": "https://o.example", "type": "streamableHttp"}«,\r
    "speko": {\r
      "type": "streamableHttp",\r
      "url": "URL",\r
      "headers": {\r
        "Authorization": "Bearer KEY"\r
      },\r
      "disabled": false\r
    }»\r
  }\r
}\r
""",
    ),
    Case(
        "zed",
        ".config/zed/settings.json",
        """// Zed settings
//
{
  "vim_mode": true,
  "context_servers": { /* none yet */«
    "speko": {
      "source": "custom",
      "type": "http",
      "url": "URL",
      "headers": {
        "Authorization": "Bearer KEY"
      }
    }
  »},
  "buffer_font_size": 15, // larger
}
""",
    ),
    Case(
        "claude-desktop",
        ".config/Claude/claude_desktop_config.json",
        """\ufeff{
  "mcpServers": {
    "files": {
      "command": "npx"
    }«,
    "speko": {
      "command": "npx",
      "args": [
        "-y",
        "mcp-remote",
        "URL",
        "--allow-http",
        "--header",
        "Authorization:${SPEKO_AUTHORIZATION}"
      ],
      "env": {
        "SPEKO_AUTHORIZATION": "Bearer KEY"
      }
    }»
  }
}
""",
    ),
    Case(
        "goose",
        ".config/goose/config.yaml",
        """# goose
extensions:
  developer: # built in
    enabled: true
    type: builtin
«  speko:
    type: streamable_http
    uri: "URL"
    headers:
      Authorization: "Bearer KEY"
    enabled: true
    name: speko
    description: "Voice agents"
    timeout: 300
»
# which model
GOOSE_MODEL: gpt-9
""",
    ),
)
