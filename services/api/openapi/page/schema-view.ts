import { html, type Html } from "../../operators/html.ts";
import { prose } from "./prose.ts";
import { type Schema, schemaOf, type ShownApi } from "./shape.ts";

/** Shows a schema as a list of its fields, each with its allowed values. */
export function schemaView(given: Schema, api: ShownApi): Html {
  const schema = inside(given, api);
  const fields = Object.entries(schema.properties ?? {});
  if (fields.length === 0) {
    const { description } = schemaOf(given, api);
    return html`<p>${typeOf(given, api)}${description !== undefined && html`: ${prose(description)}`}</p>`;
  }
  const required = new Set(schema.required);
  return html`<ul class="fields">
    ${fields.map(([name, field]) => fieldView(name, field, required.has(name), api))}
  </ul>`;
}

function fieldView(name: string, given: Schema, required: boolean, api: ShownApi): Html {
  const { description } = schemaOf(given, api);
  const type = html`<span class="quiet">${typeOf(given, api)}${!required && ", optional"}</span>`;
  const line = html`<code>${name}</code> ${type} ${description !== undefined && prose(description)}`;
  if (inside(given, api).properties === undefined) return html`<li>${line}</li>`;
  return html`<li>
    <details>
      <summary>${line}</summary>
      ${schemaView(given, api)}
    </details>
  </li>`;
}

/** Element type of a list. */
function inside(given: Schema, api: ShownApi): Schema {
  const schema = schemaOf(given, api);
  return schema.items === undefined ? schema : schemaOf(schema.items, api);
}

function typeOf(given: Schema, api: ShownApi): string {
  const schema = schemaOf(given, api);
  if (schema.anyOf) return schema.anyOf.map((each) => typeOf(each, api)).join(" or ");
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
  if (schema.items) return `list of ${typeOf(schema.items, api)}`;
  const type = [schema.type ?? "anything"].flat().join(" or ");
  return schema.format === undefined ? type : `${type} (${schema.format})`;
}
