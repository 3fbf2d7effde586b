import { guard } from "lit/directives/guard.js";
import { html, nothing, type TemplateResult } from "lit/html.js";
import { MarkdownReply } from "../../../shared/markdown/markdown-reply.ts";
import type { MarkdownContext } from "../../../shared/markdown/render-blocks.ts";
import type { MessageView } from "../../../shared/protocol/conversation.ts";
import type { NoteView } from "../../../shared/protocol/operator.ts";
import type { LiveReply } from "../model/live-reply.ts";
import { texts } from "../texts.ts";
import { clockTime, initials } from "./formats.ts";
import { citedSources, withNumbers } from "./reply-sources.ts";

/** A message of the visitor, the assistant, or a person of the team by name. Text of people is never markup. */
export function messageView(message: MessageView, visitor: string, context: MarkdownContext): TemplateResult {
  const { sender, text, timestamp, sources = [] } = message;
  const name = sender === "user" ? visitor : sender === "ai" ? texts.assistant : (message.operator?.name ?? "");
  const isReply = sender === "ai" && message.imported !== true;
  return html`<article class="message" data-by=${sender} aria-label=${name}>
    <header>
      ${sender === "operator" ? html`<span class="face" aria-hidden="true">${initials(name)}</span>` : nothing}
      <span class="name" dir="auto">${name}</span>
      <time datetime=${new Date(timestamp).toISOString()}>${clockTime(timestamp)}</time>
    </header>
    ${
      isReply
        ? html`<div class="text reply">
            ${guard([text, JSON.stringify(sources)], () => new MarkdownReply().render(text, true, withNumbers(context, sources)))}
          </div>`
        : html`<p class="text" dir="auto">${text}</p>`
    }
    ${citedSources(sources)} ${remarks(message)}
  </article>`;
}

/** The assistant's words as they come. */
export function liveView({ text, jobId }: LiveReply, reply: MarkdownReply, context: MarkdownContext): TemplateResult {
  return html`<article
    class="message live"
    data-by="ai"
    aria-label=${texts.assistant}
    aria-busy="true"
    data-job=${jobId}
  >
    <header><span class="name">${texts.assistant}</span></header>
    ${
      text === ""
        ? nothing
        : html`<div class="text reply">${guard([text], () => reply.render(text, false, context))}</div>`
    }
    <p class="dots" role="img" aria-label=${texts.writing}><i></i><i></i><i></i></p>
  </article>`;
}

export function noteView({ operator, text, createdAt }: NoteView): TemplateResult {
  return html`<article class="note" aria-label=${texts.note(operator)}>
    <header>${texts.note(operator)} <time datetime=${createdAt}>${clockTime(createdAt)}</time></header>
    <p class="text" dir="auto">${text}</p>
  </article>`;
}

function remarks({ imported, fallback, finishReason, rating, replaces }: MessageView): TemplateResult | typeof nothing {
  const all = [
    imported && texts.imported,
    fallback && texts.fallback,
    finishReason && texts.finish[finishReason],
    rating && texts.rating[rating],
    replaces && texts.replaces,
  ].filter(Boolean);
  return all.length === 0 ? nothing : html`<p class="remarks">${all.join(" · ")}</p>`;
}
