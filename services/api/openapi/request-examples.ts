import type { ZodOpenApiMediaTypeObject, ZodOpenApiPathsObject } from "zod-openapi";
import { mapOperations } from "./map-operations.ts";

const id = "0190a7e4-7c1b-7d3e-9f52-0a1b2c3d4e5f";
const password = "correct horse battery staple";
const newPassword = "a longer one, that nobody else has";
const link = "one-time-link-of-a-mail";
const workday = ["09:00-12:30", "13:30-17:30"];

/** A JSON body of each operation that takes one. A test validates them by the schemas that validate requests. */
const requestExamples: Record<string, object> = {
  sendMessage: { message: "Where is my order?", metadata: { page: "/orders" } },
  sendUiMessage: {
    id: "chat-1",
    messages: [{ id: "message-1", role: "user", parts: [{ type: "text", text: "Where is my order?" }] }],
  },
  callMcp: {
    jsonrpc: "2.0",
    id: 1,
    method: "tools/call",
    params: { name: "search_knowledge", arguments: { query: "Can I send a teapot back?" } },
  },
  answerAction: { confirm: true },
  rateReply: { rating: "down", reason: "unclear", comment: "Which of the two addresses?" },
  rateStretch: { rating: "good", comment: "Quick and friendly" },
  saySeen: { messageId: id },
  askForPerson: { reason: "asked", email: "ada@example.com" },
  openByMail: { token: "token-of-the-link" },
  signIn: { email: "mia@example.com", password },
  showSecondFactor: { code: "123456" },
  lookAtLink: { link },
  changePassword: { password, newPassword },
  setUpFactor: { password },
  confirmFactor: { code: "123456" },
  renewBackupCodes: { password },
  removeFactor: { password },
  changeRole: { role: "admin" },
  inviteOperator: { email: "mia@example.com", name: "Mia", role: "operator", by: "mail" },
  setPresence: { state: "online" },
  putCannedReply: { text: "Thank you for your patience." },
  addNote: { text: "The parcel was sent back: see the ticket." },
  markSeen: { messageId: id },
  sayLook: { looks: true },
  takeConversation: { force: false },
  sayAsOperator: { text: "I am looking at your order now." },
  releaseConversation: { to: "ai" },
  assignConversation: { operatorId: id, note: "You know this customer." },
  setHours: {
    zone: "Europe/Berlin",
    week: { mon: workday, tue: workday, wed: workday, thu: workday, fri: ["09:00-15:00"], sat: [], sun: [] },
    dates: { "2026-12-24": [] },
  },
  allowTool: { hash: "pin-of-the-tool-as-the-list-has-it" },
  addSource: { kind: "page", url: "https://example.com/help/returns", refreshHours: 24 },
  addSources: {
    sources: [{ kind: "question", question: "How long may I send things back?", answer: "For 30 days." }],
  },
};

const json = "application/json";

/** Adds its example to each JSON body of a request. */
export function withRequestExamples(paths: ZodOpenApiPathsObject): ZodOpenApiPathsObject {
  return mapOperations(paths, (operation) => {
    const { operationId = "", requestBody } = operation;
    const example = requestExamples[operationId];
    if (requestBody?.content[json] === undefined || example === undefined) return operation;
    const media: ZodOpenApiMediaTypeObject = { ...requestBody.content[json], example };
    return { ...operation, requestBody: { ...requestBody, content: { ...requestBody.content, [json]: media } } };
  });
}
