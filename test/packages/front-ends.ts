import { svelteChatFiles, vueChatFiles } from "./door-front-ends.ts";

/** One front end as its document describes it. */
export interface FrontEnd {
  /** Its marked files make the project. */
  readonly document?: string;
  /** From npm's registry. */
  readonly packages: readonly string[];
  /** Files of the project that every template of the framework has. */
  readonly files?: Record<string, string>;
  /** Programs of the project's packages that must succeed before it is built or run, with their arguments. */
  readonly checks?: readonly (readonly [program: string, ...args: string[]])[];
  /** `bundle`: it does not run here. `node`: `main.ts` runs, and prints something. */
  readonly kind: "vite" | "next" | "bundle" | "node";
  /** Parts of its page. */
  readonly use: readonly ("element" | "hook")[];
}

const vite = "vite@8.4.0";
const typescript = "typescript@5.9.3";
const typeCheck = ["typescript/bin/tsc", "-p", "."] as const;

const html = (main: string) =>
  `<!doctype html><html lang="en"><title>Site</title><div id="app"></div><script type="module" src="${main}"></script>`;

const reactFiles = {
  "index.html": html("/src/main.tsx"),
  "src/main.tsx": `
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { Conversation } from "./conversation";
import { Support } from "./support";
const root = createRoot(document.getElementById("app") as HTMLElement);
root.render(<StrictMode><Conversation /><Support /></StrictMode>);
`,
};

const react = { document: "docs/front-ends/react.md", files: reactFiles, checks: [typeCheck], kind: "vite" } as const;

const aiSdk = ["ai@7.0.173", "@ai-sdk/react@4.0.177", "react@19.3.1", "react-dom@19.3.1", "@types/react@19.3.3"];

/** The page of a reader in Vite. */
const aiSdkFiles = {
  "index.html": html("/src/main.tsx"),
  "src/main.tsx": `
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import App from "./App";
createRoot(document.getElementById("app") as HTMLElement).render(<StrictMode><App /></StrictMode>);
`,
};

/** The same in Next. */
const aiSdkNextFiles = {
  "app/page.tsx": '"use client";\nimport App from "../src/App";\nexport default App;\n',
  "app/layout.tsx": `
export default function Layout({ children }: { children: React.ReactNode }) {
  return <html lang="en"><body>{children}</body></html>;
}
`,
};

/** App of React Native that uses the client; its types have no DOM. */
const nativeFiles = {
  "index.tsx": `
import { createClient, type JobProgress, newKey } from "@parley/client";
import { useState } from "react";
import { AppRegistry, Button, Text } from "react-native";

const client = createClient({ server: "https://chat.example.com" });

function App() {
  const [text, setText] = useState("");
  async function ask() {
    const job = await client.submit({ message: "Hello" }, { key: newKey() });
    for await (const progress of client.follow(job)) {
      const shown: JobProgress = progress;
      if (shown.type === "delta") setText((before) => before + shown.text);
      if (shown.type === "reset") setText("");
    }
  }
  return <><Text>{text}</Text><Button title="Ask" onPress={() => void ask()} /></>;
}
AppRegistry.registerComponent("site", () => App);
`,
  "metro.config.cjs": `
const { getDefaultConfig } = require("@react-native/metro-config");
module.exports = getDefaultConfig(__dirname);
`,
  "babel.config.cjs": 'module.exports = { presets: ["module:@react-native/babel-preset"] };',
  "tsconfig.native.json":
    '{ "extends": "@react-native/typescript-config", "compilerOptions": { "types": ["react-native"] }, "include": ["index.tsx"] }',
};

const vueFiles = {
  "index.html": html("/src/main.ts"),
  "src/main.ts": 'import { createApp } from "vue";\nimport App from "./App.vue";\ncreateApp(App).mount("#app");\n',
};

const svelteFiles = {
  "index.html": html("/src/main.ts"),
  "src/main.ts":
    'import { mount } from "svelte";\nimport App from "./App.svelte";\nmount(App, { target: document.body });\n',
  "vite.config.ts": 'import { svelte } from "@sveltejs/vite-plugin-svelte";\nexport default { plugins: [svelte()] };\n',
};

export const frontEnds: Record<string, FrontEnd> = {
  "react-18": {
    ...react,
    packages: ["react@18.3.1", "react-dom@18.3.1", "@types/react@18", "@types/react-dom@18", vite, typescript],
    use: ["element", "hook"],
  },
  "react-19": {
    ...react,
    packages: ["react@19.3.1", "react-dom@19.3.1", "@types/react@19.3.3", "@types/react-dom@19.3.0", vite, typescript],
    use: ["element", "hook"],
  },
  "ai-sdk": {
    document: "docs/doors.md",
    packages: [...aiSdk, "@types/react-dom@19.3.0", vite, typescript],
    files: aiSdkFiles,
    checks: [typeCheck],
    kind: "vite",
    use: ["hook"],
  },
  "ai-sdk-next": {
    document: "docs/doors.md",
    packages: [...aiSdk, "next@16.4.6", "@types/node@24", typescript],
    files: aiSdkNextFiles,
    kind: "next",
    use: ["hook"],
  },
  next: {
    document: "docs/front-ends/next.md",
    packages: ["next@16.4.6", "react@19.3.1", "react-dom@19.3.1", "@types/react@19.3.3", "@types/node@24", typescript],
    kind: "next",
    use: ["element", "hook"],
  },
  vue: {
    document: "docs/front-ends/vue.md",
    packages: ["vue@3.5.45", "@vitejs/plugin-vue@6.0.11", "vue-tsc@3.3.14", vite, typescript],
    files: vueFiles,
    checks: [["vue-tsc/bin/vue-tsc.js", "-p", "."]],
    kind: "vite",
    use: ["element"],
  },
  svelte: {
    document: "docs/front-ends/svelte.md",
    packages: ["svelte@5.57.3", "@sveltejs/vite-plugin-svelte@7.3.1", "svelte-check@4.7.8", vite, typescript],
    files: svelteFiles,
    checks: [["svelte-check/bin/svelte-check", "--fail-on-warnings"]],
    kind: "vite",
    use: ["element"],
  },
  "ai-sdk-vue": {
    packages: [
      "ai@7.0.142",
      "zod@4.6.7",
      "@ai-sdk/vue@4.0.142",
      "vue@3.5.45",
      "@vitejs/plugin-vue@6.0.11",
      "vue-tsc@3.3.14",
      vite,
      typescript,
    ],
    files: { ...vueFiles, ...vueChatFiles },
    checks: [["vue-tsc/bin/vue-tsc.js", "-p", "."]],
    kind: "vite",
    use: ["hook"],
  },
  "ai-sdk-svelte": {
    packages: [
      "ai@7.0.118",
      "zod@4.6.7",
      "@ai-sdk/svelte@5.0.118",
      "svelte@5.57.3",
      "@sveltejs/vite-plugin-svelte@7.3.1",
      "svelte-check@4.7.8",
      vite,
      typescript,
    ],
    files: { ...svelteFiles, ...svelteChatFiles },
    checks: [["svelte-check/bin/svelte-check", "--fail-on-warnings"]],
    kind: "vite",
    use: ["hook"],
  },
  html: {
    packages: [vite],
    files: {
      "index.html":
        '<!doctype html><script src="https://chat.example.com/widget.js" data-assistant="default" async></script>',
    },
    kind: "vite",
    use: ["element"],
  },
  "openapi-fetch": {
    document: "docs/http-api.md",
    packages: ["openapi-fetch@0.17.0", "openapi-typescript@7.13.0", typescript],
    checks: [["openapi-typescript/bin/cli.js", "http://localhost:3000/openapi.json", "-o", "schema.ts"], typeCheck],
    kind: "node",
    use: [],
  },
  "react-native": {
    packages: [
      "react-native@0.88.1",
      "react@19.3.1",
      "@types/react@19.3.3",
      "@react-native/metro-config@0.88.1",
      "@react-native/babel-preset@0.88.1",
      "@react-native/typescript-config@0.87.1",
      "metro@0.87.1",
      typescript,
    ],
    files: nativeFiles,
    checks: [
      ["typescript/bin/tsc", "-p", "tsconfig.native.json"],
      [
        "metro/src/cli.js",
        "build",
        "index.tsx",
        "--config",
        "metro.config.cjs",
        "--platform",
        "ios",
        "--out",
        "app.js",
      ],
    ],
    kind: "bundle",
    use: [],
  },
};
