import { html, type Html } from "../../operators/html.ts";
import { prose } from "./prose.ts";
import { schemaView } from "./schema-view.ts";
import { type Content, type Operation, type Parameter, responseOf, type ShownApi } from "./shape.ts";

/** Each security scheme of the description: the credential it needs, and its curl option. */
const credentials: Record<string, { what: string; curl: string }> = {
  conversationToken: { what: "a conversation's token", curl: `-H "Authorization: Bearer $TOKEN"` },
  conversationTokenInQuery: { what: "that token as ?access_token=", curl: "" },
  visitorIdentity: { what: "a visitor's identity", curl: `-H "X-Parley-Identity: $IDENTITY"` },
  operatorSession: { what: "the cookie of an operator's session", curl: `-b "parley_session=$SESSION"` },
  operatorKey: { what: "an operator's key", curl: `-H "Authorization: Bearer $KEY"` },
  operator: { what: "an operator's name and password", curl: `-u "$ADMIN_USER:$ADMIN_PASSWORD"` },
  metricsToken: { what: "the metrics token", curl: `-H "Authorization: Bearer $METRICS_TOKEN"` },
};

export function operationView(operation: Operation, api: ShownApi): Html {
  const { operationId, method, path, summary, description, parameters, requestBody, responses } = operation;
  return html`<section id="${operationId}">
    <h2>${method.toUpperCase()} ${path}</h2>
    <p>${summary}</p>
    ${description !== "" && html`<p>${prose(description)}</p>`}
    <p class="quiet">${describeSecurity(operation)}</p>
    ${parameters.length > 0 && parametersView(parameters)}
    ${
      requestBody &&
      html`<h3>Body</h3>
        ${contentView(requestBody.content, api)}`
    }
    <h3>Answers</h3>
    ${Object.entries(responses).map(([status, given]) => {
      const { description: meaning, headers, content } = responseOf(given, api);
      return html`<details>
        <summary><code>${status}</code> ${prose(meaning)}</summary>
        <p class="quiet">Headers: ${Object.keys(headers).join(", ")}</p>
        ${contentView(content, api)}
      </details>`;
    })}
    <h3>Try it</h3>
    <pre>${toCurl(operation)}</pre>
  </section>`;
}

function describeSecurity({ security }: Operation): string {
  const ways = security.map((way) => credentials[Object.keys(way)[0] ?? ""]?.what ?? "no credentials");
  return `Needs ${ways.length === 0 ? "no credentials" : ways.join(", or ")}.`;
}

function parametersView(parameters: readonly Parameter[]): Html {
  return html`<h3>Parameters</h3>
    <table>
      <tbody>
        ${parameters.map((parameter) => {
          const { name, in: place, required, description } = parameter;
          return html`<tr>
            <td><code>${name}</code> <span class="quiet">${place}</span></td>
            <td>${required && "Required. "}${prose(description)} ${limitsOf(parameter)}</td>
          </tr>`;
        })}
      </tbody>
    </table>`;
}

function limitsOf({ schema: { default: byDefault, minimum, maximum } }: Parameter): string {
  const range = minimum === undefined || maximum === undefined ? "" : `${minimum} to ${maximum}`;
  const usual = byDefault === undefined ? "" : `${JSON.stringify(byDefault)} by default`;
  return [range, usual].filter((said) => said !== "").join("; ");
}

function contentView(content: Content, api: ShownApi): Html[] {
  return Object.entries(content).map(([type, { schema }]) => {
    return html`<div><code class="quiet">${type}</code>${schemaView(schema, api)}</div>`;
  });
}

/** Command for a shell in which the words in capitals are set as variables. */
function toCurl({ method, path, security, requestBody }: Operation): string {
  const [way = ""] = Object.keys(security[0] ?? {});
  const words = [
    "curl -sS",
    method === "get" ? "" : `-X ${method.toUpperCase()}`,
    `"$API${path.replaceAll(/\{(\w+)\}/g, (_, name: string) => `$${name.toUpperCase()}`)}"`,
    credentials[way]?.curl ?? "",
    requestBody
      ? `-H 'Content-Type: application/json' -d '${JSON.stringify(requestBody.content["application/json"]?.example)}'`
      : "",
  ];
  return words.filter((word) => word !== "").join(" ");
}
