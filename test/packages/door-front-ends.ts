// Pages over the AI SDK's packages for Vue and Svelte, with the transport.

const transport = `
import { ParleyTransport } from "@parley/react/ai-sdk";

const id = "support";
const transport = new ParleyTransport({ url: "https://chat.example.com", chatId: id });
const chat = new Chat({ id, transport, generateId: () => crypto.randomUUID() });
const shown = (parts: readonly { type: string; text?: string }[]) => parts.map(({ text = "" }) => text).join("");
`;

export const vueChatFiles = {
  "src/App.vue": `
<script setup lang="ts">
import { Chat } from "@ai-sdk/vue";
${transport}
</script>

<template>
  <main>
    <li v-for="{ id, role, parts } in chat.messages" :key="id" :class="role === 'user' ? role : 'ai'" :aria-busy="chat.status !== 'ready'">
      {{ shown(parts) }}
    </li>
    <button @click="chat.sendMessage({ text: 'Where is my order?' })">Send</button>
  </main>
</template>
`,
  "vite.config.ts": 'import vue from "@vitejs/plugin-vue";\nexport default { plugins: [vue()] };\n',
};

export const svelteChatFiles = {
  "src/App.svelte": `
<script lang="ts">
import { Chat } from "@ai-sdk/svelte";
${transport}
</script>

<main>
  {#each chat.messages as { id, role, parts } (id)}
    <li class={role === "user" ? role : "ai"} aria-busy={chat.status !== "ready"}>{shown(parts)}</li>
  {/each}
  <button onclick={() => chat.sendMessage({ text: "Where is my order?" })}>Send</button>
</main>
`,
};
