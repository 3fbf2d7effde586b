import { type OperatorAnswer, operatorAnswer, operatorMessageAnswer } from "../../../shared/protocol/operator.ts";
import { type ApiAnswer, ApiClient } from "./api-client.ts";
import { adminPassword } from "./product.ts";

const basic = `Basic ${Buffer.from(`admin:${adminPassword}`).toString("base64")}`;

/** An operator at one API process: the built-in one, or the one whose key is given. */
export class OperatorClient {
  readonly #client: ApiClient;
  readonly #authorization: string;

  constructor(base: string, key?: string) {
    this.#client = new ApiClient(base);
    this.#authorization = key === undefined ? basic : `Bearer ${key}`;
  }

  get headers(): Record<string, string> {
    return { authorization: this.#authorization };
  }

  /** Sends a request below `/api/operator`, and returns any answer. */
  request(path: string, body?: unknown, headers: Record<string, string> = {}): Promise<ApiAnswer> {
    return this.#client.request(`/api/operator${path}`, {
      ...(body !== undefined && { method: "POST", body }),
      headers: { ...this.headers, ...headers },
    });
  }

  /** @throws if it is refused */
  async change(conversationId: string, what: string, body: unknown = {}): Promise<OperatorAnswer> {
    const { status, text, body: answer } = await this.request(`/conversations/${conversationId}/${what}`, body);
    if (status !== 200) throw new Error(`expected 200, got ${status}: ${text}`);
    return operatorAnswer.parse(answer);
  }

  take(conversationId: string): Promise<OperatorAnswer> {
    return this.change(conversationId, "take");
  }

  /** @throws if it is refused */
  async say(conversationId: string, text: string): Promise<{ cursor: string }> {
    const answer = await this.request(`/conversations/${conversationId}/messages`, { text });
    if (answer.status !== 201) throw new Error(`expected 201, got ${answer.status}: ${answer.text}`);
    return operatorMessageAnswer.parse(answer.body);
  }
}
