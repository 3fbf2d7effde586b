import { z } from "zod";
import type { ZodOpenApiOperationObject, ZodOpenApiPathsObject } from "zod-openapi";
import { openByMailRequest, openedByMail } from "../../../shared/protocol/people/mail.ts";
import * as part from "./parts.ts";

/** Paths behind the links in mails. */
export function mailPaths(): ZodOpenApiPathsObject {
  return {
    "/api/mail/open": { post: openByMail },
    "/mail/open": { get: showPage("showMailOpen", "The page that offers to open a conversation") },
    "/mail/stop": { get: showPage("showMailStop", "The page that offers to stop mails"), post: stopMails },
  };
}

const token = z.string().optional().meta({ description: "The link's token" });
const requestParams = { query: z.object({ t: token }) };

const openByMail: ZodOpenApiOperationObject = {
  operationId: "openByMail",
  tags: ["Conversations"],
  summary: "Open the conversation that a link in a mail names",
  description: "For the click on the page at `/mail/open`. The link is valid for seven days, in any browser.",
  security: part.open,
  requestBody: { required: true, content: { "application/json": { schema: openByMailRequest } } },
  responses: {
    "200": part.json("The conversation, and its token", openedByMail),
    ...part.problems(
      "invalid-request",
      ...part.bodyProblems,
      "forbidden",
      "link-ended",
      "rate-limited",
      "internal",
      "unavailable",
    ),
  },
};

const stopMails: ZodOpenApiOperationObject = {
  operationId: "stopMails",
  tags: ["Pages"],
  summary: "Stop mails to an address",
  description: "By the page's form, or by a mail reader's own button (RFC 8058). The body is not read.",
  security: part.open,
  requestParams,
  responses: {
    "200": part.page("They are stopped"),
    "403": part.page("The link is not complete"),
    ...part.problems("rate-limited", "internal", "unavailable"),
  },
};

function showPage(operationId: string, summary: string): ZodOpenApiOperationObject {
  return {
    operationId,
    tags: ["Pages"],
    summary,
    description: "The same for every token: only the click sends it.",
    security: part.open,
    requestParams,
    responses: { "200": part.page("The page"), ...part.problems("not-found") },
  };
}
